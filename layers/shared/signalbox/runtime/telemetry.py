"""Logs and metrics: one JSON line each, to standard output."""

import json
import sys
from collections.abc import Mapping, Sequence

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.metrics.metric import SingleMetric


def logger() -> Logger:
    """Return the logger of this function."""
    return Logger()


def report_unreadable_config(kind: str, name: str) -> None:
    """Log and count an item of the configuration that is skipped, for an alarm."""
    logger().error("configuration not readable", extra={"kind": kind, "thing": name})
    count("UnreadableConfiguration", {})


def count(name: str, dimensions: Mapping[str, str], value: int = 1) -> None:
    """Add a value to a metric, as a line in CloudWatch's embedded metric format."""
    metric = SingleMetric()
    metric.add_metric(name=name, unit=MetricUnit.Count, value=value)
    _write(metric, dimensions)


def observe_durations(dimensions: Mapping[str, str], milliseconds: Mapping[str, float]) -> None:
    """Add one duration to each of the named metrics, in one line."""
    observe_distributions(dimensions, {name: [value] for name, value in milliseconds.items()})


def observe_distributions(
    dimensions: Mapping[str, str], milliseconds: Mapping[str, Sequence[float]]
) -> None:
    """Add durations, fewer than a hundred, to each of the named metrics, in one line."""
    metrics = EphemeralMetrics()
    for name, values in milliseconds.items():
        for value in values:
            metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=round(value, 1))
    _write(metrics, dimensions)


def _write(metric: SingleMetric | EphemeralMetrics, dimensions: Mapping[str, str]) -> None:
    for dimension, of in dimensions.items():
        metric.add_dimension(name=dimension, value=of)
    line = json.dumps(metric.serialize_metric_set(), separators=(",", ":"))
    sys.stdout.write(f"{line}\n")  # in one write: other threads write lines too
