"""The export of this process: what it observes, when it sends, and when it ends."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast

from signalbox.models.frozen import frozen
from signalbox.models.span import Span, SpanKind, record_spans
from signalbox.models.trace_context import sample_traces
from signalbox.runtime.environment import process_environment
from signalbox.runtime.otlp.log_records import SpanLogHandler
from signalbox.runtime.otlp.pipeline import INTERVAL_SECONDS, TelemetryPipeline
from signalbox.runtime.otlp.sender import OtlpSender, ReadHeaders
from signalbox.runtime.otlp.settings import OtlpSettings, otlp_settings
from signalbox.runtime.telemetry import LOGGER_NAME, logger, observe_metrics

H = TypeVar("H", bound=Callable[..., Any])

_TIMER: Final = "timer"
_SPARE_SECONDS: Final = 0.5
_running: Final[list["_Export"]] = []


@frozen
class _Export:
    settings: OtlpSettings
    sender: OtlpSender
    pipeline: TelemetryPipeline


def start_export(read_headers: ReadHeaders) -> None:
    """Export what this process observes from now on; a process does so once.

    Settings that are not valid are logged: work goes on without an export.
    """
    if _running:
        return
    try:
        settings = otlp_settings(process_environment())
    except ValueError as error:
        logger().error("telemetry is not exported", extra={"reason": str(error)})
        return
    pipeline = _start(settings, read_headers)
    observe_metrics(pipeline.metrics.add)
    logger().addHandler(SpanLogHandler(pipeline.add_record))
    if not settings.may_send_secrets:
        reason = "headers are sent by https only, or on this machine"
        logger().warning("telemetry is sent without headers", extra={"reason": reason})


def start_span_export(service: str) -> None:
    """Export the spans of a command in the name of a service, with the headers of its environment.

    Raises:
        ValueError: The settings are not valid.
    """
    if not _running:
        _start(otlp_settings(process_environment(), service), lambda: ())


def _start(settings: OtlpSettings, read_headers: ReadHeaders) -> TelemetryPipeline:
    interval = INTERVAL_SECONDS if settings.in_background else None
    sender = OtlpSender(settings, read_headers)
    pipeline = TelemetryPipeline(sender, interval=interval)
    _running.append(_Export(settings=settings, sender=sender, pipeline=pipeline))
    record_spans(pipeline.add_span)
    sample_traces(settings.share)
    if settings.in_background:
        pipeline.start()
    return pipeline


def stop_export() -> None:
    """Send what is left, and export no more."""
    for export in _running:
        export.pipeline.stop(export.settings.timeout)
        export.sender.close()
    _running.clear()
    record_spans(None)
    sample_traces(1.0)
    observe_metrics(None)
    log = logging.getLogger(LOGGER_NAME)
    for handler in list(log.handlers):
        if isinstance(handler, SpanLogHandler):
            log.removeHandler(handler)


def exporting_handler(handler: H, trigger: str, read_headers: ReadHeaders) -> H:
    """Return the handler, which exports at the end of each invocation.

    It returns what the handler returns, and raises what that raises.
    """
    start_export(read_headers)
    if not _running:
        return handler
    observed = _run_by_timer(handler) if trigger == _TIMER else handler
    settings, pipeline = _running[0].settings, _running[0].pipeline
    if settings.in_background:
        return observed
    invocations = 0

    def invoke(event: object, context: Any) -> object:  # noqa: ANN401  Lambda's, or that of a test
        nonlocal invocations
        pipeline.begin_invocation(_attributes(context, trigger, is_first=not invocations))
        invocations += 1
        try:
            return observed(event, context)
        finally:
            left = context.get_remaining_time_in_millis() / 1_000 - _SPARE_SECONDS
            if left > 0:
                pipeline.flush(min(settings.timeout, left))

    return cast("H", invoke)


def _run_by_timer(handler: H) -> H:
    """Return the handler, each run of which is a span: that of others begins with what they get."""

    def run(event: object, context: Any) -> object:  # noqa: ANN401  see above
        with Span(SpanKind.SERVER, context.function_name) as span:
            span.attributes["faas.trigger"] = _TIMER
            return handler(event, context)

    return cast("H", run)


def _attributes(context: Any, trigger: str, *, is_first: bool) -> Mapping[str, str | bool]:  # noqa: ANN401  see above
    """Return the attributes of spans with which an invocation begins.

    https://opentelemetry.io/docs/specs/semconv/faas/faas-spans/
    """
    return {
        "faas.trigger": trigger,
        "faas.invocation_id": str(context.aws_request_id),
        "faas.coldstart": is_first,
    }
