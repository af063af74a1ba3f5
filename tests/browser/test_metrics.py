import re
from typing import Any

from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenDashboard
from tests.browser.dashboard import HTML, SCHEMES, WIDTHS, DashboardPage
from tests.browser.history import metrics_history

HISTORY = "**/api/v1/metrics/history*"


def replace(dashboard: DashboardPage, address: str, document: Any) -> None:
    dashboard.page.route(address, lambda route: route.fulfill(json=document))


def painted(dashboard: DashboardPage) -> int:
    """Return how many points of the first chart have a colour."""
    return int(
        dashboard.page.evaluate(
            """() => {
              const canvas = document.querySelector(".plot canvas");
              const image = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              return image.data.filter((value, index) => index % 4 === 3 && value).length;
            }"""
        )
    )


def test_metrics_are_drawn_and_described(dashboard: DashboardPage) -> None:
    replace(dashboard, HISTORY, metrics_history())

    dashboard.open("/metrics", "Metrics")

    chart = dashboard.page.get_by_role("img", name=re.compile("^Webhooks by outcome"))
    expect(chart).to_have_accessible_name(
        "Webhooks by outcome, each 5 minutes: accepted 276 in all, 23 at most; "
        "signature invalid 24 in all, 2 at most"
    )
    assert painted(dashboard) > 1_000


def test_each_chart_has_its_values_in_a_table(dashboard: DashboardPage) -> None:
    replace(dashboard, HISTORY, metrics_history(3))
    dashboard.open("/metrics", "Metrics")
    section = dashboard.page.get_by_role("region", name="Changes of tasks, each 5 minutes")

    section.get_by_text("Show as a table").click()

    table = section.get_by_role("table", name="Changes of tasks, each 5 minutes over time")
    expect(table.get_by_role("columnheader")).to_have_text(["From", "created", "failed"])
    # Newest first; in the oldest interval nothing changed.
    expect(table.get_by_role("cell")).to_have_text(["2", "0", "1", "1"])


def test_the_chosen_time_is_asked_for_and_part_of_the_address(dashboard: DashboardPage) -> None:
    dashboard.open("/metrics", "Metrics")

    with dashboard.page.expect_request("**/metrics/history?hours=168"):
        dashboard.page.get_by_role("link", name="7 days").click()

    expect(dashboard.page).to_have_url(re.compile(r"#/metrics\?hours=168$"))
    expect(dashboard.page.get_by_role("link", name="7 days")).to_have_attribute(
        "aria-current", "true"
    )


def test_a_longer_interval_is_no_peak(dashboard: DashboardPage) -> None:
    history = metrics_history(2)
    history["intervals"][1] |= {"until": "2026-03-01T00:35:00Z", "webhooks": {"accepted": 60}}
    replace(dashboard, HISTORY, history)

    dashboard.open("/metrics", "Metrics")

    chart = dashboard.page.get_by_role("img", name=re.compile("^Webhooks by outcome"))
    expect(chart).to_have_accessible_name(re.compile("accepted 60 in all, 10 at most"))


def test_what_was_never_counted_is_explained(dashboard: DashboardPage) -> None:
    replace(dashboard, HISTORY, {"resolution": "5m", "intervals": []})

    dashboard.open("/metrics", "Metrics")

    expect(dashboard.page.get_by_text("Nothing was recorded yet")).to_be_visible()


def test_a_fault_of_the_api_is_shown_and_tried_again(dashboard: DashboardPage) -> None:
    failing = True

    def answer(route: Route) -> None:
        route.fulfill(status=503, json={}) if failing else route.fulfill(json=metrics_history())

    dashboard.page.route(HISTORY, answer)
    dashboard.open("/metrics", "Metrics")
    expect(dashboard.page.get_by_role("alert")).to_contain_text("The service is busy")
    failing = False

    dashboard.page.get_by_role("button", name="Try again").click()

    expect(dashboard.page.get_by_role("img").first).to_be_visible()


def test_names_of_providers_stay_text(dashboard: DashboardPage) -> None:
    replace(dashboard, HISTORY, metrics_history(provider=HTML))

    dashboard.open("/metrics", "Metrics")

    expect(dashboard.page.locator(".legend").get_by_text(HTML)).to_be_visible()
    assert dashboard.hostile_elements() == 0


def test_the_cost_is_the_sum_of_its_parts(dashboard: DashboardPage) -> None:
    share = {"item": "webhooks", "count": 2_000_000, "dollars": 8.5}
    cost = {
        "since": "2026-03-01T00:00:00Z",
        "until": "2026-03-11T00:00:00Z",
        "total": 17.5,
        "standing": 9.0,
        "standing_month": 27.32,
        "work": [share],
    }
    replace(dashboard, "**/api/v1/cost", cost)

    dashboard.open("/cost", "Cost")

    totals = dashboard.page.get_by_role("region", name="Totals")
    expect(totals).to_contain_text("$17.50")
    expect(totals).to_contain_text("$27.32 in a whole month")
    row = dashboard.page.get_by_role("row", name=re.compile("webhooks"))
    expect(row.get_by_role("cell")).to_have_text(["2,000,000", "$0.0043", "$8.50", "49 %"])


def test_a_stack_without_work_has_a_cost_as_well(dashboard: DashboardPage) -> None:
    dashboard.open("/cost", "Cost")

    expect(dashboard.page.get_by_role("row", name=re.compile("completions"))).to_be_visible()


@SCHEMES
@WIDTHS
def test_charts_and_costs_are_accessible(
    open_dashboard: OpenDashboard, scheme: str, width: int
) -> None:
    page = open_dashboard(color_scheme=scheme, viewport={"width": width, "height": 860})
    replace(page, HISTORY, metrics_history())
    page.log_in()

    for path in ("/metrics", "/cost"):
        page.open(path)
        for summary in page.page.get_by_text("Show as a table").all():
            summary.click()
        assert page.accessibility_faults() == []
        assert page.needed_width() <= width
