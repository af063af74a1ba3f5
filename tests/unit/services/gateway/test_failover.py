"""Which failed calls are made again, and how many at most."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.services.gateway.failover import (
    IDEMPOTENT_METHODS,
    RETRY_RESERVE,
    CallFailure,
    FailedRequest,
    FailoverRefusal,
    RetryBudget,
    failover_refusal,
    failure_of,
)

FAILED = FailedRequest(method="GET", attempts=1, max_retries=1, seconds_left=5)


@pytest.mark.parametrize("status", range(100, 600))
def test_three_statuses_are_failures_and_all_others_are_answers(status: int) -> None:
    failures = {
        502: CallFailure.BAD_GATEWAY,
        503: CallFailure.SERVICE_UNAVAILABLE,
        504: CallFailure.GATEWAY_TIMEOUT,
    }

    assert failure_of(status) == failures.get(status)


@pytest.mark.parametrize("method", sorted(IDEMPOTENT_METHODS))
def test_a_call_of_an_idempotent_method_may_be_repeated(method: str) -> None:
    assert failover_refusal(replace(FAILED, method=method)) is None


@pytest.mark.parametrize("method", ["POST", "PATCH", "CONNECT", "get", "PROPFIND", ""])
def test_any_other_call_may_be_repeated_only_with_an_idempotency_key(method: str) -> None:
    request = replace(FAILED, method=method)

    assert failover_refusal(request) is FailoverRefusal.NOT_IDEMPOTENT
    assert failover_refusal(replace(request, has_idempotency_key=True)) is None


@pytest.mark.parametrize(
    ("request_", "refusal"),
    [
        (replace(FAILED, response_started=True), FailoverRefusal.RESPONSE_STARTED),
        (replace(FAILED, replayable=False), FailoverRefusal.BODY_CONSUMED),
        (replace(FAILED, attempts=2), FailoverRefusal.RETRIES_USED),
        (replace(FAILED, max_retries=0), FailoverRefusal.RETRIES_USED),
        (replace(FAILED, seconds_left=0.05), FailoverRefusal.DEADLINE),
        (replace(FAILED, seconds_left=-3), FailoverRefusal.DEADLINE),
    ],
)
def test_a_call_that_cannot_be_repeated_is_not(
    request_: FailedRequest, refusal: FailoverRefusal
) -> None:
    assert failover_refusal(request_) is refusal


@given(steps=st.lists(st.booleans(), max_size=300))
def test_the_budget_is_never_exceeded(steps: list[bool]) -> None:
    budget, requests, retries = RetryBudget(), 0, 0

    for is_request in steps:
        if is_request:
            budget.add_request()
            requests += 1
        else:
            retries += budget.take_retry()

        assert retries <= RETRY_RESERVE + requests / 5


def test_every_fifth_request_may_be_repeated_while_all_fail() -> None:
    budget = RetryBudget()
    while budget.take_retry():
        pass

    retries = 0
    for _ in range(1_000):
        budget.add_request()
        retries += budget.take_retry()

    assert retries == 200


def test_no_more_than_the_reserve_is_saved_up() -> None:
    budget = RetryBudget()
    for _ in range(1_000):
        budget.add_request()

    assert [budget.take_retry() for _ in range(12)].count(True) == RETRY_RESERVE
