"""The audit log: who did what to what, and how it ended.

Each day has a chain of rows, numbered from 1. A row's hash covers the row and the hash of the row
before it; the first row of a day carries on the last day that has rows, so that an end that was
cut off is missed as soon as there is a row of a later day.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field, JsonValue, TypeAdapter

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.errors import SignalboxError
from signalbox.models.redaction import redacted
from signalbox.models.text import one_line

MAX_GAP_DAYS: Final = 7
"""How many days without a row a chain reaches over."""

_NOTHING: Final = "0" * 64
_LONGEST: Final = 256
_document: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])


def _clean(text: str) -> str:
    return one_line(redacted(text[: 4 * _LONGEST]), _LONGEST)


AuditText = Annotated[str, AfterValidator(_clean)]
"""Text in one line, without secrets, cut where it is too long."""

Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
"""A day as `2026-11-21`, in UTC."""


class AuditResult(StrEnum):
    """How it ended."""

    ALLOWED = "allowed"
    DENIED = "denied"
    FAILED = "failed"


class AuditEvent(Model):
    """One thing that somebody did, or was not let do."""

    at: UtcDatetime
    actor: AuditText
    action: AuditText
    object: AuditText
    result: AuditResult
    request_id: AuditText
    source_ip: AuditText


class ChainHead(Model):
    """The last row of a chain, which the next one carries on."""

    day: Day
    number: int = Field(ge=1)
    hash: str


class AuditRecord(Model):
    """An entry in its chain. `after` is given where the row before is of another day."""

    day: Day
    number: int = Field(ge=1)
    after: ChainHead | None = None
    previous: str
    entry: AuditEvent
    hash: str = ""

    @property
    def end(self) -> ChainHead:
        """Return this row as the next one names it."""
        return ChainHead(day=self.day, number=self.number, hash=self.hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A row as it is stored, by whomever: the text of its number, and its document."""

    number: str
    document: str


class Tampering(Model):
    """The first row of a day that is not as it was written."""

    day: Day
    number: str
    reason: str


class ChainInvalid(SignalboxError):
    """A row is not as it was written."""

    def __init__(self, day: str, number: str, reason: str) -> None:
        super().__init__(f"row {number} of {day} {reason}")
        self.breach = Tampering(day=day, number=number, reason=reason)


def day_of(moment: datetime) -> str:
    """Return the day of a moment."""
    return moment.astimezone(UTC).date().isoformat()


def add_days(day: str, step: int) -> str:
    """Return the day so many days later, or earlier."""
    return (date.fromisoformat(day) + timedelta(days=step)).isoformat()


def record_number(number: int) -> str:
    """Return the number of a row as text of fixed width.

    So that text order is the order of the rows.
    """
    return f"{number:08d}"


def append_to_chain(entry: AuditEvent, day: str, last: ChainHead | None) -> AuditRecord:
    """Return the entry as the next row of a day; `last` is the row to carry on, of any day."""
    here = last is not None and last.day == day
    row = AuditRecord(
        day=day,
        number=last.number + 1 if last and here else 1,
        after=None if here else last,
        previous=last.hash if last else _NOTHING,
        entry=entry,
    )
    return row.model_copy(update={"hash": _digest(_document.validate_json(row.model_dump_json()))})


def chain_head(day: str, kept: StoredRecord) -> ChainHead:
    """Return what the next row carries on, even where this one cannot be read any longer."""
    try:
        claimed = _document.validate_json(kept.document).get("hash")
    except ValueError:
        claimed = None
    lost = hashlib.sha256(kept.document.encode("utf-8", "surrogatepass")).hexdigest()
    digits = re.match(r"[0-9]{1,8}", kept.number)
    return ChainHead(
        day=day,
        number=max(1, int(digits[0])) if digits else 1,
        hash=claimed if isinstance(claimed, str) else lost,
    )


def verify_next(day: str, last: ChainHead | None, kept: StoredRecord) -> ChainHead:
    """Return the row that follows `last`, None at the start of a day.

    Raises:
        ChainInvalid: The chain is broken.
    """
    expected = record_number(last.number + 1 if last else 1)
    if kept.number != expected:
        if re.fullmatch(r"[0-9]{8}", kept.number) and kept.number > expected:
            raise ChainInvalid(day, expected, "is missing")
        raise ChainInvalid(day, kept.number, "does not belong there")
    try:
        row = _document.validate_json(kept.document)
    except ValueError:
        row = {}
    digest = _digest(row)
    if (row.get("day"), row.get("number"), row.get("hash")) != (day, int(expected), digest):
        raise ChainInvalid(day, expected, "was changed")
    if last and row["previous"] != last.hash:
        raise ChainInvalid(day, record_number(last.number), "was changed, or the row after it was")
    return ChainHead(day=day, number=int(expected), hash=digest)


def _digest(row: Mapping[str, JsonValue]) -> str:
    """Return the SHA-256 of the hash before and of the row as JSON with sorted members."""
    covered = {name: value for name, value in row.items() if name != "hash"}
    text = json.dumps(covered, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(
        f"{row.get('previous')}{text}".encode("utf-8", "surrogatepass")
    ).hexdigest()
