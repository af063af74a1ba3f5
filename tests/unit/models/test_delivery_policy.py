import json
from datetime import timedelta

import pytest
from pydantic import ValidationError

from signalbox.models.burst import BurstWindow
from signalbox.models.connection import Connection
from signalbox.models.delivery_policy import RetryPolicy, SendRate


def test_by_default_twelve_attempts_are_made_in_three_days() -> None:
    policy = RetryPolicy()

    assert (policy.attempts, policy.give_up_after) == (12, timedelta(days=3))


def test_waits_say_how_many_attempts_there_are() -> None:
    assert RetryPolicy(waits=(5, 60, 3_600)).attempts == 4


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"waits": [5], "max_attempts": 3}, "max_attempts follows from waits"),
        ({"waits": [0]}, "greater than or equal to 1"),
        ({"waits": [43_201]}, "less than or equal to 43200"),
        ({"waits": [5] * 26}, "at most 25 items"),
        ({"max_attempts": 0}, "greater than or equal to 1"),
        ({"give_up_hours": 73}, "less than or equal to 72"),
        ({"wait": [5]}, "Extra inputs"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(fields: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        RetryPolicy.model_validate_json(json.dumps(fields))


def test_a_stored_connection_is_read_as_it_was_written() -> None:
    connection = Connection.model_validate(
        {"id": "team", "connector": "slack", "retry": RetryPolicy(waits=(5,)),
         "rate_limit": SendRate(rate=30)}
    )  # fmt: skip

    assert Connection.model_validate_json(connection.model_dump_json()) == connection


@pytest.mark.parametrize(
    ("rate", "per", "seconds"),
    [(30, BurstWindow.MINUTE, 2.0), (5, BurstWindow.SECOND, 0.2), (1, BurstWindow.HOUR, 3_600)],
)
def test_notifications_under_a_rate_are_evenly_apart(
    rate: int, per: BurstWindow, seconds: float
) -> None:
    assert SendRate(rate=rate, per=per).interval == seconds * 1_000_000
