"""When a request is repeated, and after how long."""

from dataclasses import dataclass, field
from random import SystemRandom
from typing import Final

from signalbox_client.errors import ApiError, SignalboxError, TooManyRequests, Unreachable
from signalbox_client.operations import Operation

_REPEATABLE_STATUSES: Final = frozenset({429, 500, 502, 503, 504})


class NotSent(Unreachable):
    """The request did not reach the API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and when a request is repeated.

    A request that may be sent twice is repeated after 429, 500, 502, 503, 504 and lost
    connections. Another one is repeated only after 429, and if it was not sent. The pause is
    random, up to `base` seconds, doubled each time and at most `cap`, and not shorter than
    Retry-After; a longer Retry-After than `patience` ends the attempts.
    """

    attempts: int = 4
    base: float = 0.5
    cap: float = 10.0
    patience: float = 60.0
    random: SystemRandom = field(default_factory=SystemRandom, repr=False, compare=False)

    def pause(
        self, error: SignalboxError, attempt: int, operation: Operation[object]
    ) -> float | None:
        """Return the seconds before the next attempt, None if there is to be none.

        Args:
            error: Why the attempt failed.
            attempt: Its number, from 1.
            operation: What was sent.
        """
        after = error.retry_after if isinstance(error, ApiError) else 0.0
        is_last = operation.is_single or attempt >= self.attempts or after > self.patience
        if is_last or not _may_repeat(error, operation):
            return None
        jitter = self.random.uniform(0, min(self.cap, self.base * 2 ** (attempt - 1)))
        return after + jitter if after else jitter


def _may_repeat(error: SignalboxError, operation: Operation[object]) -> bool:
    if isinstance(error, TooManyRequests | NotSent):
        return True
    if isinstance(error, ApiError):
        return operation.repeatable and error.status in _REPEATABLE_STATUSES
    return operation.repeatable and isinstance(error, Unreachable)
