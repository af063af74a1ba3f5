"""The logs of the functions as lines of text."""

import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from pydantic import JsonValue, TypeAdapter, ValidationError

_PLATFORM = re.compile(r"(START|END|REPORT|INIT_START) ")
_FUNCTION = re.compile(r"(\w+)Function-[0-9A-Za-z]+$")
_METRICS = "_aws"
_FIRST_FIELDS = ("level", "function_name", "message", "exception")
_OMITTED_FIELDS = {
    *_FIRST_FIELDS,
    "cold_start",
    "exception_name",
    "function_arn",
    "function_memory_size",
    "function_request_id",
    "location",
    "service",
    "stack_trace",
    "timestamp",
    "xray_trace_id",
}
_JSON_OBJECT = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """A line that a function, or the platform, has logged."""

    id: str
    milliseconds: int
    message: str


class LogSource(Protocol):
    """A log group."""

    def since(self, milliseconds: int) -> Iterable[LogEvent]:
        """Return its events from this time on, in milliseconds since 1970."""


@dataclass(slots=True, kw_only=True)
class LogFollower:
    """Follow a log group."""

    source: LogSource
    since: int = field(default_factory=lambda: int(time.time() * 1000))
    _seen: set[str] = field(default_factory=set, init=False)

    def new_lines(self) -> Iterator[str]:
        """Yield the lines since the last call."""
        events = list(self.source.since(self.since))
        new = [event for event in events if event.id not in self._seen]
        self._seen = {event.id for event in events}
        for event in sorted(new, key=lambda event: event.milliseconds):
            self.since = max(self.since, event.milliseconds)
            yield from readable_lines(event)


def readable_lines(event: LogEvent) -> Iterator[str]:
    """Yield one line for a message, more for a traceback, none for the platform's own messages."""
    moment = datetime.fromtimestamp(event.milliseconds / 1000, UTC).astimezone()
    for line in _lines(event.message.rstrip()):
        printable = "".join(sign if sign.isprintable() else " " for sign in line)
        yield f"{moment:%H:%M:%S} {printable}"


def _lines(text: str) -> Iterable[str]:
    try:
        fields = _JSON_OBJECT.validate_json(text)
    except ValidationError:
        return [] if _PLATFORM.match(text) else text.splitlines()
    return [] if _METRICS in fields else _structured(fields)


def _structured(fields: dict[str, JsonValue]) -> Iterator[str]:
    level, function, message, exception = (str(fields.get(name) or "") for name in _FIRST_FIELDS)
    named = _FUNCTION.search(function)
    details = (
        f"{name}={_short(value)}"
        for name, value in fields.items()
        if name not in _OMITTED_FIELDS and value is not None
    )
    parts = (f"{level:<7}", named[1] if named else function, message, *details)
    yield " ".join(part for part in parts if part)
    yield from exception.splitlines()


def _short(value: JsonValue) -> str:
    plain = isinstance(value, str) and not re.search(r"[\s\"=]", value)
    return str(value) if plain else json.dumps(value)
