"""The operation that is under way, as a span of a trace: its log lines have the ids of the trace.

Nothing is recorded unless the process has a recorder of spans, which the runtime sets where they
are exported. Without one a span is the trace context that it was given.

https://opentelemetry.io/docs/specs/otel/trace/api/
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum
from time import time_ns
from types import TracebackType
from typing import Final, Self

from signalbox.models.trace_context import child_traceparent, new_traceparent, same_trace

Attribute = str | bool | int | float
"""The value of an attribute."""


class SpanKind(IntEnum):
    """What a span is to others, with the numbers of OTLP."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    PRODUCER = 4
    CONSUMER = 5


class Span:
    """A span. It is named when more of it is known than at its begin.

    `parent` is the span or the trace context that it is a part of, `own` its own context as soon as
    that is decided. `error` is the kind of the error
    with which it ended, None if it did not.
    """

    __slots__ = (
        "_token",
        "attributes",
        "ended_at",
        "error",
        "kind",
        "links",
        "name",
        "own",
        "parent",
        "recorder",
        "started_at",
    )

    def __init__(
        self, kind: SpanKind, name: str = "", *, parent: "Span | str | None" = None
    ) -> None:
        self.kind = kind
        self.name = name
        self.parent = parent
        self.recorder = _RECORDERS[-1] if _RECORDERS else None
        self.started_at = time_ns() if self.recorder else 0
        self.ended_at = 0
        self.error: str | None = None
        self.attributes: dict[str, Attribute] = {}
        self.links: tuple[str, ...] = ()
        self.own: str | None = None

    def __enter__(self) -> Self:
        """Make it the current span."""
        self._token = CURRENT_SPAN.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """End it, and return to the span before it."""
        CURRENT_SPAN.reset(self._token)
        if kind:
            self.error = self.error or kind.__name__
        if self.recorder:
            self.end()

    @property
    def context(self) -> str | None:
        """Return the trace context of log lines, None as long as the trace is not known."""
        if self.own or not self.parent:
            return self.own
        outer = self.parent if isinstance(self.parent, str) else self.parent.context
        return self.traceparent if outer and self.recorder else outer

    @property
    def traceparent(self) -> str:
        """Return the trace context of this span, which is a part of no other trace from then on."""
        if self.own is None:
            parent = self.parent.traceparent if isinstance(self.parent, Span) else self.parent
            self.own = child_traceparent(parent) if parent else new_traceparent()
        return self.own

    def begin(self, traceparent: str) -> None:
        """Make this the span that a trace begins with, unless it is a part of one already."""
        if self.own is None and self.parent is None:
            self.own = traceparent
        elif isinstance(self.parent, Span) and self.context is None:
            self.own = traceparent
            self.parent.begin(child_traceparent(traceparent))

    def join(self, traceparent: str) -> None:
        """Make this span a part of a trace; one that is a part of another is linked to it."""
        if self.own is None and self.parent is None:
            self.parent = traceparent
            return
        context = self.context
        if context is None and isinstance(self.parent, Span):
            self.parent.join(traceparent)
        elif context and not same_trace(context, traceparent) and traceparent not in self.links:
            self.links = (*self.links, traceparent)

    def end(self) -> None:
        """Record the span, if spans are recorded."""
        if self.recorder and not self.ended_at:
            self.ended_at = time_ns()
            self.recorder(self)


@contextmanager
def current_span(span: Span) -> Iterator[None]:
    """Make it the current span for a part of what it records; it goes on afterwards."""
    token = CURRENT_SPAN.set(span)
    try:
        yield
    finally:
        CURRENT_SPAN.reset(token)


SpanRecorder = Callable[[Span], None]
"""Record a span that has ended. It never raises."""

CURRENT_SPAN: Final[ContextVar[Span | None]] = ContextVar("span", default=None)
"""The span of what this thread or coroutine is doing."""

_RECORDERS: Final[list[SpanRecorder]] = []


def record_spans(recorder: SpanRecorder | None) -> None:
    """Let spans that begin from now on be recorded, or none of them."""
    _RECORDERS[:] = [recorder] if recorder else []


def begin_trace(traceparent: str | None) -> None:
    """Make the current span the one that a trace begins with."""
    if traceparent and (span := CURRENT_SPAN.get()):
        span.begin(traceparent)


def join_trace(traceparent: str | None) -> None:
    """Make the current span a part of a trace, or link it."""
    if traceparent and (span := CURRENT_SPAN.get()):
        span.join(traceparent)


def current_traceparent(of: str | None = None) -> str | None:
    """Return the context that is passed on: that of the current span, None if there is none.

    Of what belongs to a trace, such as a notification, it is the context `of` that, unless the
    current span is a part of the same trace.
    """
    span = CURRENT_SPAN.get()
    context = span.context if span else None
    return context if context and (of is None or same_trace(context, of)) else of
