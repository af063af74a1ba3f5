"""What the page shows while the API does not answer as it should, and that it recovers."""

from playwright.sync_api import Route, expect

from tests.browser.dashboard import DashboardPage
from tests.browser.stack import NewcomerStack

LISTS = "**/api/v1/tasks?*"
PROBLEM = {"type": "/problems/x", "title": "x", "code": "x", "detail": "x", "instance": "urn:x"}


def test_a_lost_connection_is_explained_and_the_page_recovers(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    task = stack.create_task("after the break")
    dashboard.page.route(LISTS, lambda route: route.abort())
    dashboard.page.goto(f"{stack.url}/#/tasks")
    expect(dashboard.page.get_by_role("alert")).to_contain_text("Signalbox does not answer")

    dashboard.page.unroute(LISTS)

    expect(dashboard.row(task)).to_be_visible()
    expect(dashboard.page.get_by_role("alert")).to_have_count(0)


def test_a_response_that_breaks_off_is_a_lost_connection(dashboard: DashboardPage) -> None:
    dashboard.page.evaluate(
        """() => {
          const { text } = Response.prototype;
          Response.prototype.text = () => Promise.reject(new TypeError("broken off"));
          window.repair = () => { Response.prototype.text = text; };
        }"""
    )

    dashboard.page.goto(f"{dashboard.stack.url}/#/tasks")

    expect(dashboard.page.get_by_role("alert")).to_contain_text("Signalbox does not answer")
    dashboard.page.evaluate("repair()")
    expect(dashboard.page.get_by_role("alert")).to_have_count(0)


def test_a_request_over_the_limit_is_repeated_when_the_api_allows_it(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    task = stack.create_task("over the limit")
    refused: list[str] = []

    def refuse_twice(route: Route) -> None:
        refused.append(route.request.url)
        if len(refused) > 2:
            route.continue_()
        else:
            route.fulfill(status=429, json=PROBLEM | {"status": 429}, headers={"Retry-After": "2"})

    dashboard.page.route(LISTS, refuse_twice)
    dashboard.page.goto(f"{stack.url}/#/tasks")

    expect(dashboard.page.get_by_role("alert")).to_contain_text("Too many requests")
    expect(dashboard.row(task)).to_be_visible()
    assert len(refused) > 2


def test_an_error_of_the_server_names_the_request(dashboard: DashboardPage) -> None:
    dashboard.page.route(
        LISTS,
        lambda route: route.fulfill(
            status=500, json=PROBLEM | {"status": 500}, headers={"X-Request-ID": "req_abc"}
        ),
    )

    dashboard.page.goto(f"{dashboard.stack.url}/#/tasks")

    expect(dashboard.page.get_by_role("alert")).to_contain_text("req_abc")
