"""Apply the rules of a source to the contents of a delivery: its schema, filter and transform.

A rule that cannot be applied fails the delivery, which is stored and can be replayed once the
source is corrected. This module is imported only for sources that have such rules.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, TypeVar

from pydantic import JsonValue, TypeAdapter

from signalbox.models.base import DEFERRED, Rfc3339
from signalbox.models.errors import SourceRuleFailed
from signalbox.models.event import Event
from signalbox.models.expressions import ExpressionFailed, evaluate, is_true
from signalbox.models.frozen import frozen
from signalbox.models.relations import MAX_GROUP, GroupPolicy, TaskRelations
from signalbox.models.source import Source
from signalbox.models.start_time import StartTooLate, start_time
from signalbox.models.task import Priority, Task
from signalbox.models.text import one_line, web_url

FILTERED: Final = "the filter of the source leaves it out"
"""The note on an event for which the filter is not true."""

_MAX_TEXT: Final = 10_000
_MAX_ITEMS: Final = 50
_MAX_ITEM: Final = 2_000
_DIGEST: Final = 32
_GROUPING: Final = ("group", "group_policy", "cancel_running")
_Choice = TypeVar("_Choice", Priority, GroupPolicy)
_KIND: Final = re.compile(r"[a-z][a-z0-9._-]{0,99}")


class UnfitValue(Exception):
    """A value is not what a field of a task can be; the message is what the field expects."""


@frozen
class EventRules:
    """The rules of a source, and what of a delivery they are applied to.

    `payload` is its decoded body, `headers` are those that are recorded with it. `received_at` is
    the time of its arrival, if that was before now.
    """

    source: Source
    payload: JsonValue
    headers: Mapping[str, str]
    received_at: datetime | None = None

    def check_body(self) -> None:
        """Check the body against the schema of the source.

        Raises:
            SourceRuleFailed: It does not keep to the schema, or cannot be checked.
        """
        if self.source.body_schema is None:
            return
        from signalbox.services.deliveries.body_schema import (  # noqa: PLC0415  it takes a while
            BodySchemaInvalid,
            body_schema,
        )

        try:
            violation = body_schema(self.source.body_schema).violation(self.payload)
        except BodySchemaInvalid as invalid:
            raise SourceRuleFailed(f"body_schema cannot be applied: {invalid}") from None
        if violation:
            raise SourceRuleFailed(f"the body does not keep to the schema: {violation}")

    def refusal(self, event: Event) -> str | None:
        """Return why an event is left out, or None if the filter is true for it.

        Raises:
            SourceRuleFailed: The filter cannot be applied to it.
        """
        expression = self.source.filter
        if expression is None or is_true(self._value("filter", expression, event)):
            return None
        return FILTERED

    def transformed(self, task: Task, event: Event) -> Task:
        """Return the task of an event with the fields that the source transforms.

        Raises:
            SourceRuleFailed: An expression cannot be computed, or yields what the field cannot be.
        """
        transform = self.source.transform
        if transform is None:
            return task
        changes: dict[str, Any] = {}
        for name, expression in transform.expressions():
            rule = f"transform.{name}"
            value = self._value(rule, expression, event)
            if value is None or value is False:
                continue
            try:
                changes[name] = (
                    _start_time(value, task.created_at)
                    if name == "not_before"
                    else field_value(name, value)
                )
            except UnfitValue as unfit:
                raise SourceRuleFailed(f"{rule} yields no {unfit}") from None
        grouping = {name: changes.pop(name) for name in _GROUPING if name in changes}
        if "group" in grouping:
            changes["relations"] = TaskRelations(**grouping, group_since=self.received_at)
        return task.model_copy(update=changes)

    def _value(self, rule: str, expression: str, event: Event) -> JsonValue:
        document: JsonValue = {
            "event": event_fields(event),
            "payload": self.payload,
            "headers": {**self.headers},
        }
        try:
            return evaluate(expression, document)
        except ExpressionFailed as failed:
            raise SourceRuleFailed(f"{rule} cannot be applied: {failed}") from None


def field_value(field: str, value: JsonValue) -> object:
    """Return what a field of a task is when its expression yields the value.

    Raises:
        UnfitValue: The field cannot have it.
    """
    return _READERS[field](value)


def event_fields(event: Event) -> dict[str, JsonValue]:
    """Return the fields of an event that expressions can name."""
    return {
        "type": event.type,
        "detail": event.detail,
        "title": event.title,
        "author": event.author.name if event.author else None,
        "bot": event.author.automated if event.author else None,
        "writer": event.writer.name if event.writer else None,
        "occurred_at": event.occurred_at.isoformat() if event.occurred_at else None,
        "repository": event.repository,
        "branch": event.branch,
        "commit": event.commit,
        "url": event.url,
        "labels": [*event.labels],
        "text": event.text,
        "previous_text": event.previous_text,
    }


def _text(value: JsonValue) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnfitValue("text")
    try:
        text = str(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        raise UnfitValue("text") from None
    return text.encode("utf-8", "replace").decode()[:_MAX_TEXT]


def _line(value: JsonValue) -> str:
    line = one_line(_text(value))
    if not line:
        raise UnfitValue("text")
    return line


def _items(value: JsonValue) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(_text(item)[:_MAX_ITEM] for item in values[:_MAX_ITEMS] if item is not None)


def _labels(value: JsonValue) -> tuple[str, ...]:
    return tuple(filter(None, map(one_line, _items(value))))


def _kind(value: JsonValue) -> str:
    kind = _text(value).casefold()
    if not _KIND.fullmatch(kind):
        raise UnfitValue("kind, which has letters, digits and the signs . _ -")
    return kind


def _choice(choices: type[_Choice], expected: str) -> Callable[[JsonValue], _Choice]:
    """Return the reader of a field that has one of these values."""

    def read(value: JsonValue) -> _Choice:
        try:
            return choices(_text(value).casefold())
        except ValueError:
            raise UnfitValue(expected) from None

    return read


def _url(value: JsonValue) -> str:
    url = web_url(_text(value))
    if url is None:
        raise UnfitValue("URL")
    return url


def _start_time(value: JsonValue, now: datetime) -> datetime | None:
    """Return the time that a value names, or that is so many seconds from now."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return start_time(now + timedelta(seconds=value), now)
        return start_time(_TIME.validate_python(value), now)
    except (ValueError, OverflowError, StartTooLate):
        raise UnfitValue("time within a year, or number of seconds") from None


_TIME: Final[TypeAdapter[datetime]] = TypeAdapter(Rfc3339, config=DEFERRED)


def _group(value: JsonValue) -> str:
    """Return the name of a group, shortened so that different names stay different."""
    name = one_line(_text(value), _MAX_TEXT)
    if not name:
        raise UnfitValue("text")
    if len(name) <= MAX_GROUP:
        return name
    digest = sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{name[: MAX_GROUP - _DIGEST - 1]}…{digest}"


def _flag(value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise UnfitValue("true or false")
    return value


_READERS: Final[Mapping[str, Callable[[JsonValue], object]]] = {
    "kind": _kind,
    "title": _line,
    "description": _text,
    "instruction": _text,
    "arguments": _items,
    "labels": _labels,
    "priority": _choice(Priority, "priority, which is high, normal or low"),
    "repository": _line,
    "branch": _line,
    "url": _url,
    "group": _group,
    "group_policy": _choice(GroupPolicy, "policy of a group, which is queue or latest"),
    "cancel_running": _flag,
}
