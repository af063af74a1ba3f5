"""What every model of Signalbox has in common."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

JsonObject = dict[str, JsonValue]
"""A JSON object, decoded."""

_WRITTEN: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


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


UtcDatetime = Annotated[datetime, AfterValidator(_in_utc)]
"""A point in time, always in UTC."""


def _written_out(given: object) -> object:
    """Check whether it is valid.

    Raises:
        ValueError: For what is no moment by RFC 3339; a number is none.
    """
    if isinstance(given, datetime):
        return given
    if not isinstance(given, str) or not _WRITTEN.fullmatch(given):
        raise ValueError("a moment is of the form 2026-03-01T12:00:00Z")
    return given


Rfc3339 = Annotated[UtcDatetime, BeforeValidator(_written_out), Field(strict=False)]
"""A moment as callers write it; pydantic alone would also take seconds since 1970."""

NAME_CONSTRAINTS: Final = StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", max_length=63)
Name = Annotated[str, NAME_CONSTRAINTS]
"""A short name that people choose: of a source, a connection, a subscription."""


def list_position(moment: datetime, identifier: str) -> str:
    """Return where a thing stands in a list by time; text order is the order of the list."""
    return f"{sortable_time(moment)}#{identifier}"


def sortable_time(moment: datetime) -> str:
    """Return the moment as text of fixed width, so that text order is time order."""
    in_utc = moment.astimezone(UTC).replace(tzinfo=None)
    return f"{in_utc.isoformat(timespec='microseconds')}Z"
