"""Which calls are repeated, how often and when."""

from random import Random

import pytest
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

from signalbox.aws.errors import AwsError, AwsRefused, AwsUnreachable
from signalbox.aws.transport.retries import AwsRetries, AwsRetryBudget, retry_cost


class Longest(Random):
    """Draws the longest pause."""

    def uniform(self, a: float, b: float) -> float:
        assert a == 0
        return b


def refused(code: str, status: int = 400) -> AwsRefused:
    metadata = {"HTTPStatusCode": status}
    return AwsRefused({"Error": {"Code": code}, "ResponseMetadata": metadata}, "PutItem")


THROTTLED_CODES = sorted(vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"])
TRANSIENT_CODES = sorted(vars(TransientRetryableChecker)["_TRANSIENT_ERROR_CODES"])
NO_RESPONSE = AwsUnreachable("no response")
THROTTLED = refused("ThrottlingException")


@pytest.mark.parametrize("code", THROTTLED_CODES)
def test_what_the_sdk_takes_as_throttled_costs_less(code: str) -> None:
    assert retry_cost(refused(code)) == 5


@pytest.mark.parametrize("code", TRANSIENT_CODES)
def test_what_the_sdk_takes_as_transient_is_repeated(code: str) -> None:
    assert retry_cost(refused(code))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failures_of_the_service_are_repeated(status: int) -> None:
    assert retry_cost(refused("Unknown", status)) == 14


@pytest.mark.parametrize(
    "code",
    ["ConditionalCheckFailedException", "ValidationException", "AccessDeniedException", "400"],
)
def test_what_will_be_refused_again_is_not_repeated(code: str) -> None:
    assert retry_cost(refused(code)) is None
    assert AwsRetries().pause(refused(code), 1) is None


@pytest.mark.parametrize(
    ("error", "pauses"),
    [(NO_RESPONSE, [0.025, 0.05, None]), (THROTTLED, [1.0, 2.0, None])],
)
def test_pauses_grow_and_the_third_attempt_is_the_last(
    error: AwsError, pauses: list[float | None]
) -> None:
    policy = AwsRetries(delay=0.025, random=Longest())

    assert [policy.pause(error, attempt) for attempt in (1, 2, 3)] == pauses


def test_pauses_are_drawn_from_all_up_to_the_longest() -> None:
    policy = AwsRetries(attempts=1_000, delay=0.05, random=Random(7))

    drawn = [policy.pause(NO_RESPONSE, 1) or 0 for _ in range(30)]

    assert len(set(drawn)) == 30
    assert all(0 <= pause <= 0.05 for pause in drawn)


def test_no_pause_is_longer_than_twenty_seconds() -> None:
    policy = AwsRetries(attempts=99, delay=1.0, random=Longest())

    assert policy.pause(NO_RESPONSE, 30) == 20


def test_retries_end_while_nothing_succeeds() -> None:
    policy = AwsRetries(attempts=1_000)

    made = [policy.pause(NO_RESPONSE, 1) for _ in range(100)]

    assert sum(pause is not None for pause in made) == 500 // 14


def test_calls_that_succeed_fill_the_budget_again() -> None:
    policy = AwsRetries(budget=AwsRetryBudget(left=0))

    assert policy.pause(THROTTLED, 1) is None
    for _ in range(5):
        policy.succeeded(None)
    assert policy.pause(THROTTLED, 1) is not None
    policy.succeeded(THROTTLED)
    assert policy.budget.left == 5


def test_the_budget_is_never_more_than_full() -> None:
    policy = AwsRetries()

    policy.succeeded(NO_RESPONSE)

    assert policy.budget.left == 500
