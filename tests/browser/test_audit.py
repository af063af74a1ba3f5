import re
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard import HTML, SCHEMES, WIDTHS, DashboardPage
from tests.browser.stack import NewcomerStack

TODAY = "**/api/v1/audit/*/verify"


def verify(dashboard: DashboardPage, days: str) -> None:
    dashboard.page.get_by_label("Days to verify").select_option(days)
    dashboard.page.get_by_role("button", name="Verify").click()


def record(number: int, **event: Any) -> dict[str, Any]:
    facts = {
        "at": "2026-03-01T12:00:00Z",
        "actor": "key:0123456789ab",
        "action": "POST /api/v1/tasks",
        "object": "/api/v1/tasks",
        "result": "allowed",
        "request_id": "req_one",
        "source_ip": "203.0.113.7",
    }
    return {"day": "2026-03-01", "number": number, "previous": "", "entry": facts | event}


def test_denied_requests_are_found_by_filters(
    dashboard: DashboardPage, open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    key = stack.create_key(scopes=("keys:write",))
    intruder = open_dashboard()
    intruder.visit()
    status = intruder.page.evaluate(
        """async (key) => (await fetch("api/v1/roles", {headers: {"X-API-Key": key}})).status""",
        key["key"],
    )
    dashboard.open("/audit", "Audit log")

    dashboard.page.get_by_label("Result").select_option("denied")
    dashboard.page.get_by_label("Who").fill(f"key:{key['id']}")
    dashboard.page.get_by_label("Who").press("Enter")

    rows = dashboard.page.locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("GET /api/v1/roles")
    expect(dashboard.page).to_have_url(re.compile("result=denied"))
    assert status == 403


def test_the_log_is_read_again_when_it_is_asked_to(
    dashboard: DashboardPage, stack: NewcomerStack
) -> None:
    dashboard.open("/audit?action=POST /api/v1/queue", "Audit log")
    rows = dashboard.page.locator("tbody tr")
    before = rows.count()
    stack.call("POST", "queue/low/pause", {"reason": "audited"})
    stack.call("POST", "queue/low/resume")

    dashboard.page.get_by_role("button", name="Refresh").click()

    expect(rows).to_have_count(before + 2)


def test_a_day_is_verified(dashboard: DashboardPage) -> None:
    dashboard.open("/audit", "Audit log")

    verify(dashboard, "today")

    expect(dashboard.page.get_by_role("region", name="Verification")).to_contain_text(
        re.compile(r"intact\s+\d{4}-\d\d-\d\d")
    )


def test_each_day_of_a_week_is_verified_and_a_breach_is_named(dashboard: DashboardPage) -> None:
    asked: list[str] = []

    def answer(route: Any) -> None:
        day = route.request.url.split("/")[-2]
        asked.append(day)
        breach = {"day": day, "number": "00000003", "reason": f"was changed {HTML}"}
        broken = len(asked) == 3
        route.fulfill(json={"day": day, "intact": not broken, "breach": breach if broken else None})

    dashboard.page.route(TODAY, answer)
    dashboard.open("/audit", "Audit log")

    verify(dashboard, "7 days")

    section = dashboard.page.get_by_role("region", name="Verification")
    expect(section).to_contain_text("tampered with")
    expect(section.get_by_role("button", name="Verify")).to_be_enabled()
    expect(section).to_contain_text(f"{asked[2]}: record 00000003 was changed {HTML}")
    assert len(set(asked)) == 7
    assert asked[0] == datetime.now(UTC).date().isoformat()
    assert dashboard.hostile_elements() == 0


def test_a_record_that_cannot_be_read_is_shown_in_its_place(dashboard: DashboardPage) -> None:
    page = {
        "items": [record(3, action=HTML), record(1)],
        "unreadable": ["2026-03-01/00000002"],
        "next": None,
    }
    dashboard.page.route("**/api/v1/audit?*", lambda route: route.fulfill(json=page))

    dashboard.open("/audit", "Audit log")

    names = dashboard.page.get_by_role("rowheader").all_inner_texts()
    assert names == [HTML, "record 2", "POST /api/v1/tasks"]
    expect(dashboard.page.get_by_text("cannot be read")).to_be_visible()
    assert dashboard.hostile_elements() == 0


def test_an_empty_page_is_not_the_end(dashboard: DashboardPage) -> None:
    def answer(route: Any) -> None:
        more = "cursor=" in route.request.url
        items = [record(1)] if more else []
        route.fulfill(json={"items": items, "unreadable": [], "next": None if more else "on"})

    dashboard.page.route("**/api/v1/audit?*", answer)
    dashboard.open("/audit?actor=ana", "Audit log")

    dashboard.page.get_by_role("button", name="Show more").click()

    expect(dashboard.page.get_by_role("rowheader", name="POST /api/v1/tasks")).to_be_visible()


def test_the_session_is_described_and_ended(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    key = stack.create_key("viewer")
    page = open_dashboard()
    page.log_in(key["key"])
    page.page.get_by_role("link", name="browser").click()
    page.heading("This session").wait_for()
    expect(page.page.get_by_role("row", name="tasks:read")).to_be_visible()
    expect(page.page.get_by_text(f"key:{key['id']}")).to_be_visible()
    expect(page.page.get_by_text("Does not allow")).to_be_visible()
    expect(page.page.get_by_role("button", name="Revoke the key …")).to_have_count(0)

    page.page.get_by_role("button", name="End this session").click()

    page.page.get_by_label("API key").wait_for()


def test_revoking_ones_own_key_ends_every_session_of_it(
    open_dashboard: OpenDashboard, stack: NewcomerStack
) -> None:
    key = stack.create_key("admin")["key"]
    here, elsewhere = open_dashboard(), open_dashboard()
    for page in (here, elsewhere):
        page.log_in(key)
    here.open("/session", "This session")

    here.page.get_by_role("button", name="Revoke the key …").click()
    expect(here.page.get_by_role("dialog")).to_contain_text("This session is of this key")
    here.page.get_by_role("dialog").get_by_role("button", name="Revoke the key").click()

    for page in (here, elsewhere):
        page.page.reload()
        page.page.get_by_label("API key").wait_for()


@SCHEMES
@WIDTHS
def test_the_audit_log_and_the_session_are_accessible(
    open_dashboard: OpenDashboard, scheme: str, width: int
) -> None:
    page = open_dashboard(color_scheme=scheme, viewport={"width": width, "height": 860})
    page.log_in()

    for path in ("/audit", "/session"):
        page.open(path)
        assert page.accessibility_faults() == []
        assert page.needed_width() <= width
