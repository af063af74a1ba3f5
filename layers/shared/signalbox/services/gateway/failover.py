"""Whether a failed call of a service is made again, at another instance.

https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 has the idempotent methods. The budget of
retries is that of https://finagle.github.io/blog/2016/02/08/retry-budgets/: a process earns a fifth
of a retry by each request, so that a service that is down gets little more than the requests.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Final

from signalbox.models.frozen import frozen

RETRY_RATIO: Final = 0.2
RETRY_RESERVE: Final = 10
"""How many retries a process may save up, and begins with."""

IDEMPOTENT_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})

_MIN_SECONDS: Final = 0.1
_SCALE: Final = 10
_EARNED: Final = round(RETRY_RATIO * _SCALE)


class CallFailure(StrEnum):
    """Why an instance did not answer. Any response except these three is an answer, as is a 500."""

    CONNECTION_FAILED = "connection_failed"
    TIMEOUT = "timeout"
    BAD_GATEWAY = "bad_gateway"
    SERVICE_UNAVAILABLE = "service_unavailable"
    GATEWAY_TIMEOUT = "gateway_timeout"


_FAILED_STATUS: Final = {
    502: CallFailure.BAD_GATEWAY,
    503: CallFailure.SERVICE_UNAVAILABLE,
    504: CallFailure.GATEWAY_TIMEOUT,
}


def failure_of(status: int) -> CallFailure | None:
    """Return which failure a response with this status is, or None if it is an answer."""
    return _FAILED_STATUS.get(status)


class FailoverRefusal(StrEnum):
    """Why a failed call is not made again."""

    NOT_IDEMPOTENT = "not_idempotent"
    BODY_CONSUMED = "body_consumed"
    RESPONSE_STARTED = "response_started"
    RETRIES_USED = "retries_used"
    DEADLINE = "deadline"
    NO_OTHER_INSTANCE = "no_other_instance"
    BUDGET = "budget"


@frozen
class FailedRequest:
    """A request whose last call failed.

    `attempts` are the calls that were made, `max_retries` how many of them may be repetitions.
    `seconds_left` is the time until the deadline of the request. The body is `replayable` if it
    can be sent again, and the `response_started` once a byte went to the client.
    """

    method: str
    has_idempotency_key: bool = False
    replayable: bool = True
    response_started: bool = False
    attempts: int
    max_retries: int
    seconds_left: float


def failover_refusal(request: FailedRequest) -> FailoverRefusal | None:
    """Return why the call must not be repeated, or None if another instance may be called."""
    if request.response_started:
        return FailoverRefusal.RESPONSE_STARTED
    if request.method not in IDEMPOTENT_METHODS and not request.has_idempotency_key:
        return FailoverRefusal.NOT_IDEMPOTENT
    if not request.replayable:
        return FailoverRefusal.BODY_CONSUMED
    if request.attempts > request.max_retries:
        return FailoverRefusal.RETRIES_USED
    if request.seconds_left < _MIN_SECONDS:
        return FailoverRefusal.DEADLINE
    return None


@dataclass(slots=True, kw_only=True)
class RetryBudget:
    """The retries that a process may make: a token bucket, which its threads share.

    After n requests it has allowed RETRY_RESERVE + RETRY_RATIO * n retries at most.
    """

    _tenths: int = RETRY_RESERVE * _SCALE
    _lock: Lock = field(default_factory=Lock)

    def add_request(self) -> None:
        """Earn a part of a retry."""
        with self._lock:
            self._tenths = min(self._tenths + _EARNED, RETRY_RESERVE * _SCALE)

    def take_retry(self) -> bool:
        """Take a retry, and return whether there was one."""
        with self._lock:
            if self._tenths < _SCALE:
                return False
            self._tenths -= _SCALE
            return True
