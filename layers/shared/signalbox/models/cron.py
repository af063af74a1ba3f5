"""Cron expressions of five fields, in a time zone.

Where the clock is changed, the rules are those of Debian's cron. A time of the day that is skipped
counts as the first minute after the gap, one that is repeated counts the first time. An expression
whose minutes or hours begin with `*` follows the clock as it runs: it has nothing in the gap, and
both of the repeated hours.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from heapq import merge
from itertools import dropwhile, groupby
from typing import Final

from signalbox.models.frozen import frozen
from signalbox.models.time_zone import time_zone

_FIELDS: Final = 5
_MINUTE: Final = timedelta(minutes=1)
_MAX_SHIFT: Final = timedelta(hours=3)
"""More than any clock is set back by."""


class CronInvalid(ValueError):
    """An expression is not valid."""


@frozen
class Cron:
    """An expression, and the time zone of its times."""

    expression: str
    timezone: str

    def check(self) -> None:
        """Check expression and time zone.

        Raises:
            CronInvalid: The expression is not valid, or never matches.
            ValueError: The time zone is not known.
        """
        now = datetime(2024, 1, 1, tzinfo=UTC)
        if next(self.after(now), None) is None:
            raise CronInvalid("never matches")

    def after(self, time: datetime) -> Iterator[datetime]:
        """Yield the times after a time, in UTC, in order; at most the next fifty years.

        Raises:
            CronInvalid: The expression is not valid.
            ValueError: The time zone is not known.
        """
        times = self._times(time, reverse=False)
        return _distinct(dropwhile(lambda at: at <= time, times))

    def until(self, time: datetime) -> Iterator[datetime]:
        """Yield the times until a time, in UTC, the latest first.

        Raises:
            CronInvalid: The expression is not valid.
            ValueError: The time zone is not known.
        """
        times = self._times(time, reverse=True)
        return _distinct(dropwhile(lambda at: at > time, times))

    def _times(self, begin: datetime, *, reverse: bool) -> Iterator[datetime]:
        """Yield the times from a little before `begin` on, some of them twice."""
        zone = time_zone(self.timezone)
        local = begin.astimezone(zone).replace(tzinfo=None, fold=0)
        # where the clock is set back, what comes next may have an earlier local time
        local += _MAX_SHIFT if reverse else -_MAX_SHIFT
        if not any(field.startswith("*") for field in self.expression.split()[:2]):
            return (_once(at, zone) for at in self._local_times(local, reverse=reverse))
        return merge(
            _with_fold(self._local_times(local, reverse=reverse), zone, 0),
            _with_fold(self._local_times(local, reverse=reverse), zone, 1),
            reverse=reverse,
        )

    def _local_times(self, begin: datetime, *, reverse: bool) -> Iterator[datetime]:
        # without a zone: cronsim 2.8 loops for ever where a clock is changed by 45 minutes
        from cronsim import CronSim, CronSimError  # noqa: PLC0415  rarely needed

        if len(self.expression.split()) != _FIELDS:
            raise CronInvalid("expects five fields: minute, hour, day, month, day of the week")
        try:
            return CronSim(self.expression, begin, reverse)
        except CronSimError as error:
            raise CronInvalid(f"is no cron expression: {str(error).lower()}") from None


def _once(local: datetime, zone: tzinfo) -> datetime:
    """Return the first time at which the clock shows a local time, or what follows in a gap."""
    while _shown(at := local.replace(tzinfo=zone).astimezone(UTC), zone) != local:
        local += _MINUTE
    return at


def _with_fold(times: Iterator[datetime], zone: tzinfo, fold: int) -> Iterator[datetime]:
    """Yield when the clock shows local times, the first or the second time, without a gap."""
    for local in times:
        at = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if _shown(at, zone) == local:
            yield at


def _shown(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _distinct(times: Iterator[datetime]) -> Iterator[datetime]:
    return (at for at, _ in groupby(times))
