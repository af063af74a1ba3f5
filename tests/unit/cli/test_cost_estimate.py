"""The calculator of costs adds up what was counted, and finds what throttles first."""

import pytest

from cli.cost_estimate import Load, capacity_limits, estimate_cost
from cli.errors import CommandError
from signalbox.models.costs import USAGE, CostItem, standing_costs

REGION = "us-east-1"


def test_a_month_without_webhooks_costs_what_the_stack_costs() -> None:
    estimate = estimate_cost(Load(webhooks=0), REGION)

    assert estimate.total == pytest.approx(standing_costs(), abs=0.01)


def test_a_stack_without_alarms_of_providers_and_connectors_costs_less() -> None:
    every = estimate_cost(Load(webhooks=0), REGION)
    few = estimate_cost(Load(webhooks=0), REGION, vendor_alarms=False)

    assert every.total - few.total == pytest.approx(16.4, abs=0.01)


def test_each_item_costs_by_its_number() -> None:
    load = Load(webhooks=1_000_000, tasks=0.5, notifications=4, heartbeats=0)

    dollars = estimate_cost(load, REGION).dollars

    assert dollars["webhooks"] == pytest.approx(1e6 * USAGE[CostItem.WEBHOOKS].dollars, abs=0.01)
    assert dollars["tasks"] == pytest.approx(5e5 * USAGE[CostItem.TASKS].dollars, abs=0.01)
    notification = USAGE[CostItem.NOTIFICATIONS].dollars
    assert dollars["notifications"] == pytest.approx(2e6 * notification, abs=0.01)
    assert dollars["heartbeats"] == 0


def test_ten_times_the_webhooks_cost_ten_times_the_work() -> None:
    few, many = (estimate_cost(Load(webhooks=n), REGION).total for n in (10**6, 10**7))

    assert many - standing_costs() == pytest.approx(10 * (few - standing_costs()), abs=0.1)


def test_the_busiest_rate_is_that_many_times_the_average() -> None:
    assert Load(webhooks=730 * 3_600, peak=25).peak_a_second == 25


def test_the_requests_of_workers_throttle_first() -> None:
    limits = capacity_limits(Load(webhooks=1))

    assert limits[0].name == "requests of API Gateway"
    assert limits[0].webhooks_a_second == 250  # a webhook, a claim, a heartbeat and a completion
    rates = [limit.webhooks_a_second for limit in limits]
    assert rates == sorted(rates)


def test_webhooks_that_make_no_task_are_throttled_at_the_rate_of_the_stage() -> None:
    assert capacity_limits(Load(webhooks=1, tasks=0))[0].webhooks_a_second == 1_000


def test_a_region_without_known_prices_is_refused() -> None:
    with pytest.raises(CommandError, match="the prices of eu-central-1 are not known"):
        estimate_cost(Load(webhooks=1), "eu-central-1")
