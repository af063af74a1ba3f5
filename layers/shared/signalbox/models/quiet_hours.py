"""Quiet hours: times of the day during which the messages of a subscription wait."""

import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from signalbox.models.base import Model
from signalbox.models.change import Change
from signalbox.models.task import ChangeType, Priority
from signalbox.models.time_zone import time_zone

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY: Final = timedelta(days=1)
_WEEK: Final = 7
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


class Weekday(StrEnum):
    """A day of the week; the order is that of `date.weekday()`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


_WEEKDAYS: Final = tuple(Weekday)


def _time_of_day(text: str) -> str:
    """Return a time of the day.

    Raises:
        ValueError: It is none.
    """
    if not _TIME.fullmatch(text):
        raise ValueError('expects a time of the day in quotes, such as "22:00"')
    return text


TimeOfDay = Annotated[str, Field(max_length=20), AfterValidator(_time_of_day)]
"""A local time, as in 22:00."""


class QuietHours(Model):
    """From when to when messages wait, on the `days` on which the time begins.

    The next day counts if `to` is not later than `from`; the same time is a whole day. `except` has
    the changes and the priorities that do not wait.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="to")
    timezone: Annotated[str, Field(min_length=1, max_length=64)] = "UTC"
    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=_WEEK)] = _WEEKDAYS
    urgent: Annotated[tuple[ChangeType | Priority, ...], Field(max_length=20)] = Field(
        default=(), alias="except"
    )

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.start == self.end and set(self.days) == set(Weekday):
            raise ValueError("never ends: `from` is `to` on every day of the week")
        return self

    def spares(self, change: Change) -> bool:
        """Return whether a change does not wait."""
        return change.change_type in self.urgent or change.data.priority in self.urgent

    def until(self, at: datetime) -> datetime | None:
        """Return when the quiet time ends in which a time is, None if it is in none.

        Where one quiet time follows another, the end is that of the last.

        Raises:
            ValueError: The time zone is not known.
        """
        zone = time_zone(self.timezone)
        until = at
        for _ in range(_WEEK + 1):
            end = self._end_at(until, zone)
            if end is None:
                break
            until = end
        return until if until > at else None

    def _end_at(self, at: datetime, zone: "ZoneInfo") -> datetime | None:
        today = at.astimezone(zone).date()
        for day in (today - _DAY, today):
            if _WEEKDAYS[day.weekday()] in self.days:
                begin = _instants(day, self.start, zone)[0]
                last = day if self.end > self.start else day + _DAY
                end = max(_instants(last, self.end, zone))
                if begin <= at < end:
                    return end
        return None


def _instants(day: date, clock: str, zone: "ZoneInfo") -> tuple[datetime, datetime]:
    """Return when a clock shows a time: twice when it is set back, never when it is set forward.

    A time that is skipped is taken by the offset before the change, then by the one after it.
    """
    local = datetime.combine(day, time.fromisoformat(clock), tzinfo=zone)
    return local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
