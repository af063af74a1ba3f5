"""Services with their instances, and incidents."""

from secrets import token_hex

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard import HTML, DashboardPage
from tests.browser.stack import NewcomerStack

HISTORY = [
    {
        "at": "2026-03-01T12:00:00.000000Z",
        "version": None,
        "instance": "one",
        "event": "unhealthy",
        "reason": f"status 503 {HTML}",
    }
]
INCIDENT = {
    "id": "inc_1",
    "status": "open",
    "severity": "critical",
    "cause": "connection/team",
    "title": f"team cannot be reached {HTML}",
    "connection": "team",
    "count": 12,
    "first_at": "2026-03-01T12:00:00.000000Z",
    "last_at": "2026-03-01T12:05:00.000000Z",
    "last_error": f"refused {HTML}",
    "opened_at": "2026-03-01T12:00:00.000000Z",
    "resolved_at": None,
    "recurrence": 2,
    "quiet_seconds": 900,
    "link": "/api/v1/notifications?connection=team",
    "action": "signalbox notifications list --connection team",
}


@pytest.fixture
def service(stack: NewcomerStack) -> str:
    """Return a service with an instance and a route."""
    name = f"shop-{token_hex(4)}"
    instances = [{"id": "one", "url": "https://shop.example.com"}]
    access = {"access": {"public": True}}
    stack.call("PUT", f"services/{name}", {"name": name, "instances": instances} | access)
    route = {"id": name, "service": name, "path": f"/api/{name}"}
    stack.call("PUT", f"routes/{name}", route)
    return name


def test_a_service_shows_its_instances_and_routes(dashboard: DashboardPage, service: str) -> None:
    dashboard.open("/services", "Services")
    expect(dashboard.page.get_by_role("row", name=service)).to_contain_text("1 of 1 healthy")
    assert dashboard.accessibility_faults() == []

    dashboard.page.get_by_role("link", name=service).click()

    dashboard.heading(service).wait_for()
    expect(dashboard.page.get_by_role("table", name="Instances of")).to_contain_text("healthy")
    expect(dashboard.page.get_by_text(f"/api/{service}", exact=True)).to_be_visible()
    expect(dashboard.page.get_by_text("Nothing has changed yet.")).to_be_visible()
    assert dashboard.accessibility_faults() == []


def test_the_history_of_health_has_the_reasons_as_text(
    dashboard: DashboardPage, stack: NewcomerStack, service: str
) -> None:
    found = stack.call("GET", f"services/{service}/instances") | {"history": HISTORY}
    dashboard.page.route(
        f"**/api/v1/services/{service}/instances", lambda route: route.fulfill(json=found)
    )

    dashboard.open(f"/services/{service}", service)

    history = dashboard.page.get_by_role("list", name="What changed the health of instances")
    expect(history).to_contain_text(f"one unhealthystatus 503 {HTML}")
    assert dashboard.hostile_elements() == 0


def test_an_incident_leads_to_the_page_with_its_failures(dashboard: DashboardPage) -> None:
    dashboard.page.route(
        "**/api/v1/incidents*", lambda route: route.fulfill(json={"items": [INCIDENT]})
    )

    dashboard.open("/incidents", "Incidents")
    expect(dashboard.page.get_by_role("table")).to_contain_text(f"refused {HTML}")
    assert dashboard.hostile_elements() == 0
    assert dashboard.accessibility_faults() == []
    dashboard.page.get_by_role("link", name="team cannot be reached").click()

    expect(dashboard.heading("Notifications")).to_be_visible()
    expect(dashboard.page.get_by_label("Connection", exact=True)).to_have_value("team")


def test_incidents_may_be_filtered_and_empty(dashboard: DashboardPage) -> None:
    dashboard.page.route("**/api/v1/incidents*", lambda route: route.fulfill(json={"items": []}))
    dashboard.page.route(
        "**/api/v1/incidents?status=open",
        lambda route: route.fulfill(json={"items": [INCIDENT]}),
    )
    dashboard.open("/incidents", "Incidents")

    expect(dashboard.page.get_by_text("There are no incidents")).to_be_visible()
    dashboard.page.get_by_role("combobox", name="Status").select_option("open")

    expect(dashboard.page.get_by_role("table")).to_contain_text("team cannot be reached")


def test_a_key_without_the_scopes_sees_neither(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    page = open_dashboard()
    page.log_in(stack.create_key(scopes=("tasks:read",))["key"])

    for path in ("/services", "/incidents"):
        page.open(path)
        expect(page.page.get_by_text("Your key does not allow this page")).to_be_visible()

    assert page.page.get_by_role("link", name="Services", exact=True).count() == 0
