import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard import HTML, SCHEMES, WIDTHS, DashboardPage
from tests.browser.stack import NewcomerStack

KEY = re.compile(r"sbx_test_\w{40,}")


def row_of(dashboard: DashboardPage, name: str) -> Locator:
    header = dashboard.page.get_by_role("rowheader", name=name)
    return dashboard.page.get_by_role("row").filter(has=header).first


def choose(dashboard: DashboardPage, *labels: str) -> None:
    for label in labels:
        dashboard.page.get_by_role("dialog").get_by_label(label, exact=True).check()


def create_key(dashboard: DashboardPage, name: str, *roles: str) -> str:
    """Create a key on the page and return its text."""
    dashboard.open("/keys", "Keys")
    dashboard.page.get_by_role("button", name="Create a key …").click()
    dashboard.page.get_by_role("dialog").get_by_label("Name").fill(name)
    choose(dashboard, *roles)
    dashboard.confirm("Create the key")
    return str(dashboard.page.locator(".secret code").inner_text())


def test_a_new_key_is_shown_once_and_works(
    dashboard: DashboardPage, open_dashboard: OpenDashboard
) -> None:
    key = create_key(dashboard, "ana", "viewer")
    other = open_dashboard()
    other.log_in(key)

    dashboard.page.reload()
    dashboard.settle()

    expect(row_of(dashboard, "ana")).to_contain_text("viewer")
    expect(dashboard.page.get_by_text(KEY)).to_have_count(0)
    expect(other.page.get_by_role("link", name="Keys")).to_have_count(0)


def test_a_key_is_copied(open_dashboard: OpenDashboard) -> None:
    page = open_dashboard(permissions=["clipboard-read", "clipboard-write"])
    page.log_in()
    key = create_key(page, "copied", "viewer")

    page.page.get_by_role("button", name="Copy API key").click()

    assert page.page.evaluate("navigator.clipboard.readText()") == key


def test_a_repeated_request_creates_one_key(dashboard: DashboardPage, stack: NewcomerStack) -> None:
    before = len(stack.call("GET", "keys")["items"])
    dashboard.open("/keys", "Keys")
    dashboard.page.route(
        "**/api/v1/keys",
        lambda route: (route.fetch(), route.abort()) if route.request.method == "POST" else None,
        times=1,
    )
    dashboard.page.get_by_role("button", name="Create a key …").click()
    dashboard.page.get_by_role("dialog").get_by_label("Name").fill("once")
    choose(dashboard, "worker")
    create = dashboard.page.get_by_role("button", name="Create the key", exact=True)
    create.click()
    expect(dashboard.page.get_by_role("alert")).to_contain_text("Signalbox does not answer")

    create.click()

    expect(dashboard.page.get_by_role("alert")).to_contain_text("not possible")
    assert len(stack.call("GET", "keys")["items"]) == before + 1


def test_a_key_is_renamed_and_revoked(dashboard: DashboardPage, stack: NewcomerStack) -> None:
    created = stack.create_key("viewer")
    dashboard.open("/keys?status=active", "Keys")
    row = dashboard.row(created["id"])

    row.get_by_role("button", name="Change").click()
    dashboard.page.get_by_role("dialog").get_by_label("Name").fill("renamed")
    dashboard.page.get_by_role("dialog").get_by_label("Expires").select_option("in 30 days")
    dashboard.confirm("Change the key")
    expect(row).to_contain_text("renamed")
    expect(row).to_contain_text("in 29 days")
    row.get_by_role("button", name="Revoke").click()
    dashboard.confirm("Revoke the key")

    expect(row).to_have_count(0)
    assert stack.call("GET", f"keys/{created['id']}")["status"] == "revoked"


