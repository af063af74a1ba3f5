from playwright.sync_api import expect

from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard import DashboardPage
from tests.browser.stack import NewcomerStack


def test_a_key_opens_the_overview_and_survives_a_reload(dashboard: DashboardPage) -> None:
    dashboard.page.reload()

    expect(dashboard.heading("Overview")).to_be_visible()
    expect(dashboard.page).to_have_title("Overview · Signalbox")


def test_a_wrong_key_is_refused_in_plain_words(open_dashboard: OpenDashboard) -> None:
    page = open_dashboard()
    page.visit()

    page.enter("sbx_test_wrong")

    expect(page.page.get_by_role("alert")).to_contain_text("This key is not valid")
    expect(page.page.get_by_label("API key")).to_be_focused()


def test_no_script_can_read_the_session(dashboard: DashboardPage) -> None:
    stored = dashboard.page.evaluate(
        "() => [document.cookie, JSON.stringify(localStorage), JSON.stringify(sessionStorage)]"
    )

    assert stored == ["", "{}", "{}"]
    (cookie,) = dashboard.page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


def test_logging_out_ends_the_session_on_the_server_too(
    dashboard: DashboardPage, open_dashboard: OpenDashboard
) -> None:
    state = dashboard.page.context.storage_state()

    dashboard.page.get_by_role("button", name="Log out").click()

    expect(dashboard.page.get_by_label("API key")).to_be_visible()
    other = open_dashboard(storage_state=state)
    other.visit()
    expect(other.page.get_by_label("API key")).to_be_visible()


def test_a_person_logs_out_everywhere(open_dashboard: OpenDashboard, stack: NewcomerStack) -> None:
    key = stack.create_key("viewer")["key"]
    here, elsewhere, other = open_dashboard(), open_dashboard(), open_dashboard()
    for page in (here, elsewhere):
        page.log_in(key)
    other.log_in()
    here.open("/session", "This session")

    here.page.get_by_role("button", name="Log out everywhere …").click()
    here.page.get_by_role("dialog").get_by_role("button", name="Log out everywhere").click()

    expect(here.page.get_by_label("API key")).to_be_visible()
    elsewhere.open("/deliveries")
    expect(elsewhere.page.get_by_text("Your session has ended")).to_be_visible()
    other.open("/deliveries", "Deliveries")
    here.log_in(key)


def test_a_revoked_key_ends_the_session_and_says_so(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    key = stack.create_key("viewer")
    page = open_dashboard()
    page.log_in(key["key"])

    stack.call("DELETE", f"keys/{key['id']}")
    page.open("/deliveries")

    expect(page.page.get_by_text("Your session has ended")).to_be_visible()


def test_a_viewer_sees_everything_and_can_change_nothing(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    task = stack.create_task("Look but do not touch")
    page = open_dashboard()
    page.log_in(stack.create_key("viewer")["key"])

    page.open(f"/tasks/{task}", "Look but do not touch")

    expect(page.page.get_by_role("navigation", name="Pages")).to_contain_text("Deliveries")
    expect(page.page.get_by_role("button", name="Cancel …")).to_have_count(0)
    expect(page.page.get_by_label("Priority")).to_have_count(0)


def test_pages_without_permission_are_neither_linked_nor_shown(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    page = open_dashboard()
    page.log_in(stack.create_key(scopes=("tasks:read",))["key"])

    page.page.goto(f"{stack.url}/#/deliveries")

    expect(page.page.get_by_role("main")).to_contain_text("deliveries:read")
    expect(page.page.get_by_role("navigation", name="Pages")).not_to_contain_text("Deliveries")
