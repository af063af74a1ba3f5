"""Logs and metrics: one JSON line each, to standard output."""

import json
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from signalbox.runtime.environment import process_environment
from signalbox.runtime.json_logs import JsonFormatter

_NAME: Final = "signalbox"


@cache
def logger() -> logging.Logger:
    """Return the logger of this function, which those of our modules are below.

    Lambda's own handler would write each record once more, so nothing is passed on to it.
    """
    environment = process_environment()
    handler = logging.StreamHandler(sys.stdout)
    service = environment.get("POWERTOOLS_SERVICE_NAME", _NAME)
    handler.setFormatter(JsonFormatter(service, environment))
    found = logging.getLogger(_NAME)
    found.addHandler(handler)
    level = environment.get("POWERTOOLS_LOG_LEVEL", "INFO").upper()
    found.setLevel(logging.getLevelNamesMapping().get(level, logging.INFO))
    found.propagate = False
    return found


def report_unreadable_config(kind: str, name: str) -> None:
    """Log and count an item of the configuration that is skipped, for an alarm."""
    logger().error("configuration not readable", extra={"kind": kind, "thing": name})
    count("UnreadableConfiguration", {})


def count(name: str, dimensions: Mapping[str, str], value: int = 1) -> None:
    """Add a value to a metric."""
    _write({name: [float(value)]}, "Count", dimensions)


def observe_durations(dimensions: Mapping[str, str], milliseconds: Mapping[str, float]) -> None:
    """Add one duration to each of the named metrics, in one line."""
    observe_distributions(dimensions, {name: [value] for name, value in milliseconds.items()})


def observe_distributions(
    dimensions: Mapping[str, str], milliseconds: Mapping[str, Sequence[float]]
) -> None:
    """Add durations, fewer than a hundred, to each of the named metrics, in one line."""
    rounded = {name: [round(value, 1) for value in of] for name, of in milliseconds.items()}
    _write(rounded, "Milliseconds", dimensions)


def _write(values: Mapping[str, Sequence[float]], unit: str, dimensions: Mapping[str, str]) -> None:
    """Write a line in the embedded metric format of CloudWatch.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    environment = process_environment()
    named = dict(dimensions)
    if service := environment.get("POWERTOOLS_SERVICE_NAME"):
        named["service"] = service
    directive = {
        "Namespace": environment.get("POWERTOOLS_METRICS_NAMESPACE", ""),
        "Dimensions": [list(named)],
        "Metrics": [{"Name": name, "Unit": unit} for name in values],
    }
    metadata = {"Timestamp": int(time.time() * 1_000), "CloudWatchMetrics": [directive]}
    fields = {"_aws": metadata, **named, **{name: list(of) for name, of in values.items()}}
    line = json.dumps(fields, separators=(",", ":"))
    sys.stdout.write(f"{line}\n")  # in one write: other threads write lines too
