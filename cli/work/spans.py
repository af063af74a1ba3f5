"""The spans of commands, which are exported where the environment has an endpoint of OTLP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cli.errors import CommandError
from signalbox.models.span import Span, SpanKind
from signalbox.runtime.telemetry import is_exporting

if TYPE_CHECKING:
    from signalbox.models.change import TaskView

_SERVICE: Final = "signalbox-worker"


def start_spans() -> None:
    """Export the spans of this worker, if an endpoint is configured.

    Raises:
        CommandError: It is no URL.
    """
    if not is_exporting():
        return
    from signalbox.runtime.otlp.exporting import start_span_export

    try:
        start_span_export(_SERVICE)
    except ValueError as error:
        raise CommandError(str(error)) from None


def attempt_span(program: str, task: TaskView, worker: str) -> Span:
    """Return the span of an attempt, without the arguments of its command, which may be secret.

    https://opentelemetry.io/docs/specs/semconv/cli/cli-spans/
    """
    span = Span(SpanKind.CLIENT, program, parent=task.traceparent)
    span.attributes.update(
        {
            "process.executable.name": program,
            "signalbox.task_id": task.id,
            "signalbox.kind": task.kind,
            "signalbox.attempt": task.attempt,
            "signalbox.worker": worker,
        }
    )
    return span
