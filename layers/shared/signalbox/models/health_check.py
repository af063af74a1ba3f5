"""How the health of the instances of a service is found out: by checks, and by the calls made."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final
from zlib import crc32

from pydantic import Field, StringConstraints

from signalbox.models.base import EPOCH, Model
from signalbox.models.circuit import CallResult

CHECK_PASS: Final = timedelta(seconds=30)
"""The time between two passes over all services; intervals are multiples of it."""

OUTLIER_CALLS: Final = 100
"""How many calls of an instance a process remembers at most."""

_OUTLIER_WINDOW: Final = timedelta(seconds=30)


class HealthCheck(Model):
    """How the instances of a service are checked: a GET of `path`, every `interval_seconds`.

    An instance is unhealthy after as many failed checks in a row as `unhealthy_threshold`, and
    healthy again after as many successful ones as `healthy_threshold`.
    """

    path: Annotated[str, StringConstraints(pattern=r"^/[!-\"$-~]{0,300}$")] = "/health"
    expected_status: Annotated[
        str, StringConstraints(pattern=r"^[1-5][0-9]{2}(-[1-5][0-9]{2})?$")
    ] = "200-399"
    interval_seconds: Annotated[int, Field(ge=30, le=3_600, multiple_of=30)] = 30
    timeout_seconds: Annotated[float, Field(ge=0.1, le=10)] = 2.0
    healthy_threshold: Annotated[int, Field(ge=1, le=10)] = 2
    unhealthy_threshold: Annotated[int, Field(ge=1, le=10)] = 3

    def expects(self, status: int) -> bool:
        """Return whether the status of a response is that of a healthy instance."""
        low, _, high = self.expected_status.partition("-")
        return int(low) <= status <= int(high or low)

    def is_due(self, service: str, scheduled_at: datetime) -> bool:
        """Return whether a pass checks the service; services are spread over the passes.

        Pass the time for which it was scheduled: it may begin late, and would count as the next.
        """
        passes = self.interval_seconds // int(CHECK_PASS.total_seconds())
        return (int((scheduled_at - EPOCH) / CHECK_PASS) + crc32(service.encode())) % passes == 0


class OutlierDetection(Model):
    """When a process ejects an instance by the calls that it made itself, and for how long.

    The first ejection lasts for `ejection_seconds`, further ones twice as long each, up to five
    minutes.
    """

    consecutive_failures: Annotated[int, Field(ge=1, le=100)] = 5
    failure_percent: Annotated[int, Field(ge=1, le=100)] = 50
    min_calls: Annotated[int, Field(ge=2, le=OUTLIER_CALLS)] = 10
    ejection_seconds: Annotated[int, Field(ge=1, le=300)] = 30

    def is_outlier(self, calls: Sequence[CallResult], now: datetime) -> bool:
        """Return whether these calls of an instance, the latest last, are a reason to eject it."""
        recent = [call.answered for call in calls if now - call.at <= _OUTLIER_WINDOW]
        last, failures = recent[-self.consecutive_failures :], recent.count(False)
        return last.count(False) == self.consecutive_failures or (
            len(recent) >= self.min_calls and 100 * failures >= self.failure_percent * len(recent)
        )
