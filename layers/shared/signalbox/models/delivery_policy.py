"""How notifications of a connection are sent: when again, how many in a time, in which order."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from signalbox.models.base import Model
from signalbox.models.burst import BurstWindow

MAX_ATTEMPTS: Final = 12
GIVE_UP_HOURS: Final = 72

Wait = Annotated[int, Field(ge=1, le=43_200)]
"""Seconds, up to twelve hours."""


class DeliveryOrder(StrEnum):
    """Which notifications of a connection are never sent before an earlier one has ended."""

    NONE = "none"
    TASK = "task"
    CONNECTION = "connection"


class RetryPolicy(Model):
    """When a notification is sent again after an attempt that failed, and when it is given up.

    `waits` are the seconds before the second attempt, the third and so on, each a tenth more or
    less. Without them the wait doubles with each attempt, of which there are `max_attempts`, 12 by
    default. After `give_up_hours` no attempt follows.
    """

    waits: Annotated[tuple[Wait, ...], Field(max_length=25)] = ()
    max_attempts: Annotated[int, Field(ge=1, le=26)] | None = None
    give_up_hours: Annotated[int, Field(ge=1, le=GIVE_UP_HOURS)] = GIVE_UP_HOURS

    @model_validator(mode="after")
    def _one_number_of_attempts(self) -> Self:
        if self.waits and self.max_attempts is not None:
            raise ValueError("max_attempts follows from waits: give one of them")
        return self

    @property
    def attempts(self) -> int:
        """Return how many attempts are counted until the notification is given up."""
        return len(self.waits) + 1 if self.waits else self.max_attempts or MAX_ATTEMPTS

    @property
    def give_up_after(self) -> timedelta:
        """Return for how long attempts are made."""
        return timedelta(hours=self.give_up_hours)


DEFAULT_RETRY: Final = RetryPolicy.model_construct()


class SendRate(Model):
    """`rate` notifications in a time, spread evenly over it: none are saved up."""

    rate: int = Field(ge=1, le=1_000)
    per: BurstWindow = Field(default=BurstWindow.MINUTE, strict=False)

    @property
    def interval(self) -> int:
        """Return the microseconds between two notifications."""
        return self.per.interval(self.rate)
