"""Which calls are repeated, and when: by the rules of the standard mode of AWS's SDKs.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from dataclasses import dataclass, field
from random import Random, SystemRandom
from threading import Lock
from typing import Final

from signalbox.aws.errors import AwsError, AwsRefused
from signalbox.models.frozen import frozen

_THROTTLED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_TRANSIENT: Final = frozenset({"InternalError", "RequestTimeout", "RequestTimeoutException"})
_TRANSIENT_STATUS: Final = frozenset({500, 502, 503, 504})
_BUDGET: Final = 500
_COST: Final = 14
_THROTTLED_COST: Final = 5
_THROTTLED_DELAY: Final = 1.0
_MAX_DELAY: Final = 20.0


@dataclass(slots=True, eq=False, repr=False)
class AwsRetryBudget:
    """What a client may spend on retries; calls that succeed fill it again.

    While a service is down it is soon empty, and each call is made once.
    """

    left: int = _BUDGET
    _lock: Lock = field(default_factory=Lock)

    def take(self, cost: int) -> bool:
        """Spend the cost of a retry, and return whether that was possible."""
        with self._lock:
            if cost > self.left:
                return False
            self.left -= cost
            return True

    def give(self, amount: int) -> None:
        """Give back what a call spent that succeeded, or a little for one without a retry."""
        if self.left < _BUDGET:
            with self._lock:
                self.left = min(_BUDGET, self.left + amount)


@frozen
class AwsRetries:
    """How often a call is made, and how long it waits before it is repeated."""

    attempts: int = 3
    delay: float = 0.05
    budget: AwsRetryBudget = field(default_factory=AwsRetryBudget)
    random: Random = field(default_factory=SystemRandom)

    def pause(self, error: AwsError, attempt: int) -> float | None:
        """Return the seconds to wait after an attempt, counted from 1; None if it was the last."""
        cost = retry_cost(error)
        if cost is None or attempt >= self.attempts or not self.budget.take(cost):
            return None
        base = _THROTTLED_DELAY if cost == _THROTTLED_COST else self.delay
        # full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        return self.random.uniform(0, min(_MAX_DELAY, base * 2 ** (attempt - 1)))

    def succeeded(self, error: AwsError | None) -> None:
        """Record the success of a call, after a retry for an error if there is one."""
        self.budget.give((retry_cost(error) or 1) if error else 1)


def retry_cost(error: AwsError) -> int | None:
    """Return what a retry after this error costs, None if a call is not repeated after it."""
    if not isinstance(error, AwsRefused):
        return _COST
    if error.code in _THROTTLED:
        return _THROTTLED_COST
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return _COST if error.code in _TRANSIENT or status in _TRANSIENT_STATUS else None
