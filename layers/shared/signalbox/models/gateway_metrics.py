"""What is counted of the requests to a service through the gateway.

Each service has counters of its own, with names like those of `models/metrics`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from signalbox.models.frozen import frozen
from signalbox.models.instance_status import InstanceState
from signalbox.models.metrics import Counts, add_counts, counter_name, counts_by_label, observe

LATENCY_BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""In seconds."""

MAX_COUNTED_INSTANCES: Final = 100
OTHER_INSTANCES: Final = "other"
"""Stands for the instances of a service beyond the first hundred that are counted."""


class GatewayMetric(StrEnum):
    """The metrics of a service; their labels are in brackets."""

    REQUESTS = "requests"
    """Responses to clients [status class]."""

    ERRORS = "errors"
    """Responses of the gateway itself that are problems [code]."""

    SECONDS = "seconds"
    """How long clients waited for the response [bucket]."""

    UPSTREAM = "upstream"
    """How long the instances took of that, all attempts together [bucket]."""

    ATTEMPTS = "attempts"
    """Calls of instances [instance, status class or fault]."""

    RETRIES = "retries"
    """Calls after the first one of a request."""

    EJECTIONS = "ejections"
    """How often an instance was ejected [instance]."""

    OPENINGS = "openings"
    """How often a process opened the circuit of an instance [instance]."""


_OF_INSTANCES: Final = frozenset(
    {GatewayMetric.ATTEMPTS, GatewayMetric.EJECTIONS, GatewayMetric.OPENINGS}
)


@frozen
class CountedRequest:
    """A request to a service as it is counted.

    `attempts` are the instances that were called, each with a status class or what went wrong.
    """

    status: int
    error: str | None
    seconds: float
    upstream_seconds: float
    attempts: Sequence[tuple[str, str]]


@frozen
class ServiceCounts:
    """The counters of a service, and since when they count."""

    counts: Counts
    since: datetime


@frozen
class ServiceMetrics:
    """The metrics of a service: its counters, None if there are none, and its instances."""

    name: str
    counted: ServiceCounts | None
    instances: Mapping[str, InstanceState]


def instance_label(version: str | None, instance: str) -> str:
    """Return the name of an instance of a version among those of its service, such as `v2/a`."""
    return f"{version}/{instance}" if version else instance


def status_class(status: int) -> str:
    """Return the class of a status, such as `2xx`."""
    return f"{status // 100}xx"


def request_counts(request: CountedRequest) -> Counts:
    """Return what a request adds to the counters of its service."""
    metric, bounds = GatewayMetric, LATENCY_BOUNDS
    parts = [
        {counter_name(metric.REQUESTS, status_class(request.status)): 1},
        observe(metric.SECONDS, seconds=request.seconds, bounds=bounds),
        *({counter_name(metric.ATTEMPTS, *attempt): 1} for attempt in request.attempts),
    ]
    if request.error:
        parts.append({counter_name(metric.ERRORS, request.error): 1})
    if request.attempts:
        parts.append(observe(metric.UPSTREAM, seconds=request.upstream_seconds, bounds=bounds))
        parts.append({counter_name(metric.RETRIES): len(request.attempts) - 1})
    return add_counts(parts)


def counted_instances(counts: Counts) -> Collection[str]:
    """Return the instances that have counters."""
    return {
        labels[0]
        for metric in _OF_INSTANCES
        for labels in counts_by_label(counts, metric)
        if labels
    }
