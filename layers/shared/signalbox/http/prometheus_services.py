"""Metrics of the services behind the gateway in the Prometheus text format."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

from signalbox.http.prometheus_text import (
    MetricSample,
    histogram_family,
    labelled_counts,
    metric_family,
)
from signalbox.models.gateway_metrics import LATENCY_BOUNDS, GatewayMetric, ServiceMetrics
from signalbox.models.instance_status import InstanceState
from signalbox.models.metrics import Counts, histogram

_COUNTERS: Final[Mapping[GatewayMetric, tuple[str, str, tuple[str, ...]]]] = {
    GatewayMetric.REQUESTS: (
        "gateway_requests_total",
        "Requests to services, by the class of the status",
        ("status",),
    ),
    GatewayMetric.ERRORS: (
        "gateway_errors_total",
        "Requests to services that the gateway answered with a problem, by its code",
        ("code",),
    ),
    GatewayMetric.ATTEMPTS: (
        "gateway_instance_requests_total",
        "Calls of instances, by the class of the status or what went wrong",
        ("instance", "outcome"),
    ),
    GatewayMetric.RETRIES: (
        "gateway_retries_total",
        "Calls of instances after the first one of a request",
        (),
    ),
    GatewayMetric.EJECTIONS: (
        "gateway_ejections_total",
        "How often an instance was ejected because calls of it failed",
        ("instance",),
    ),
    GatewayMetric.OPENINGS: (
        "gateway_circuit_openings_total",
        "How often a process opened the circuit of an instance",
        ("instance",),
    ),
}

_HISTOGRAMS: Final[Mapping[GatewayMetric, tuple[str, str]]] = {
    GatewayMetric.SECONDS: (
        "gateway_request_duration_seconds",
        "How long clients waited for the response of a service",
    ),
    GatewayMetric.UPSTREAM: (
        "gateway_upstream_duration_seconds",
        "How long the instances took of that, all attempts together",
    ),
}


def service_metrics(services: Sequence[ServiceMetrics]) -> Iterator[str]:
    """Yield the lines of all services."""
    counts = {each.name: each.counted.counts for each in services if each.counted}
    for metric, (name, help_, labels) in _COUNTERS.items():
        yield from metric_family(name, "counter", help_, _counters(counts, metric, labels))
    for metric, (name, help_) in _HISTOGRAMS.items():
        observed = (
            ({"service": service}, histogram(of, metric, bounds=LATENCY_BOUNDS))
            for service, of in counts.items()
        )
        yield from histogram_family(name, help_, observed)
    yield from metric_family(
        "gateway_instance_state",
        "gauge",
        "1 for the state that an instance is in",
        _states(services),
    )


def _counters(
    counts: Mapping[str, Counts], metric: StrEnum, labels: tuple[str, ...]
) -> Iterator[MetricSample]:
    for service, of in counts.items():
        for found, number in labelled_counts(of, metric, *labels):
            yield {"service": service, **found}, number


def _states(services: Sequence[ServiceMetrics]) -> Iterator[MetricSample]:
    for service in services:
        for instance, current in service.instances.items():
            for state in InstanceState:
                labels = {"service": service.name, "instance": instance, "state": state}
                yield labels, int(current is state)
