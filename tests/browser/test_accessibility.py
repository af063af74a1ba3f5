from playwright.sync_api import expect

from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard import SCHEMES, DashboardPage
from tests.browser.stack import NewcomerStack


@SCHEMES
def test_axe_finds_nothing_wrong_with_the_login(open_dashboard: OpenDashboard, scheme: str) -> None:
    page = open_dashboard(color_scheme=scheme)
    page.visit()
    page.page.get_by_label("API key").wait_for()

    assert page.accessibility_faults() == []


@SCHEMES
def test_axe_finds_nothing_wrong_with_any_page(
    open_dashboard: OpenDashboard, stack: NewcomerStack, scheme: str
) -> None:
    delivery = stack.send("/agent be accessible")
    task = stack.call("GET", f"deliveries/{delivery}")["task_ids"][0]
    page = open_dashboard(color_scheme=scheme)
    page.log_in()
    paths = [
        "/",
        "/tasks",
        "/tasks?view=board",
        f"/tasks/{task}",
        "/deliveries",
        f"/deliveries/{delivery}",
        "/incidents",
        "/queues",
        "/dead-letters",
        "/rejections",
        "/notifications",
        "/sources",
        "/sources/new?provider=github",
        "/connections",
        "/schedules",
        "/services",
        "/nowhere",
    ]

    faults = {}
    for path in paths:
        page.page.goto(f"{stack.url}/#{path}")
        page.page.wait_for_timeout(300)
        page.page.wait_for_function("() => !document.querySelector('.loading')")
        faults[path] = page.accessibility_faults()

    assert faults == {path: [] for path in paths}


def test_axe_finds_nothing_wrong_with_dialogs(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    dashboard.open(f"/tasks/{stack.create_task('dialog')}", "dialog")
    dashboard.page.get_by_role("button", name="Cancel …").click()

    assert dashboard.accessibility_faults() == []


def test_the_keyboard_alone_leads_to_a_task(dashboard: DashboardPage, stack: NewcomerStack) -> None:
    task = stack.create_task("by keyboard")
    dashboard.page.reload()
    dashboard.settle()
    press = dashboard.page.keyboard.press

    press("Tab")
    expect(dashboard.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for _ in range(20):
        press("Tab")
        if dashboard.page.evaluate("document.activeElement.getAttribute('href')") == "#/tasks":
            break
    press("Enter")
    expect(dashboard.heading("Tasks")).to_be_focused()
    dashboard.row(task).wait_for()
    for _ in range(40):
        press("Tab")
        if (
            dashboard.page.evaluate("document.activeElement.getAttribute('href')")
            == f"#/tasks/{task}"
        ):
            break
    press("Enter")

    expect(dashboard.heading("by keyboard")).to_be_focused()


def test_the_skip_link_leads_past_the_navigation(dashboard: DashboardPage) -> None:
    dashboard.page.get_by_role("link", name="Skip to the content").focus()

    dashboard.page.keyboard.press("Enter")

    expect(dashboard.page.get_by_role("main")).to_be_focused()
    expect(dashboard.heading("Overview")).to_be_visible()


def test_a_narrow_screen_needs_no_scrolling_sideways(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    stack.create_task("a-very-long-word-" * 10)
    page = open_dashboard(viewport={"width": 360, "height": 740})
    page.log_in()

    work = ("/", "/tasks", "/tasks?view=board", "/incidents", "/queues", "/dead-letters")
    traffic = ("/deliveries", "/rejections", "/notifications")
    set_up = ("/sources", "/sources/new?provider=github", "/connections", "/services")
    for path in work + traffic + set_up:
        page.open(path)
        assert page.needed_width() <= 360

    page.page.get_by_role("button", name="Menu").click()
    expect(page.page.get_by_role("link", name="Deliveries", exact=True)).to_be_visible()


def test_times_are_shown_in_the_chosen_zone(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    task = stack.create_task("zones")
    created = stack.call("GET", f"tasks/{task}")["created_at"]
    page = open_dashboard(timezone_id="Asia/Tokyo")
    page.log_in()
    page.open("/tasks", "Tasks")
    time = page.row(task).locator(f"time[datetime='{created}']").first

    expect(time).not_to_have_attribute("title", created[:19].replace("T", " ") + " UTC")
    page.page.get_by_label("Time zone").select_option("UTC")

    expect(time).to_have_attribute("title", created[:19].replace("T", " ") + " UTC")


def test_the_appearance_is_remembered(dashboard: DashboardPage) -> None:
    dashboard.page.get_by_label("Appearance").select_option("Dark")

    dashboard.page.reload()

    expect(dashboard.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_page_polls_without_a_socket(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    page = open_dashboard()
    page.page.route_web_socket("**/live**", lambda socket: socket.close())
    page.log_in()
    page.open("/tasks", "Tasks")
    expect(page.page.locator(".live-polling")).to_be_visible()

    task = stack.create_task("polled")

    expect(page.row(task)).to_be_visible()
