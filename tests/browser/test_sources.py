from secrets import token_hex

import requests
from playwright.sync_api import expect

from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard import HTML, DashboardPage
from tests.browser.stack import NewcomerStack


def forge(stack: NewcomerStack) -> None:
    """Send a webhook with a signature that is not right."""
    headers = {
        "X-GitHub-Event": "ping",
        "X-GitHub-Delivery": "forged",
        "X-Hub-Signature-256": "sha256=" + "0" * 64,
        "User-Agent": HTML,
    }
    url = f"{stack.url}/api/v1/webhooks/github"
    requests.post(url, json={"zen": HTML}, headers=headers, timeout=60)


def test_rejected_requests_have_a_reason_and_what_to_do(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    forge(stack)

    dashboard.open("/rejections", "Rejected requests")

    reasons = dashboard.page.get_by_role("list", name="Reasons of github/default")
    expect(reasons).to_contain_text("Set the same secret on both sides")
    expect(dashboard.page.get_by_text(HTML).first).to_be_visible()
    assert dashboard.hostile_elements() == 0
    assert dashboard.accessibility_faults() == []


def test_a_source_without_rejections_is_empty(dashboard: DashboardPage) -> None:
    dashboard.open("/rejections?provider=trello", "Rejected requests")

    expect(dashboard.page.get_by_text("Nothing of this source was rejected")).to_be_visible()


def test_a_source_is_set_up_and_its_first_delivery_is_awaited(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    name = f"browser-{token_hex(4)}"
    dashboard.open("/sources", "Sources")
    dashboard.page.get_by_role("link", name="Set up a source").click()
    dashboard.heading("Set up a source").wait_for()
    dashboard.page.get_by_role("combobox", name="Provider").select_option("github")
    dashboard.page.get_by_label("Name of the source").fill(name)
    dashboard.page.get_by_role("button", name="Continue").click()
    dashboard.page.get_by_role("button", name="Make a secret and store it").click()
    dashboard.page.get_by_text("Copy the secret now").wait_for()
    values = dashboard.page.locator(".steps .id code").all_text_contents()
    first = dashboard.page.get_by_role("status").filter(has_text="Nothing has arrived")
    expect(first).to_be_visible()
    assert values[0] == f"{stack.url}/api/v1/webhooks/github/{name}"
    assert dashboard.accessibility_faults() == []

    stack.send_to_new_source("github", "issue_comment", name, values[1])

    expect(dashboard.page.get_by_text("The first delivery has arrived.")).to_be_visible()
    expect(dashboard.page.get_by_role("link", name="issue_comment.created")).to_be_visible()
    assert any(each["name"] == name for each in stack.call("GET", "sources")["items"])


def test_the_secret_of_a_source_in_use_is_replaced_after_a_question(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    dashboard.open("/sources/new?provider=github&name=default", "Set up a source")

    dashboard.page.get_by_role("button", name="Make a secret and store it").click()
    expect(dashboard.page.get_by_role("dialog")).to_contain_text("Replace the secret?")
    assert dashboard.accessibility_faults() == []
    dashboard.page.keyboard.press("Escape")

    assert stack.send("/agent with the secret as before")


def test_the_secret_of_a_source_in_use_is_replaced(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    name, before = f"browser-{token_hex(4)}", token_hex(16)
    source = f"sources/bitbucket/{name}"
    stack.call("PUT", source, {"provider": "bitbucket", "name": name}, **{"If-None-Match": "*"})
    stack.call("PUT", f"{source}/secret", {"secrets": [before]})
    stack.send_to_new_source("bitbucket", "pullrequest.created", name, before)
    dashboard.open(f"/sources/new?provider=bitbucket&name={name}", "Set up a source")

    dashboard.page.get_by_role("button", name="Make a secret and store it").click()
    dashboard.confirm("Replace it")

    dashboard.page.get_by_text("Copy the secret now").wait_for()
    values = dashboard.page.locator(".steps .id code").all_text_contents()
    assert len(values[1]) >= 32
    assert values[1] != before


def test_a_rejected_first_request_is_explained(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    dashboard.open("/sources/new?provider=github&name=default", "Set up a source")
    expect(dashboard.page.get_by_text("Nothing has arrived")).to_be_visible()
    with dashboard.page.expect_response("**/api/v1/rejections*"):
        pass

    forge(stack)

    expect(dashboard.page.get_by_text("A request arrived and was rejected")).to_be_visible()


def test_a_secret_that_the_service_makes_is_stored_and_not_shown(dashboard: DashboardPage) -> None:
    dashboard.open(f"/sources/new?provider=linear&name=browser-{token_hex(4)}", "Set up a source")
    secret = "lin_wh_" + "a1" * 20

    dashboard.page.get_by_label("Secret that the service shows").fill(secret)
    dashboard.page.get_by_role("button", name="Store the secret").click()

    expect(dashboard.page.get_by_text("The secret is stored")).to_be_visible()
    assert secret not in dashboard.page.content()
    expect(dashboard.page.get_by_label("Secret that the service shows")).to_have_value("")


def test_a_reader_of_the_configuration_sets_no_source_up(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    page = open_dashboard()
    page.log_in(stack.create_key(scopes=("config:read", "deliveries:read"))["key"])

    page.open("/sources", "Sources")
    expect(page.page.get_by_role("link", name="Deliveries of github/default")).to_be_visible()
    assert page.page.get_by_role("link", name="Set up a source").count() == 0
    assert page.accessibility_faults() == []

    page.open("/sources/new", "Set up a source")
    expect(page.page.get_by_text("Your key does not allow this page")).to_be_visible()
