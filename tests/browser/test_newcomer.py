from playwright.sync_api import expect

from tests.browser.dashboard import DashboardPage
from tests.browser.stack import NewcomerStack


def test_a_task_appears_runs_and_ends_without_a_reload(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    stack.empty_queues()
    dashboard.wait_live()
    dashboard.settle()
    loads: list[str] = []
    dashboard.page.on("framenavigated", lambda frame: loads.append(frame.url))

    stack.send("/agent greet the newcomer")
    title = dashboard.page.get_by_role("link", name="agent: greet the newcomer").first
    expect(title).to_be_visible()
    title.click()
    expect(dashboard.page.locator(".state-line")).to_contain_text("pending")
    stack.command("work", "--once", "--", "sh", "-c", "echo one; echo two; sleep 3; echo three")

    expect(dashboard.page.locator(".state-line")).to_contain_text("succeeded")
    expect(dashboard.page.locator(".log-text")).to_have_text(["one", "two", "three"])
    assert [url for url in loads if "#" not in url] == []
