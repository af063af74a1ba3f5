from datetime import timedelta

import pytest
from pydantic import ValidationError

from signalbox.models.circuit import CallResult
from signalbox.models.health_check import CHECK_PASS, HealthCheck, OutlierDetection
from tests.builders import NOW

SECOND = timedelta(seconds=1)


def calls(story: str, every: timedelta = SECOND) -> list[CallResult]:
    """A call for each letter, the last one now; `x` is one that failed."""
    first = NOW - every * (len(story) - 1)
    return [
        CallResult(at=first + every * number, answered=letter != "x")
        for number, letter in enumerate(story)
    ]


@pytest.mark.parametrize(
    ("expected", "status", "healthy"),
    [
        ("200-399", 200, True),
        ("200-399", 399, True),
        ("200-399", 400, False),
        ("200-399", 199, False),
        ("204", 204, True),
        ("204", 200, False),
    ],
)
def test_a_check_expects_a_status_or_a_range(expected: str, status: int, *, healthy: bool) -> None:
    assert HealthCheck(expected_status=expected).expects(status) is healthy


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "health"},
        {"path": "/a b"},
        {"path": "/a\r\nHost: b"},
        {"path": "/a#b"},
        {"expected_status": "2xx"},
        {"expected_status": "200-"},
        {"interval_seconds": 15},
        {"interval_seconds": 45},
        {"healthy_threshold": 0},
    ],
)
def test_a_check_that_cannot_be_made_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        HealthCheck.model_validate(wrong)


@pytest.mark.parametrize(("interval", "due"), [(30, 120), (60, 60), (3_600, 1)])
def test_a_service_is_due_once_in_each_interval(interval: int, due: int) -> None:
    check = HealthCheck(interval_seconds=interval)

    passes = [check.is_due("orders", NOW + CHECK_PASS * number) for number in range(120)]

    assert passes.count(True) == due


def test_services_are_due_at_different_passes() -> None:
    check = HealthCheck(interval_seconds=300)

    due = {name for name in map(str, range(100)) if check.is_due(name, NOW)}

    assert 0 < len(due) < 30


@pytest.mark.parametrize(
    ("story", "every", "outlier"),
    [
        ("xxxxx", SECOND, True),
        ("xxxx", SECOND, False),
        (".....xxxxx", SECOND, True),
        ("xxxx.", SECOND, False),
        ("x.x.x.x.x", SECOND, False),
        ("x.x.x.x.x.", SECOND, True),
        ("x..x..x..x..x..", SECOND, False),
        ("xxxxx", 10 * SECOND, False),
        ("", SECOND, False),
    ],
)
def test_five_failures_in_a_row_or_half_of_ten_recent_calls_make_an_outlier(
    story: str, every: timedelta, *, outlier: bool
) -> None:
    assert OutlierDetection().is_outlier(calls(story, every), NOW) is outlier