def test_the_sessions_of_a_key_are_ended_and_the_key_stays(
    dashboard: DashboardPage, open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    created = stack.create_key("viewer")
    other = open_dashboard()
    other.log_in(created["key"])
    dashboard.open("/keys?status=active", "Keys")
    row = dashboard.row(created["id"])

    row.get_by_role("button", name="End sessions").click()
    expect(dashboard.page.get_by_role("dialog")).to_contain_text("Sessions: 1")
    dashboard.confirm("End the sessions")

    expect(dashboard.page.get_by_role("status").last).to_contain_text("Sessions ended: 1")
    other.open("/deliveries")
    expect(other.page.get_by_text("Your session has ended")).to_be_visible()
    other.enter(created["key"])
    expect(other.heading("Deliveries")).to_be_visible()
    row.get_by_role("button", name="End sessions").click()
    dashboard.confirm("End the sessions")
    row.get_by_role("button", name="End sessions").click()
    expect(dashboard.page.get_by_role("dialog")).to_contain_text("Nobody is logged in")


def test_a_key_gives_no_more_than_it_has(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    key = stack.create_key("viewer", scopes=("keys:read", "keys:write"))["key"]
    page = open_dashboard()
    page.log_in(key)
    page.open("/keys", "Keys")

    page.page.get_by_role("button", name="Create a key …").click()

    dialog = page.page.get_by_role("dialog")
    expect(dialog.get_by_label("viewer", exact=True)).to_be_enabled()
    expect(dialog.get_by_label("admin", exact=True)).to_be_disabled()
    dialog.get_by_text("Single permissions").click()
    expect(dialog.get_by_label("keys:write", exact=True)).to_be_enabled()
    expect(dialog.get_by_label("tasks:write", exact=True)).to_be_disabled()


def test_a_key_that_only_reads_has_no_buttons(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    page = open_dashboard()
    page.log_in(stack.create_key(scopes=("keys:read",))["key"])

    for path, heading in (("/keys", "Keys"), ("/roles", "Roles")):
        page.open(path, heading)
        expect(page.page.get_by_role("table")).to_be_visible()
        expect(page.page.get_by_role("button", name=re.compile("…$"))).to_have_count(0)


def test_filters_that_match_nothing_are_explained(dashboard: DashboardPage) -> None:
    dashboard.open("/keys?name=nobody-has-this", "Keys")

    expect(dashboard.page.get_by_text("No key has all of this")).to_be_visible()


def test_a_role_is_created_edited_and_deleted(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    dashboard.open("/roles", "Roles")
    dashboard.page.get_by_role("button", name="Create a role …").click()
    dashboard.page.get_by_role("dialog").get_by_label("Name").fill("release")
    dashboard.page.get_by_label("Description (optional)").fill(HTML)
    choose(dashboard, "tasks:read")
    dashboard.confirm("Create the role")
    row = dashboard.row("release")
    expect(row).to_contain_text(HTML)
    assert dashboard.hostile_elements() == 0

    row.get_by_role("button", name="Edit").click()
    choose(dashboard, "tasks:write")
    dashboard.confirm("Change the role")
    expect(row).to_contain_text("tasks:write")
    assert stack.call("GET", "roles/release")["scopes"] == ["tasks:read", "tasks:write"]
    row.get_by_role("button", name="Delete").click()
    dashboard.confirm("Delete the role")

    expect(row).to_have_count(0)


def test_a_role_that_exists_is_not_replaced_by_a_new_one(dashboard: DashboardPage) -> None:
    dashboard.open("/roles", "Roles")
    dashboard.page.get_by_role("button", name="Create a role …").click()
    dialog = dashboard.page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("viewer")
    choose(dashboard, "tasks:read")

    dialog.get_by_role("button", name="Create the role").click()

    expect(dialog.get_by_role("alert")).to_be_visible()


@SCHEMES
@WIDTHS
def test_keys_and_roles_are_accessible(
    open_dashboard: OpenDashboard, scheme: str, width: int
) -> None:
    page = open_dashboard(color_scheme=scheme, viewport={"width": width, "height": 860})
    page.log_in()

    for path, create in (("/keys", "Create a key …"), ("/roles", "Create a role …")):
        page.open(path)
        assert page.accessibility_faults() == []
        page.page.get_by_role("button", name=create).click()
        page.settle()
        for summary in page.page.get_by_text("Single permissions").all():
            summary.click()
        assert page.accessibility_faults() == []
        assert page.needed_width() <= width
        page.page.keyboard.press("Escape")
