"""W3C Trace Context: the trace that a task belongs to, from its request to its notifications.

https://www.w3.org/TR/trace-context/
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from signalbox.models.task import Task

TRACEPARENT: Final = "traceparent"
"""The header, and the extension attribute of CloudEvents, in lower case."""

_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_FIRST_VERSION: Final = "00"
_INVALID_VERSION: Final = "ff"
_TRACE_DIGITS: Final = 32
_SPAN_DIGITS: Final = 16


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
    marked as sampled, since nobody before decided that it is not.
    """
    digits = sha256(origin.encode()).hexdigest()
    span_end = _TRACE_DIGITS + _SPAN_DIGITS
    return f"{_FIRST_VERSION}-{digits[:_TRACE_DIGITS]}-{digits[_TRACE_DIGITS:span_end]}-01"


def task_traceparent(task: Task) -> str:
    """Return the trace context of the task: its client's, or that of its delivery."""
    if task.origin.traceparent:
        return task.origin.traceparent
    return traceparent_of(task.origin.delivery_id or f"{task.id}.{task.created_at.isoformat()}")


def trace_fields(traceparent: str) -> dict[str, str]:
    """Return the fields of a log line, by which it is found with its trace."""
    _, trace, span, _ = traceparent.split("-")
    return {"trace_id": trace, "span_id": span}
