"""Metrics, as JSON and for Prometheus."""

from collections.abc import Mapping
from enum import StrEnum
from time import monotonic
from typing import Final

from aws_lambda_powertools.event_handler import Response

from signalbox.http import prometheus
from signalbox.http.prometheus import ProviderDeadline
from signalbox.http.routes.queue import queue_view
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.metrics import (
    CircuitMetrics,
    ConnectorMetrics,
    DurationStats,
    InstanceMetrics,
    MetricsResponse,
    RedeliveryMetrics,
    ServiceMetricsView,
    TaskMetrics,
    WebhookMetrics,
)
from signalbox.models.circuit import Circuit
from signalbox.models.gateway_metrics import (
    LATENCY_BOUNDS,
    GatewayMetric,
    ServiceMetrics,
    counted_instances,
)
from signalbox.models.ids import ConnectionId
from signalbox.models.metrics import (
    ACK_BOUNDS,
    RUN_BOUNDS,
    Counts,
    Histogram,
    Metric,
    counter_name,
    counts_by_label,
    delivered_share,
    histogram,
    processed_share,
)
from signalbox.models.principal import Scope
from signalbox.models.redelivery import RedeliveryState
from signalbox.models.task import ChangeType, TaskStatus
from signalbox.services.metrics import MetricsSnapshot, ReadMetrics
from signalbox.services.ports.deliveries import Providers

_TAG: Final = "metrics"


def add_metrics(
    routes: Routes, *, read: ReadMetrics, providers: Providers, count_seconds: float
) -> None:
    """Add the routes. `count_seconds` is how many seconds a call may spend on counting."""

    def deadline(provider: str) -> float | None:
        create_provider = providers.get(provider)
        return create_provider().deadline if create_provider else None

    def figures() -> MetricsSnapshot:
        until = monotonic() + count_seconds
        return read(lambda: until - monotonic())

    @routes.add(
        Route(
            method="GET",
            path="/api/v1/metrics",
            scope=Scope.METRICS_READ,
            tag=_TAG,
            summary="Get the metrics of tasks, queues, webhooks, connectors and services",
            response_model=MetricsResponse,
        )
    )
    def metrics() -> Response[str]:
        return json_response(metrics_response(figures(), deadline))

    @routes.add(
        Route(
            method="GET",
            path="/metrics",
            scope=Scope.METRICS_READ,
            tag=_TAG,
            summary="Get the metrics in the Prometheus text format",
            text=prometheus.PROMETHEUS_TEXT,
        )
    )
    def prometheus_metrics() -> Response[str]:
        body = prometheus.exposition(figures(), deadline)
        return Response(status_code=200, content_type=prometheus.PROMETHEUS_TEXT, body=body)


def metrics_response(figures: MetricsSnapshot, deadline: ProviderDeadline) -> MetricsResponse:
    """Return the metrics as clients see them."""
    counts = figures.counts
    return MetricsResponse(
        complete=figures.complete,
        oldest_pending=figures.oldest_pending,
        tasks=_tasks(counts),
        queues=tuple(queue_view(state) for state in figures.queues),
        webhooks=tuple(
            _webhook(counts, each, deadline(each)) for each in _firsts(counts, Metric.REQUESTS)
        ),
        connectors=tuple(
            _connector(counts, each) for each in _firsts(counts, Metric.NOTIFICATIONS)
        ),
        circuits=circuit_metrics(figures.circuits),
        redelivery=tuple(
            _redelivery(source, figures.redelivery[source]) for source in sorted(figures.redelivery)
        ),
        services=tuple(_service(each) for each in figures.services),
    )


def circuit_metrics(circuits: Mapping[ConnectionId, Circuit]) -> tuple[CircuitMetrics, ...]:
    """Return circuits as clients see them."""
    return tuple(
        CircuitMetrics(
            connection=connection,
            state=circuit.state,
            openings=circuit.streak,
            open_until=circuit.open_until,
        )
        for connection, circuit in sorted(circuits.items())
    )


