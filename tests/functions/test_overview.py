"""The overview, metrics over time and costs, of what really happened."""

from typing import Any

import pytest

from signalbox.aws.metrics_history import DynamoMetricsHistory
from signalbox.models.costs import standing_costs
from signalbox.runtime.counters import count_changes
from signalbox.services.record_history import RecordHistory
from tests.functions.system import System


def record(system: System) -> None:
    """What maintenance does every minute."""
    count = count_changes(system.wiring)
    count(lambda: 30)
    RecordHistory(
        counters=count.counters,
        store=DynamoMetricsHistory(table=system.wiring.state_table),
        clock=system.clock,
    )()


def test_the_overview_shows_what_came_what_waits_and_what_was_refused(system: System) -> None:
    key = system.key("viewer")
    record(system)
    system.clock.advance(seconds=60)
    system.comment("/agent fix the login")
    system.hook(b"{}", {"x-github-event": "ping"}, secret="wrong")
    system.clock.advance(seconds=60)

    overview = system.ask("GET", "/api/v1/overview", key=key)

    day = overview.part("day")
    assert overview.status == 200, overview.text
    assert day["webhooks"] == {"accepted": 1, "signature_invalid": 1}
    assert day["providers"] == {"github": 2}
    assert day["tasks"] == {"created": 1}
    assert {"pending": 1}.items() <= day["stored"].items()  # type: ignore[union-attr]
    assert [queue["priority"] for queue in overview.rows("queues")] == ["high", "normal", "low"]
    assert {queue["oldest_seconds"] for queue in overview.rows("queues")} >= {60}
    (rejected,) = overview.rows("rejections")
    assert (rejected["source"], rejected["counts"]) == ("default", {"signature_invalid": 1})
    assert overview.json_body["incidents"] == overview.json_body["circuits"] == []


def test_metrics_over_time_are_those_between_the_points(system: System) -> None:
    key = system.key("operator")
    for number in range(3):
        record(system)
        system.ask("POST", "/api/v1/tasks", {"title": f"Task {number}"}, key=key)
        system.clock.advance(seconds=300)
    record(system)

    history = system.ask("GET", "/api/v1/metrics/history?hours=1", key=key)
    hours = system.ask("GET", "/api/v1/metrics/history?hours=800", key=key)

    assert history.json_body["resolution"] == "5m"
    assert [each["tasks"] for each in history.rows("intervals")] == [{"created": 1}] * 3
    assert (hours.status, hours.json_body["resolution"]) == (200, "1h")


def test_a_history_is_no_longer_than_what_is_stored(system: System) -> None:
    key = system.key("viewer")

    asked = [
        system.ask("GET", f"/api/v1/metrics/history?hours={hours}", key=key).status
        for hours in ("0", "841", "many")
    ]

    assert asked == [422, 422, 422]


def test_the_cost_names_each_kind_of_work(system: System) -> None:
    record(system)
    system.comment("/agent fix the login")
    record(system)
    system.clock.advance(seconds=3_600)

    cost = system.ask("GET", "/api/v1/cost", key=system.key("viewer"))

    work = {row["item"]: row["count"] for row in cost.rows("work")}
    assert (work["webhooks"], work["tasks"], work["claims"]) == (1, 1, 0)
    assert cost.json_body["standing_month"] > cost.json_body["total"] > 0  # type: ignore[operator]


def test_the_cost_has_the_alarms_that_the_stack_has(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = system.key("viewer")

    every = system.ask("GET", "/api/v1/cost", key=key)
    monkeypatch.setenv("SIGNALBOX_VENDOR_ALARMS", "none")
    system.restart()
    few = system.ask("GET", "/api/v1/cost", key=key)

    assert every.json_body["standing_month"] == round(standing_costs(), 4)
    assert few.json_body["standing_month"] == round(standing_costs(vendor_alarms=False), 4)


def test_the_overview_reads_the_streams_from_where_the_metrics_have_read_them(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams, started = system.wiring.streams, []
    start = streams.get_shard_iterator

    def count_start(**request: Any) -> Any:
        started.append(request["ShardId"])
        return start(**request)

    monkeypatch.setattr(streams, "get_shard_iterator", count_start)
    key = system.key("viewer")

    system.ask("GET", "/api/v1/metrics", key=key)
    first = len(started)
    overview = system.ask("GET", "/api/v1/overview", key=key)

    assert overview.status == 200, overview.text
    assert len(started) == first > 0
