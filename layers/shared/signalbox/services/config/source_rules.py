"""Check the rules of a source: expressions that cannot be run, or name what is never there."""

from collections.abc import Iterator
from typing import Final

from signalbox.models.config import Source
from signalbox.models.event import Event
from signalbox.models.event_vocabulary import suggest
from signalbox.models.expressions import check_expression, root_names
from signalbox.models.manifest import ManifestError
from signalbox.services.deliveries.event_rules import event_fields

_EVENT: Final = event_fields(Event(type="", title=""))
_DOCUMENT: Final = ("event", "payload", "headers")


def source_rule_violations(source: Source) -> Iterator[ManifestError]:
    """Yield what is wrong with the rules of a source, with the path within it."""
    expressions = [("filter", source.filter)] if source.filter else []
    if source.transform:
        expressions += [
            (f"transform.{name}", text) for name, text in source.transform.expressions()
        ]
    for path, expression in expressions:
        for reason in _in_expression(expression or ""):
            yield ManifestError(path=path, reason=reason)


def _in_expression(expression: str) -> Iterator[str]:
    try:
        check_expression(expression)
    except ValueError as invalid:
        yield str(invalid)
        return
    for name, member in sorted(set(root_names(expression)), key=str):
        if name not in _DOCUMENT:
            yield f'names "{name}", and there are {", ".join(_DOCUMENT)}; is it payload.{name}?'
        elif name == "event" and member is not None and member not in _EVENT:
            yield f'names "event.{member}", which no event has; {suggest(member, _EVENT)}'
