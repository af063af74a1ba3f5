"""Check the rules of a source: a schema, and expressions that fail or name what is never there."""

from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from signalbox.models.event import Event
from signalbox.models.event_vocabulary import suggest
from signalbox.models.expressions import syntax_tree
from signalbox.models.manifest import ManifestError
from signalbox.models.source import Source
from signalbox.models.source_rules import TaskTransform
from signalbox.services.config.expression_rules import expression_faults
from signalbox.services.deliveries.event_rules import UnfitValue, event_fields, field_value

_EVENT: Final = event_fields(Event(type="", title=""))
_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "group_policy": ("group",),
    "cancel_running": ("group", "group_policy"),
}
"""Fields of a transform that do nothing without others."""

_LITERALS: Final = ("true", "false", "null")
_DOCUMENT: Final = ("event", "payload", "headers")


def source_rule_violations(source: Source) -> Iterator[ManifestError]:
    """Yield what is wrong with the rules of a source, with the path within it."""
    if source.body_schema is not None:
        yield from _in_schema(source.body_schema)
    for path, expression in _expressions(source):
        for reason in expression_faults(expression, _name_fault):
            yield ManifestError(path=path, reason=reason)
    if source.transform:
        yield from _in_transform(source.transform)


def _in_transform(transform: TaskTransform) -> Iterator[ManifestError]:
    expressions = dict(transform.expressions())
    for name, expression in expressions.items():
        # a time is only one of some day: whether it can be had depends on when that is
        if name != "not_before" and (reason := _constant_fault(name, expression)):
            yield ManifestError(path=f"transform.{name}", reason=reason)
        missing = [other for other in _BESIDE.get(name, ()) if other not in expressions]
        if missing:
            reason = f"expects transform.{missing[0]} beside it"
            yield ManifestError(path=f"transform.{name}", reason=reason)


def _constant_fault(field: str, expression: str) -> str | None:
    """Return why a field cannot have the literal that an expression consists of."""
    try:
        node = syntax_tree(expression)
    except (ValueError, RecursionError):
        return None  # which is reported as such
    if node["type"] != "literal" or node["value"] is None or node["value"] is False:
        return None
    try:
        field_value(field, node["value"])
    except UnfitValue as unfit:
        return f"yields no {unfit}"
    return None


def _in_schema(schema: Mapping[str, JsonValue]) -> Iterator[ManifestError]:
    from signalbox.services.deliveries.body_schema import (  # noqa: PLC0415  it takes a while
        BodySchemaInvalid,
        body_schema,
    )

    try:
        body_schema(schema)
    except BodySchemaInvalid as invalid:
        yield ManifestError(path="body_schema", reason=str(invalid))


def _expressions(source: Source) -> Iterator[tuple[str, str]]:
    if source.filter:
        yield "filter", source.filter
    if source.transform:
        for name, expression in source.transform.expressions():
            yield f"transform.{name}", expression


def _name_fault(name: str, member: str | None) -> str | None:
    if name not in _DOCUMENT:
        there_are = ", ".join(_DOCUMENT)
        other = f"the literal `{name}`" if name in _LITERALS else f"text: '{name}'"
        return f"names {name}, and there are {there_are}; is it payload.{name}, or {other}?"
    if name == "event" and member is not None and member not in _EVENT:
        return f'names "event.{member}", which no event has; {suggest(member, _EVENT)}'
    return None
