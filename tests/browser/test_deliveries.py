from playwright.sync_api import expect

from tests.browser.dashboard import DashboardPage
from tests.browser.stack import NewcomerStack


def test_a_delivery_is_found_by_the_id_of_its_provider(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    delivery = stack.send("/agent find me")
    key = stack.call("GET", f"deliveries/{delivery}")["key"]
    dashboard.open("/deliveries", "Deliveries")

    dashboard.page.get_by_role("searchbox").fill(key)
    dashboard.page.get_by_role("button", name="Find").click()

    expect(dashboard.heading("issue_comment.created")).to_be_visible()
    story = dashboard.page.get_by_role("list", name="What became of this delivery")
    expect(story).to_contain_text("the signature was made with the current secret")
    expect(dashboard.page.get_by_label("Content of the body")).to_contain_text("/agent find me")


def test_an_id_that_nobody_sent_is_explained(dashboard: DashboardPage) -> None:
    dashboard.open("/deliveries", "Deliveries")

    dashboard.page.get_by_role("searchbox").fill("no-such-id")
    dashboard.page.get_by_role("button", name="Find").click()

    expect(dashboard.page.get_by_role("alert")).to_contain_text("sent nothing with the id")


def test_a_replay_shows_what_it_would_change_and_then_does_it(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    delivery = stack.send("/agent replay me")
    dashboard.open(f"/deliveries/{delivery}", "issue_comment.created")

    dashboard.page.get_by_role("button", name="Replay …").click()
    expect(dashboard.page.get_by_role("dialog")).to_contain_text("This would change nothing")
    dashboard.confirm("Replay")

    expect(dashboard.page.get_by_text("Replayed: nothing was missing")).to_be_visible()
    assert stack.call("GET", f"deliveries/{delivery}")["replayed_at"]


def test_the_body_is_downloaded_byte_for_byte(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    delivery = stack.send("/agent download me")
    dashboard.open(f"/deliveries/{delivery}", "issue_comment.created")

    with dashboard.page.expect_download() as download:
        dashboard.page.get_by_role("button", name="Download as sent").click()

    assert b"/agent download me" in download.value.path().read_bytes()
