"""Queues, dead letters, notifications and connections."""

import re
from secrets import token_hex

from playwright.sync_api import expect

from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard import HTML, DashboardPage
from tests.browser.stack import NewcomerStack


def fail_for_good(stack: NewcomerStack) -> tuple[str, str]:
    """Return a task without attempts, and its title."""
    stack.empty_queues()
    title = f"dead {token_hex(4)} {HTML}"
    task = stack.create_task(title, priority="high", max_attempts=1)
    lease = stack.lease_on(task)
    reason = {"reason": f"broken {HTML}", "retryable": True}
    stack.call("POST", f"tasks/{task}/fail", lease | reason)
    return task, title


def test_a_queue_is_paused_with_a_reason_and_resumed(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    dashboard.open("/queues", "Queues")

    dashboard.page.get_by_role("button", name="Pause the queue low").click()
    dashboard.page.get_by_label("Reason (optional)").fill(f"repairs {HTML}")
    dashboard.confirm("Pause the queue")
    expect(dashboard.page.get_by_text(f"repairs {HTML}")).to_be_visible()
    assert dashboard.hostile_elements() == 0
    assert dashboard.accessibility_faults() == []
    dashboard.page.get_by_role("button", name="Resume the queue low").click()
    expect(dashboard.page.get_by_role("button", name="Pause the queue low")).to_be_visible()

    assert [each["pause"] for each in stack.call("GET", "queue")["queues"]] == [None] * 3


def test_a_dead_letter_is_redriven_after_a_preview(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    task, title = fail_for_good(stack)
    dashboard.open("/dead-letters?kind=task", "Dead letters")
    expect(dashboard.page.get_by_text(f"broken {HTML}").first).to_be_visible()
    assert dashboard.hostile_elements() == 0
    assert dashboard.accessibility_faults() == []

    dashboard.page.get_by_role("button", name=f"Redrive {title}").click()
    expect(dashboard.page.get_by_role("dialog")).to_contain_text("1 dead letter would be queued")
    dashboard.confirm("Redrive")

    expect(dashboard.page.get_by_role("link", name=title)).to_have_count(0)
    assert stack.call("GET", f"tasks/{task}")["status"] == "pending"


def test_all_dead_letters_of_the_filters_are_redriven(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    task, title = fail_for_good(stack)
    dashboard.open("/dead-letters?kind=task&priority=high", "Dead letters")
    dashboard.page.get_by_role("link", name=title).wait_for()

    dashboard.page.get_by_role("button", name="Redrive all tasks of these filters …").click()
    dashboard.confirm("Redrive")

    expect(dashboard.page.get_by_text("There are no dead letters")).to_have_count(0)
    expect(dashboard.page.get_by_text("No dead letter has all of this")).to_be_visible()
    assert stack.call("GET", f"tasks/{task}")["status"] == "pending"


def test_a_connection_is_tested_and_its_notification_is_listed(
    dashboard: DashboardPage,
) -> None:
    dashboard.open("/connections", "Connections")

    dashboard.page.get_by_role("button", name="Send a test to demo-slack").click()
    expect(dashboard.page.locator(".connection-test .status")).to_have_text("✓delivered")
    assert dashboard.accessibility_faults() == []
    dashboard.page.get_by_role("link", name="Test", exact=True).click()

    attempts = dashboard.page.get_by_role("list", name="Attempts to send it")
    expect(attempts).to_contain_text("delivered")
    assert dashboard.accessibility_faults() == []
    dashboard.open("/notifications?connection=demo-slack", "Notifications")
    expect(dashboard.page.get_by_role("table")).to_contain_text("demo-slack")
    assert dashboard.accessibility_faults() == []


def test_a_notification_that_failed_is_sent_again(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    name = f"no-secret-{token_hex(4)}"
    connection = {"id": name, "connector": "discord"}
    stack.call("PUT", f"connections/{name}", connection, **{"If-None-Match": "*"})
    key = {"Idempotency-Key": f'"{name}"'}
    sent = stack.call("POST", f"connections/{name}/test", **key)
    dashboard.open(f"/notifications/{sent['task_id']}/{sent['id']}")
    attempts = dashboard.page.get_by_role("list", name="Attempts to send it")
    expect(attempts.get_by_role("listitem")).to_have_count(1)

    dashboard.page.get_by_role("button", name="Send again").click()

    expect(dashboard.page.get_by_role("status").last).to_contain_text("Queued again")
    expect(attempts.get_by_role("listitem")).to_have_count(2)
    expect(attempts).to_contain_text("the connection has no secret")


def test_a_page_without_tls_tests_a_connection(dashboard: DashboardPage) -> None:
    # Browsers have no randomUUID outside of a secure context, and loopback is one.
    dashboard.page.add_init_script("delete Crypto.prototype.randomUUID")
    dashboard.page.reload()
    dashboard.open("/connections", "Connections")

    with dashboard.page.expect_request("**/api/v1/connections/demo-slack/test") as sent:
        dashboard.page.get_by_role("button", name="Send a test to demo-slack").click()

    assert dashboard.page.evaluate("crypto.randomUUID === undefined")
    assert re.fullmatch(r"[0-9a-f]{32}", sent.value.headers["idempotency-key"])


def test_open_circuits_are_shown(dashboard: DashboardPage, stack: NewcomerStack) -> None:
    circuit = {"connection": "demo-slack", "state": "open", "openings": 3, "open_until": None}
    overview = stack.call("GET", "overview") | {"circuits": [circuit]}
    dashboard.page.route("**/api/v1/overview", lambda route: route.fulfill(json=overview))

    for path, heading in (("/notifications", "Notifications"), ("/connections", "Connections")):
        dashboard.open(path, heading)
        expect(dashboard.page.get_by_text("3 in a row")).to_be_visible()
        assert dashboard.accessibility_faults() == []


def test_a_failed_request_is_explained_and_tried_again(dashboard: DashboardPage) -> None:
    dashboard.page.route("**/api/v1/connections", lambda route: route.abort())

    dashboard.open("/connections", "Connections")
    expect(dashboard.page.get_by_role("alert")).to_contain_text("Signalbox does not answer")
    dashboard.page.unroute("**/api/v1/connections")
    dashboard.page.get_by_role("button", name="Try again").click()

    expect(dashboard.page.get_by_role("table")).to_contain_text("demo-slack")


def test_who_may_only_read_gets_no_buttons(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    page = open_dashboard()
    page.log_in(stack.create_key(scopes=("queue:read", "config:read"))["key"])

    for path, heading in (("/queues", "Queues"), ("/connections", "Connections")):
        page.open(path, heading)
        expect(page.page.get_by_role("table")).to_be_visible()
        assert page.page.locator("tbody button").count() == 0

    assert page.page.get_by_role("link", name="Notifications", exact=True).count() == 0
