"""The spans of a test."""

from collections.abc import Iterator
from contextlib import contextmanager

from signalbox.models.span import Span, record_spans


@contextmanager
def recorded_spans() -> Iterator[list[Span]]:
    """Record the spans that end inside."""
    spans: list[Span] = []
    record_spans(spans.append)
    try:
        yield spans
    finally:
        record_spans(None)
