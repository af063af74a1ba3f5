"""What strangers write stays text, wherever the page shows it."""

from playwright.sync_api import expect

from tests.browser.dashboard import DashboardPage
from tests.browser.stack import NewcomerStack

HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def test_titles_results_logs_and_branches_stay_text(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    stack.empty_queues()
    task = stack.create_task(
        f"title {HTML}",
        priority="high",
        description=HTML,
        labels=["<b>label"],
        branch="<svg/onload=alert(3)>",
    )
    lease = stack.lease_on(task)
    stack.call("POST", f"tasks/{task}/logs", lease | {"lines": [{"seq": 1, "text": f"log {HTML}"}]})
    result = {"summary": f"result {HTML}", "url": "https://example.com/'><script>alert(4)</script>"}
    stack.call("POST", f"tasks/{task}/complete", lease | {"result": result})

    for path in ("/", "/tasks", "/tasks?view=board", f"/tasks/{task}"):
        dashboard.open(path)
        expect(dashboard.page.get_by_text(f"title {HTML}").first).to_be_visible()
        assert dashboard.hostile_elements() == 0

    expect(dashboard.page.locator(".log-text")).to_have_text(f"log {HTML}")
    expect(dashboard.page.get_by_text(f"result {HTML}").first).to_be_visible()


def test_an_address_that_is_a_script_is_no_link(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    task = stack.create_task("linked", url="https://example.com/ok")
    # The API takes HTTP alone; a provider or a row of the table could still hold another one.
    dashboard.page.route(
        f"**/api/v1/tasks/{task}",
        lambda route: route.fulfill(
            json=stack.call("GET", f"tasks/{task}") | {"url": "javascript:alert(5)"}
        ),
    )

    dashboard.open(f"/tasks/{task}", "linked")

    expect(dashboard.page.get_by_text("javascript:alert(5)")).to_be_visible()
    assert dashboard.page.locator("a[href^='javascript']").count() == 0


def test_comments_and_bodies_stay_text(dashboard: DashboardPage, stack: NewcomerStack) -> None:
    delivery = stack.send(f"/agent {HTML}")

    for path in ("/deliveries", f"/deliveries/{delivery}"):
        dashboard.open(path)
        assert dashboard.hostile_elements() == 0

    expect(dashboard.page.get_by_label("Content of the body")).to_contain_text(
        "<img src=x onerror=alert(1)>"
    )


def test_the_policy_would_stop_a_script_that_got_in(dashboard: DashboardPage) -> None:
    ran = dashboard.page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
          return window.ran === true;
        }"""
    )

    assert not ran
    dashboard.page.wait_for_timeout(200)
    assert any("script-src" in fault for fault in dashboard.faults)
    dashboard.faults.clear()
