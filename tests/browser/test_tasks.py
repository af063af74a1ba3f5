import re
from collections.abc import Callable
from secrets import token_hex

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard import HTML, DashboardPage
from tests.browser.stack import NewcomerStack


def test_a_table_sorts_by_what_the_person_chooses(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    for name in ("b", "a"):
        stack.create_task(f"sort {name}", priority="low")
    dashboard.open("/tasks?priority=low", "Tasks")

    dashboard.page.get_by_role("button", name="Task").click()

    expect(dashboard.page.get_by_role("columnheader", name="Task")).to_have_attribute(
        "aria-sort", "ascending"
    )
    titles = dashboard.page.locator("tbody .row-title").all_inner_texts()
    assert titles == sorted(titles)


def test_filters_are_part_of_the_address(dashboard: DashboardPage, stack: NewcomerStack) -> None:
    task = stack.create_task("only high", priority="high")
    dashboard.open("/tasks", "Tasks")

    dashboard.page.get_by_label("Priority").select_option("low")
    expect(dashboard.row(task)).to_have_count(0)
    dashboard.page.get_by_label("Priority").select_option("high")

    expect(dashboard.row(task)).to_be_visible()
    expect(dashboard.page).to_have_url(re.compile(r"#/tasks\?priority=high"))


def test_the_board_moves_a_task_when_it_changes(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    task = stack.create_task("move over the board", priority="high")
    dashboard.open("/tasks?view=board", "Tasks")
    dashboard.wait_live()
    expect(
        dashboard.page.get_by_role("region", name="pending").locator(f"[data-id='{task}']")
    ).to_be_visible()

    stack.call("DELETE", f"tasks/{task}", **{"If-Match": "*"})

    expect(
        dashboard.page.get_by_role("region", name="cancelled").locator(f"[data-id='{task}']")
    ).to_be_visible()


def test_a_task_is_cancelled_with_a_reason_and_retried(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    task = stack.create_task("cancel me")
    dashboard.open(f"/tasks/{task}", "cancel me")

    dashboard.page.get_by_role("button", name="Cancel …").click()
    dashboard.page.get_by_label("Reason (optional)").fill("not needed")
    dashboard.confirm("Cancel the task")
    expect(dashboard.page.locator(".state-line")).to_contain_text("cancelled")
    expect(dashboard.page.get_by_text("not needed").first).to_be_visible()
    dashboard.page.get_by_role("button", name="Retry").click()

    expect(dashboard.page.locator(".state-line")).to_contain_text("pending")
    expect(dashboard.page.get_by_role("list", name="What happened to this task")).to_contain_text(
        "retried"
    )


def test_a_task_is_cancelled_with_all_that_depend_on_it(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    group = {"group": f"preview {HTML}", "group_policy": "latest"}
    first = stack.create_task("build the release", **group)
    second = stack.create_task("test the release", after=[first], on_failure="run")
    third = stack.create_task("clean up after it", after=[second], on_failure="run")
    dashboard.open(f"/tasks/{first}", "build the release")
    details = dashboard.page.get_by_role("region", name="Details")
    waiting = dashboard.page.get_by_role("region", name="Tasks that wait for it")
    expect(details).to_contain_text(f"preview {HTML} (the latest wins)")
    expect(waiting.get_by_role("link")).to_have_text(["test the release"])

    dashboard.page.get_by_role("button", name="Cancel …").click()
    dialog = dashboard.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Waiting for it: 1 task.")
    dialog.get_by_label("With all tasks that depend on it").check()
    assert dashboard.accessibility_faults() == []
    dashboard.confirm("Cancel all of them")

    expect(dashboard.page.get_by_role("status").last).to_contain_text(
        "Task cancelled, with 2 tasks that depended on it"
    )
    expect(dashboard.page.locator(".state-line")).to_contain_text("cancelled")
    expect(waiting).to_have_count(0)
    assert [stack.call("GET", f"tasks/{each}")["status"] for each in (second, third)] == [
        "cancelled",
        "cancelled",
    ]
    dashboard.open(f"/tasks/{second}", "test the release")
    expect(details.get_by_role("link", name=first)).to_be_visible()


def test_what_follows_does_not_move_when_it_is_known_that_nothing_waits_for_a_task(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    dashboard.page.route("**/dependents", lambda _: None)  # it is never answered
    dashboard.open(f"/tasks/{stack.create_task('unknown')}", "unknown")

    expect(dashboard.page.get_by_role("region", name="Timeline")).to_be_visible()

    waiting = dashboard.page.get_by_role("region", name="Tasks that wait for it")
    expect(waiting).to_have_count(0)


def test_a_task_for_which_none_waits_is_cancelled_without_that_choice(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    dashboard.open(f"/tasks/{stack.create_task('alone')}", "alone")

    dashboard.page.get_by_role("button", name="Cancel …").click()

    expect(dashboard.page.get_by_label("Reason (optional)")).to_be_visible()
    dashboard.page.wait_for_load_state("networkidle")
    expect(dashboard.page.get_by_label("With all tasks that depend on it")).to_have_count(0)


@pytest.fixture(scope="module")
def approving(stack: NewcomerStack) -> Callable[[str], str]:
    """What sends a command whose task needs an approval, and returns the id of the task."""
    name, secret = f"approving-{token_hex(4)}", token_hex(16)
    source = {"provider": "gitea", "name": name, "permission": "off", "approval": {"kinds": ["*"]}}
    stack.call("PUT", f"sources/gitea/{name}", source, **{"If-None-Match": "*"})
    stack.call("PUT", f"sources/gitea/{name}/secret", {"secrets": [secret]})

    def send(text: str) -> str:
        words = ("--text", f"/agent {text}")
        sent = stack.send_to_new_source("gitea", "issue_comment.created", name, secret, *words)
        return str(sent["task_ids"][0])

    return send


def test_a_task_is_approved(
    dashboard: DashboardPage, stack: NewcomerStack, approving: Callable[[str], str]
) -> None:
    task = approving("deploy it")
    dashboard.open(f"/tasks/{task}")
    expect(dashboard.page.locator(".state-line")).to_contain_text("awaiting approval")
    assert dashboard.accessibility_faults() == []

    dashboard.page.get_by_role("button", name="Approve").click()

    expect(dashboard.page.get_by_role("status").last).to_contain_text("Task approved")
    expect(dashboard.page.locator(".state-line")).to_contain_text("pending")
    expect(dashboard.page.get_by_role("button", name="Approve")).to_have_count(0)
    history = dashboard.page.get_by_role("list", name="What happened to this task")
    expect(history).to_contain_text("approved")
    assert stack.call("GET", f"tasks/{task}")["status"] == "pending"


def test_a_task_is_rejected_with_a_reason(
    dashboard: DashboardPage, stack: NewcomerStack, approving: Callable[[str], str]
) -> None:
    task = approving("delete everything")
    dashboard.open(f"/tasks/{task}")

    dashboard.page.get_by_role("button", name="Reject …").click()
    dashboard.page.get_by_label("Reason (optional)").fill(f"too much {HTML}")
    assert dashboard.accessibility_faults() == []
    dashboard.confirm("Reject the task")

    expect(dashboard.page.locator(".state-line")).to_contain_text("cancelled")
    expect(dashboard.page.get_by_text(f"too much {HTML}").first).to_be_visible()
    assert dashboard.hostile_elements() == 0
    assert stack.call("GET", f"tasks/{task}")["status"] == "cancelled"


def test_who_may_not_approve_sees_what_waits_and_no_buttons(
    open_dashboard: OpenDashboard, stack: NewcomerStack, approving: Callable[[str], str]
) -> None:
    task = approving("ask an operator")
    page = open_dashboard()
    page.log_in(stack.create_key("viewer")["key"])

    page.open(f"/tasks/{task}")

    expect(page.page.locator(".state-line")).to_contain_text("awaiting approval")
    for name in ("Approve", "Reject …"):
        expect(page.page.get_by_role("button", name=name)).to_have_count(0)


def test_the_priority_of_a_task_changes(dashboard: DashboardPage, stack: NewcomerStack) -> None:
    task = stack.create_task("hurry")
    dashboard.open(f"/tasks/{task}", "hurry")

    dashboard.page.get_by_label("Priority").select_option("high")

    expect(dashboard.page.get_by_role("status").last).to_contain_text("Priority is high now")
    assert stack.call("GET", f"tasks/{task}")["priority"] == "high"


def test_a_change_that_somebody_else_made_first_is_not_overwritten(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    task = stack.create_task("changed twice")
    dashboard.open(f"/tasks/{task}", "changed twice")
    dashboard.page.get_by_role("button", name="Cancel …").click()
    stack.call("PATCH", f"tasks/{task}", {"priority": "low"}, **{"If-Match": "*"})

    dashboard.page.get_by_role("dialog").get_by_role("button", name="Cancel the task").click()

    # Live updates may have brought the newest version before the click: then it is cancelled.
    expect(
        dashboard.page.get_by_text("It has changed in the meantime")
        .or_(dashboard.page.locator(".state-line").get_by_text("cancelled"))
        .first
    ).to_be_visible()


def test_escape_closes_a_dialog_and_the_focus_returns(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    dashboard.open(f"/tasks/{stack.create_task('escape')}", "escape")
    button = dashboard.page.get_by_role("button", name="Cancel …")
    button.click()

    dashboard.page.keyboard.press("Escape")

    expect(dashboard.page.get_by_role("dialog")).to_have_count(0)
    expect(button).to_be_focused()


def test_an_unknown_task_is_explained(dashboard: DashboardPage) -> None:
    dashboard.page.goto(f"{dashboard.stack.url}/#/tasks/tsk_aaaaaaaaaaaaaaaaaaaaaaaa")

    expect(dashboard.page.get_by_role("alert")).to_contain_text("There is nothing here")


def test_all_filters_are_removed_at_once(dashboard: DashboardPage, stack: NewcomerStack) -> None:
    task = stack.create_task("behind two filters", priority="high")
    dashboard.open("/tasks?priority=low&status=failed", "Tasks")
    expect(dashboard.row(task)).to_have_count(0)

    dashboard.page.get_by_role("button", name="Clear filters").click()

    expect(dashboard.row(task)).to_be_visible()
    expect(dashboard.page).to_have_url(re.compile(r"#/tasks$"))
