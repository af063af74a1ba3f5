"""Logs and metrics: one JSON line each, to standard output."""

import json
import sys
from collections.abc import Mapping

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit
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
    for dimension, of in dimensions.items():
        metric.add_dimension(name=dimension, value=of)
    line = json.dumps(metric.serialize_metric_set(), separators=(",", ":"))
    sys.stdout.write(f"{line}\n")  # in one write: other threads write lines too
