from secrets import token_hex

from playwright.sync_api import expect

from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard import DashboardPage
from tests.browser.stack import NewcomerStack


def test_a_schedule_is_added_whose_tasks_have_a_group(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    name = f"sync-{token_hex(4)}"
    dashboard.open("/schedules", "Schedules")
    dashboard.page.get_by_role("button", name="Add a schedule …").click()
    dialog = dashboard.page.get_by_role("dialog")

    dialog.get_by_label("Name").fill(name)
    dialog.get_by_label("Cron").fill("0 7 * * MOO")
    dialog.get_by_label("Title of the task").fill("Synchronize the catalog")
    dialog.get_by_label("Group (optional)").fill("sync")
    dialog.get_by_label("If an earlier task").select_option("latest")
    assert dashboard.accessibility_faults() == []
    dialog.get_by_role("button", name="Add the schedule").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Cron")
    dialog.get_by_label("Cron").fill("0 7 * * MON")
    dashboard.confirm("Add the schedule")

    expect(dashboard.row(name)).to_contain_text("the latest wins")
    task = stack.call("GET", f"schedules/{name}")["task"]
    assert (task["group"], task["group_policy"]) == ("sync", "latest")


def test_a_schedule_is_paused_resumed_and_run_now(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    name = f"report-{token_hex(4)}"
    schedule = {"name": name, "at": "2099-01-01T08:00:00Z", "task": {"title": f"Task of {name}"}}
    stack.call("PUT", f"schedules/{name}", schedule, **{"If-None-Match": "*"})
    dashboard.open("/schedules", "Schedules")

    dashboard.page.get_by_role("button", name=f"Pause {name}").click()
    expect(dashboard.row(name)).to_contain_text("paused")
    assert stack.call("GET", f"schedules/{name}")["enabled"] is False
    dashboard.page.get_by_role("button", name=f"Resume {name}").click()
    expect(dashboard.row(name)).to_contain_text("enabled")
    dashboard.page.get_by_role("button", name=f"Run {name} now").click()
    expect(dashboard.page.get_by_role("status").last).to_contain_text("Task created")
    dashboard.page.get_by_role("link", name="Tasks of schedules").click()

    expect(dashboard.page.get_by_role("link", name=f"Task of {name}")).to_be_visible()


def test_a_double_click_runs_a_schedule_once(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    name = f"once-{token_hex(4)}"
    schedule = {"name": name, "at": "2099-01-01T08:00:00Z", "task": {"title": f"Task of {name}"}}
    stack.call("PUT", f"schedules/{name}", schedule, **{"If-None-Match": "*"})
    dashboard.open("/schedules", "Schedules")

    dashboard.page.get_by_role("button", name=f"Run {name} now").dblclick()
    expect(dashboard.page.get_by_role("status").last).to_contain_text("Task created")
    expect(dashboard.page.get_by_role("button", name=f"Run {name} now")).to_be_enabled()

    titles = [task["title"] for task in stack.call("GET", "tasks?provider=schedule")["items"]]
    assert titles.count(f"Task of {name}") == 1


def test_who_may_only_read_sees_schedules_and_no_buttons(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    name = f"seen-{token_hex(4)}"
    schedule = {"name": name, "at": "2099-01-01T08:00:00Z", "task": {"title": "Seen"}}
    stack.call("PUT", f"schedules/{name}", schedule, **{"If-None-Match": "*"})
    page = open_dashboard()
    page.log_in(stack.create_key(scopes=("config:read", "metrics:read"))["key"])

    page.open("/schedules", "Schedules")

    expect(page.row(name)).to_contain_text("Seen")
    expect(page.page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.page.get_by_role("button", name="Add a schedule …")).to_have_count(0)
