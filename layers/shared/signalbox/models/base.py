"""What every model of Signalbox has in common."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


class Model(BaseModel):
    """Strict, frozen, closed: a value is right when it is made and stays so."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment lies within the years 1 to 9999") from None


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A point in time, always in UTC."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
"""A short name that people choose: of a source, a connection, a subscription."""


def position(moment: datetime, identifier: str) -> str:
    """Where a thing stands in a list by time; text order is the order of the list."""
    return f"{stamp(moment)}#{identifier}"


def stamp(moment: datetime) -> str:
    """The moment as text of fixed width, so that text order is time order."""
    in_utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{in_utc.isoformat(timespec='microseconds')}Z"
