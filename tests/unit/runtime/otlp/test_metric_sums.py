from typing import Any

import pytest

from signalbox.runtime.otlp.metric_sums import MetricSums, otlp_metric_name


def points(metric: Any, kind: str) -> list[Any]:
    return [{**point, "attributes": point["attributes"]} for point in metric[kind]["dataPoints"]]


def test_counts_are_added_up_by_their_dimensions() -> None:
    sums = MetricSums()
    for outcome, value in (("accepted", 1.0), ("accepted", 2.0), ("duplicate", 1.0)):
        sums.add({"WebhookRequests": [value]}, "Count", {"outcome": outcome})

    [metric] = sums.drain()

    assert metric["name"] == "signalbox.webhook_requests"
    of: Any = metric["sum"]
    assert (of["aggregationTemporality"], of["isMonotonic"]) == (1, True)
    values = {
        point["attributes"][0]["value"]["stringValue"]: point["asInt"]
        for point in points(metric, "sum")
    }
    assert values == {"accepted": "3", "duplicate": "1"}


def test_durations_are_a_histogram() -> None:
    sums = MetricSums()
    sums.add({"GatewayLatency": [3.0, 5.0]}, "Milliseconds", {"target": "shop"})
    sums.add({"GatewayLatency": [20_000.0]}, "Milliseconds", {"target": "shop"})

    [metric] = sums.drain()

    [point] = points(metric, "histogram")
    assert (metric["unit"], point["count"], point["sum"]) == ("ms", "3", 20_008.0)
    assert (point["min"], point["max"]) == (3.0, 20_000.0)
    assert point["bucketCounts"] == ["2", *["0"] * 13, "1"]
    assert len(point["explicitBounds"]) == 14


def test_what_was_taken_is_not_taken_again_and_times_follow_each_other() -> None:
    sums = MetricSums()
    sums.add({"MessagesFailed": [1.0]}, "Count", {})
    [first] = sums.drain()
    sums.add({"MessagesFailed": [1.0]}, "Count", {})
    [second] = sums.drain()

    [before], [after] = points(first, "sum"), points(second, "sum")
    assert (before["asInt"], after["asInt"], sums.drain()) == ("1", "1", [])
    assert before["timeUnixNano"] == after["startTimeUnixNano"]


def test_an_age_is_the_last_one() -> None:
    sums = MetricSums()
    for age in (30.0, 10.0):
        sums.add({"PendingAge": [age]}, "Count", {})

    [metric] = sums.drain()

    [point] = points(metric, "gauge")
    assert point["asInt"] == "10"


def test_there_are_no_more_than_a_thousand_series() -> None:
    sums = MetricSums()
    for number in range(1_100):
        sums.add({"Notifications": [1.0]}, "Count", {"connector": str(number)})

    [metric] = sums.drain()

    assert len(points(metric, "sum")) == 1_000


def test_series_that_are_known_are_counted_when_there_is_no_room_for_others() -> None:
    sums = MetricSums()
    for number in range(1_000):
        sums.add({"Notifications": [1.0]}, "Count", {"connector": str(number)})

    sums.add({"WebhookRequests": [1.0], "Notifications": [2.0]}, "Count", {"connector": "7"})

    [metric] = sums.drain()
    counts = {
        point["attributes"][0]["value"]["stringValue"]: point["asInt"]
        for point in points(metric, "sum")
    }
    assert (counts["6"], counts["7"]) == ("1", "3")


def test_durations_take_the_same_room_however_many_they_are() -> None:
    sums = MetricSums()
    room = []
    for _ in range(2):
        for _ in range(1_000):
            sums.add({"GatewayLatency": [3.0]}, "Milliseconds", {})
        room.append(len(repr(sums)))

    assert room[1] - room[0] < 100


@pytest.mark.parametrize(
    ("name", "otlp"),
    [("WebhooksLate", "signalbox.webhooks_late"), ("IssuerKeys", "signalbox.issuer_keys")],
)
def test_names_are_those_of_opentelemetry(name: str, otlp: str) -> None:
    assert otlp_metric_name(name) == otlp