def _redelivery(key: str, state: RedeliveryState) -> RedeliveryMetrics:
    provider, _, source = key.partition("/")
    return RedeliveryMetrics(
        provider=provider,
        source=source,
        missed=state.missed,
        requested=state.requested,
        healed=state.healed,
        unhealable=state.unhealable,
        open=len(state.deliveries),
        looked_at=state.looked_at,
        blocked_until=state.blocked_until,
    )


def _tasks(counts: Counts) -> TaskMetrics:
    good = counts.get(counter_name(Metric.STEPS, ChangeType.SUCCEEDED), 0)
    ended = good + counts.get(counter_name(Metric.STEPS, ChangeType.FAILED), 0)
    return TaskMetrics(
        by_status={
            status: max(0, counts.get(counter_name(Metric.TASKS, status), 0))
            for status in TaskStatus
        },
        changes=_by(counts, Metric.STEPS),
        success_rate=round(good / ended, 6) if ended else None,
        processing=_times(histogram(counts, Metric.RUNS, bounds=RUN_BOUNDS)),
    )


def _webhook(counts: Counts, provider: str, deadline: float | None) -> WebhookMetrics:
    outcomes = _by(counts, Metric.REQUESTS, provider)
    acks = histogram(counts, Metric.ACKS, provider, bounds=ACK_BOUNDS)
    processed = processed_share(outcomes)
    return WebhookMetrics(
        provider=provider,
        requests=sum(outcomes.values()),
        outcomes=outcomes,
        deferred=_by(counts, Metric.DEFERRED, provider),
        signature_failures=outcomes.get("signature_invalid", 0),
        success_rate=None if processed is None else round(processed, 6),
        deadline=deadline,
        late=None if deadline is None else acks.above(deadline),
        acks=_times(acks),
    )


def _connector(counts: Counts, connector: str) -> ConnectorMetrics:
    outcomes = _by(counts, Metric.NOTIFICATIONS, connector)
    share = delivered_share(outcomes)
    return ConnectorMetrics(
        connector=connector,
        outcomes=outcomes,
        success_rate=None if share is None else round(share, 6),
    )


def _service(metrics: ServiceMetrics) -> ServiceMetricsView:
    counted, of, bounds = metrics.counted, GatewayMetric, LATENCY_BOUNDS
    counts: Counts = counted.counts if counted else {}
    statuses = _by(counts, of.REQUESTS)
    names = sorted({*metrics.instances, *counted_instances(counts)})
    return ServiceMetricsView(
        service=metrics.name,
        since=counted.since if counted else None,
        requests=sum(statuses.values()),
        statuses=statuses,
        errors=_by(counts, of.ERRORS),
        retries=counts.get(counter_name(of.RETRIES), 0),
        latency=_times(histogram(counts, of.SECONDS, bounds=bounds)),
        upstream=_times(histogram(counts, of.UPSTREAM, bounds=bounds)),
        instances=tuple(
            InstanceMetrics(
                id=name,
                state=metrics.instances.get(name),
                calls=_by(counts, of.ATTEMPTS, name),
                ejections=counts.get(counter_name(of.EJECTIONS, name), 0),
                circuit_openings=counts.get(counter_name(of.OPENINGS, name), 0),
            )
            for name in names
        ),
    )


def _firsts(counts: Counts, metric: Metric) -> list[str]:
    """Return the values of the first label of this metric."""
    return sorted({labels[0] for labels in counts_by_label(counts, metric)})


def _by(counts: Counts, metric: StrEnum, *first: str) -> dict[str, int]:
    """Return the counts of a metric by its last label."""
    found = sorted(counts_by_label(counts, metric).items())
    return {labels[-1]: number for labels, number in found if labels[:-1] == first}


def _times(made: Histogram) -> DurationStats:
    def rounded(seconds: float | None) -> float | None:
        return None if seconds is None else round(seconds, 3)

    return DurationStats(
        count=made.count,
        p50=rounded(made.quantile(0.5)),
        p95=rounded(made.quantile(0.95)),
        p99=rounded(made.quantile(0.99)),
        mean=rounded(made.seconds / made.count if made.count else None),
    )
