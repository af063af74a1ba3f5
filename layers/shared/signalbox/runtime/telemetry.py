"""Logs and metrics: one JSON line each, to standard output."""

import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import Any, Final, TypeVar

from pydantic_core import to_json

from signalbox.runtime.environment import process_environment
from signalbox.runtime.json_logs import JsonFormatter, LineHandler

H = TypeVar("H", bound=Callable[..., Any])

ObserveMetrics = Callable[[Mapping[str, Sequence[float]], str, Mapping[str, str]], None]
"""Take values of metrics, their unit, and their dimensions."""

_Values = tuple[Mapping[str, Sequence[float]], str, Mapping[str, str]]
"""Values of metrics, their unit, and their dimensions."""

LOGGER_NAME: Final = "signalbox"
_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_OBSERVERS: Final[list[ObserveMetrics]] = []


@cache
def logger() -> logging.Logger:
    """Return the logger of this function, which those of our modules are below.

    Lambda's own handler would write each record once more, so nothing is passed on to it.
    """
    environment = process_environment()
    handler = LineHandler(sys.stdout)
    service = environment.get("POWERTOOLS_SERVICE_NAME", LOGGER_NAME)
    handler.setFormatter(JsonFormatter(service, environment))
    found = logging.getLogger(LOGGER_NAME)
    found.addHandler(handler)
    level = environment.get("POWERTOOLS_LOG_LEVEL", "INFO").upper()
    found.setLevel(logging.getLevelNamesMapping().get(level, logging.INFO))
    found.propagate = False
    # no line names them: https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    return found


def is_exporting() -> bool:
    """Return whether telemetry is exported by OTLP."""
    return bool(process_environment().get(_ENDPOINT))


def exported(handler: H, trigger: str, read_headers: Callable[[], Sequence[str]]) -> H:
    """Return the handler, whose telemetry is exported if an endpoint is configured.

    Args:
        handler: The handler of a function.
        trigger: What invokes it: `http`, `pubsub`, `datasource` or `timer`.
        read_headers: What returns the secrets with the headers for the endpoint.
    """
    if not is_exporting():
        return handler
    from signalbox.runtime.otlp.exporting import exporting_handler  # noqa: PLC0415  few export

    return exporting_handler(handler, trigger, read_headers)


def begin_export(read_headers: Callable[[], Sequence[str]]) -> None:
    """Export the telemetry of this process, which is kept, if an endpoint is configured."""
    if is_exporting():
        from signalbox.runtime.otlp.exporting import start_export  # noqa: PLC0415  few export

        start_export(read_headers)


def end_export() -> None:
    """Send what is left of the telemetry of this process."""
    if is_exporting():
        from signalbox.runtime.otlp.exporting import stop_export  # noqa: PLC0415  few export

        stop_export()


def observe_metrics(observe: ObserveMetrics | None) -> None:
    """Let metrics be observed that are written from now on, or none of them."""
    _OBSERVERS[:] = [observe] if observe else []


def report_unreadable_config(kind: str, name: str) -> None:
    """Log and count an item of the configuration that is skipped, for an alarm."""
    logger().error("configuration not readable", extra={"kind": kind, "thing": name})
    count("UnreadableConfiguration", {})


def count(name: str, dimensions: Mapping[str, str], value: int = 1) -> None:
    """Add a value to a metric."""
    _write(({name: [float(value)]}, "Count", dimensions))


def count_together(counts: Sequence[tuple[str, Mapping[str, str], int]]) -> None:
    """Add a value to each of several metrics, in one line: name, dimensions and value.

    Dimensions of one name have the same value in all of them.
    """
    _write(*(({name: [float(value)]}, "Count", of) for name, of, value in counts))


def observe_durations(dimensions: Mapping[str, str], milliseconds: Mapping[str, float]) -> None:
    """Add one duration to each of the named metrics, in one line."""
    observe_distributions(dimensions, {name: [value] for name, value in milliseconds.items()})


def observe_distributions(
    dimensions: Mapping[str, str], milliseconds: Mapping[str, Sequence[float]]
) -> None:
    """Add durations, fewer than a hundred, to each of the named metrics, in one line."""
    rounded = {name: [round(value, 1) for value in of] for name, of in milliseconds.items()}
    _write((rounded, "Milliseconds", dimensions))


def _write(*values: _Values) -> None:
    """Write a line in the embedded metric format of CloudWatch.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    environment = process_environment()
    namespace = environment.get("POWERTOOLS_METRICS_NAMESPACE", "")
    service = environment.get("POWERTOOLS_SERVICE_NAME")
    directives: list[dict[str, Any]] = []
    fields: dict[str, Any] = {}
    for metrics, unit, dimensions in values:
        for observe in _OBSERVERS:
            observe(metrics, unit, dimensions)
        named = {**dimensions, "service": service} if service else dimensions
        names = [{"Name": name, "Unit": unit} for name in metrics]
        directives.append({"Namespace": namespace, "Dimensions": [list(named)], "Metrics": names})
        fields |= named
        fields |= metrics
    metadata = {"Timestamp": int(time.time() * 1_000), "CloudWatchMetrics": directives}
    with suppress(OSError, ValueError):  # what cannot be counted stops nothing
        line = to_json({"_aws": metadata, **fields}).decode()
        sys.stdout.write(f"{line}\n")  # in one write: other threads write lines too
