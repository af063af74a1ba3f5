"""W3C Trace Context: the trace that a task belongs to, from its request to its notifications.

https://www.w3.org/TR/trace-context/
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from os import urandom
from typing import Final

from signalbox.models.task import Task

TRACEPARENT: Final = "traceparent"
"""The header, and the extension attribute of CloudEvents, in lower case."""

_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_FIRST_VERSION: Final = "00"
_INVALID_VERSION: Final = "ff"
_TRACE_DIGITS: Final = 32
_SPAN_DIGITS: Final = 16
_TRACE: Final = 3
"""Where the trace begins in a context of the first version, then the span, and its flags."""

_SPAN: Final = _TRACE + _TRACE_DIGITS + 1
_FLAGS: Final = _SPAN + _SPAN_DIGITS + 1

_ALL: Final = 1 << 64
_sampling: Final = {"limit": _ALL}
"""The traces are sampled whose id ends with a number below it."""


def read_traceparent(headers: Mapping[str, str]) -> str | None:
    """Return the trace context of a request, None if it has none or one that is not valid.

    That of a later version is reduced to the fields of the first one.
    """
    found = _FORM.fullmatch(headers.get(TRACEPARENT, "").strip())
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == _INVALID_VERSION or (version == _FIRST_VERSION and more):
        return None
    if not trace.strip("0") or not span.strip("0"):
        return None
    return f"{_FIRST_VERSION}-{trace}-{span}-{flags}"


def traceparent_of(origin: str) -> str:
    """Return the context of the trace that begins with what has this id, such as a delivery.

    It is the same each time, so that it need not be stored, and a repetition joins its trace. It is
    marked as sampled, unless only a share of the traces is.
    """
    digits = sha256(origin.encode()).hexdigest()
    trace, span = digits[:_TRACE_DIGITS], digits[_TRACE_DIGITS : _TRACE_DIGITS + _SPAN_DIGITS]
    flags = "01" if int(trace[_SPAN_DIGITS:], 16) < _sampling["limit"] else "00"
    return f"{_FIRST_VERSION}-{trace}-{span}-{flags}"


def new_traceparent() -> str:
    """Return the context of the trace that begins with what has no id."""
    return traceparent_of(urandom(_SPAN_DIGITS).hex())


def child_traceparent(traceparent: str) -> str:
    """Return the context of a new span that is a part of the span with this context."""
    return f"{traceparent[:_SPAN]}{urandom(_SPAN_DIGITS // 2).hex()}{traceparent[_FLAGS - 1 :]}"


def same_trace(one: str, other: str) -> bool:
    """Return whether two contexts are of the same trace."""
    return one[:_SPAN] == other[:_SPAN]


def is_sampled(traceparent: str) -> bool:
    """Return whether the spans of the trace are to be recorded."""
    return bool(int(traceparent[_FLAGS:], 16) & 1)


def sample_traces(share: float) -> None:
    """Mark this share of the traces that begin here as sampled, always the same ones."""
    _sampling["limit"] = int(share * _ALL)


def task_traceparent(task: Task) -> str:
    """Return the trace context of the task: its client's, or that of its delivery."""
    if task.origin.traceparent:
        return task.origin.traceparent
    return traceparent_of(task.origin.delivery_id or f"{task.id}.{task.created_at.isoformat()}")


def trace_fields(traceparent: str | None) -> dict[str, str]:
    """Return the fields of a log line, by which it is found with its trace; none without one."""
    if traceparent is None:
        return {}
    return {"trace_id": traceparent[_TRACE : _SPAN - 1], "span_id": traceparent[_SPAN : _FLAGS - 1]}
