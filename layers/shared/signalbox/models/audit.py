"""The audit log: who did what to what, and how it ended.

Each day has a chain of records, numbered from 1. The hash of a record covers the record and the
hash of the one before it. The first record of a day continues the last day that has records, so
removing the end of a day is detected as soon as a later day has a record.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field, JsonValue, TypeAdapter

from signalbox.models.base import DEFERRED, Model, UtcDatetime
from signalbox.models.errors import SignalboxError
from signalbox.models.frozen import frozen
from signalbox.models.redaction import redacted
from signalbox.models.text import one_line

MAX_GAP_DAYS: Final = 7
"""How many days without a record a chain may span."""

_NO_HASH: Final = "0" * 64
_MAX_TEXT: Final = 256
_document: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue], config=DEFERRED)


def _clean(text: str) -> str:
    return one_line(redacted(text[: 4 * _MAX_TEXT]), _MAX_TEXT)


AuditText = Annotated[str, AfterValidator(_clean)]
"""Text in one line, without secrets, cut if it is too long."""

Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
"""A day such as `2026-11-21`, in UTC."""


class AuditResult(StrEnum):
    """The result of an action."""

    ALLOWED = "allowed"
    DENIED = "denied"
    FAILED = "failed"


class AuditEvent(Model):
    """An action of a principal, or one that was denied."""

    at: UtcDatetime
    actor: AuditText
    action: AuditText
    object: AuditText
    result: AuditResult
    request_id: AuditText
    source_ip: AuditText


@frozen
class AuditFilter:
    """What the events of a list have: a result, and texts that the other fields contain."""

    result: AuditResult | None = None
    actor: str = ""
    action: str = ""
    object: str = ""

    def matches(self, event: AuditEvent) -> bool:
        """Return whether an event has all of this; upper and lower case are the same."""
        texts = (
            (self.actor, event.actor),
            (self.action, event.action),
            (self.object, event.object),
        )
        return self.result in {None, event.result} and all(
            part.casefold() in text.casefold() for part, text in texts
        )


class ChainHead(Model):
    """The last record of a chain, which the next one continues."""

    day: Day
    number: int = Field(ge=1)
    hash: str


class AuditRecord(Model):
    """An event in its chain. `after` is given if the record before it is of another day."""

    day: Day
    number: int = Field(ge=1)
    after: ChainHead | None = None
    previous: str
    entry: AuditEvent
    hash: str = ""

    @property
    def end(self) -> ChainHead:
        """Return this record as the head of its chain."""
        return ChainHead(day=self.day, number=self.number, hash=self.hash)


@frozen
class StoredRecord:
    """A record as it is stored: the text of its number, and its document."""

    number: str
    document: str


class Tampering(Model):
    """The first record of a day that is not as it was written."""

    day: Day
    number: str
    reason: str


class ChainInvalid(SignalboxError):
    """A record is not as it was written."""

    def __init__(self, day: str, number: str, reason: str) -> None:
        super().__init__(f"row {number} of {day} {reason}")
        self.breach = Tampering(day=day, number=number, reason=reason)


def day_of(time: datetime) -> str:
    """Return the day of a time."""
    return time.astimezone(UTC).date().isoformat()


def add_days(day: str, step: int) -> str:
    """Return the day a number of days later, or earlier."""
    return (date.fromisoformat(day) + timedelta(days=step)).isoformat()


def record_number(number: int) -> str:
    """Return the number of a record as text of fixed width, which sorts like the records."""
    return f"{number:08d}"


def append_to_chain(event: AuditEvent, day: str, last: ChainHead | None) -> AuditRecord:
    """Return the event as the next record of a day; `last` is the head of the chain."""
    same_day = last is not None and last.day == day
    record = AuditRecord(
        day=day,
        number=last.number + 1 if last and same_day else 1,
        after=None if same_day else last,
        previous=last.hash if last else _NO_HASH,
        entry=event,
    )
    return record.model_copy(
        update={"hash": _digest(_document.validate_json(record.model_dump_json()))}
    )


def chain_head(day: str, stored: StoredRecord) -> ChainHead:
    """Return the head that the next record continues, even if this record cannot be parsed."""
    try:
        stored_hash = _document.validate_json(stored.document).get("hash")
    except ValueError:
        stored_hash = None
    fallback_hash = hashlib.sha256(stored.document.encode("utf-8", "surrogatepass")).hexdigest()
    digits = re.match(r"[0-9]{1,8}", stored.number)
    return ChainHead(
        day=day,
        number=max(1, int(digits[0])) if digits else 1,
        hash=stored_hash if isinstance(stored_hash, str) else fallback_hash,
    )


def verify_next(day: str, last: ChainHead | None, stored: StoredRecord) -> ChainHead:
    """Return the head after this record; `last` is None at the start of a day.

    Raises:
        ChainInvalid: The record does not follow `last`.
    """
    expected = record_number(last.number + 1 if last else 1)
    if stored.number != expected:
        if re.fullmatch(r"[0-9]{8}", stored.number) and stored.number > expected:
            raise ChainInvalid(day, expected, "is missing")
        raise ChainInvalid(day, stored.number, "does not belong there")
    try:
        record = _document.validate_json(stored.document)
    except ValueError:
        record = {}
    digest = _digest(record)
    if (record.get("day"), record.get("number"), record.get("hash")) != (
        day,
        int(expected),
        digest,
    ):
        raise ChainInvalid(day, expected, "was changed")
    if last and record["previous"] != last.hash:
        raise ChainInvalid(day, record_number(last.number), "was changed, or the row after it was")
    return ChainHead(day=day, number=int(expected), hash=digest)


def _digest(record: Mapping[str, JsonValue]) -> str:
    """Return the SHA-256 of the previous hash and of the record as JSON with sorted members."""
    covered = {name: value for name, value in record.items() if name != "hash"}
    text = json.dumps(covered, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(
        f"{record.get('previous')}{text}".encode("utf-8", "surrogatepass")
    ).hexdigest()
