"""Metrics in the Prometheus text format, version 0.0.4.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from signalbox.http.prometheus_services import service_metrics
from signalbox.http.prometheus_text import (
    MetricSample,
    histogram_family,
    labelled_counts,
    metric_family,
)
from signalbox.models.circuit import CircuitState
from signalbox.models.metrics import (
    ACK_BOUNDS,
    RUN_BOUNDS,
    Counts,
    Metric,
    counts_by_label,
    delivered_share,
    histogram,
    processed_share,
)
from signalbox.models.redelivery import RedeliveryState
from signalbox.models.task import TaskStatus
from signalbox.services.metrics import MetricsSnapshot
from signalbox.services.queues.backlog import QueueBacklog

PROMETHEUS_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"

_SIGNATURE: Final = "signature_invalid"

ProviderDeadline = Callable[[str], float | None]
"""Return the deadline of a provider in seconds, None if there is no such provider."""

_OF_QUEUES: Final[Sequence[tuple[str, str, Callable[[QueueBacklog], float]]]] = (
    ("tasks_in_queue", "Messages that wait to be claimed, about", lambda q: q.depth.waiting),
    ("tasks_in_flight", "Messages that are hidden, about", lambda q: q.depth.in_flight),
    ("tasks_delayed", "Messages that are not due yet, about", lambda q: q.depth.delayed),
    (
        "tasks_dead_letters",
        "Messages that came back too often and were not looked into yet, about",
        lambda q: q.depth.dead_letters,
    ),
    (
        "tasks_oldest_pending_seconds",
        "Age of the task that has waited longest",
        lambda q: q.oldest_seconds or 0,
    ),
)


_OF_REDELIVERY: Final[Sequence[tuple[str, str, str, Callable[[RedeliveryState], float]]]] = (
    (
        "webhook_missed_total",
        "counter",
        "Deliveries that the log of a provider shows as failed and that were not stored",
        lambda state: state.missed,
    ),
    (
        "webhook_redeliveries_requested_total",
        "counter",
        "Requests to a provider to repeat a delivery",
        lambda state: state.requested,
    ),
    (
        "webhook_missed_healed_total",
        "counter",
        "Missed deliveries that arrived",
        lambda state: state.healed,
    ),
    (
        "webhook_missed_unhealable_total",
        "counter",
        "Missed deliveries that were given up",
        lambda state: state.unhealable,
    ),
    (
        "webhook_missed_open",
        "gauge",
        "Missed deliveries that await another attempt",
        lambda state: len(state.deliveries),
    ),
)


def exposition(figures: MetricsSnapshot, deadline: ProviderDeadline) -> str:
    """Return all metrics, one line for each sample."""
    counts = figures.counts
    lines = [
        *_webhooks(counts, deadline),
        *_tasks(counts),
        *_queues(figures),
        *_notifications(counts),
        *metric_family(
            "connector_circuit_state",
            "gauge",
            "1 for the state that the circuit of a connection is in, if it was ever in trouble",
            _circuits(figures),
        ),
        *_redelivery(figures),
        *service_metrics(figures.services),
        *metric_family(
            "webhook_pending_oldest_timestamp_seconds",
            "gauge",
            "When the deferred delivery that is due first was received, if there is one",
            [({}, figures.oldest_pending.timestamp())] if figures.oldest_pending else [],
        ),
        *metric_family(
            "signalbox_stream_gaps_total",
            "counter",
            "How often a stream had forgotten changes before they were counted",
            labelled_counts(counts, Metric.GAPS, "stream"),
        ),
        *metric_family(
            "signalbox_counts_complete",
            "gauge",
            "1 where everything that has happened so far is counted, 0 where counting is behind",
            [({}, int(figures.complete))],
        ),
    ]
    return "\n".join(lines) + "\n"


def _webhooks(counts: Counts, deadline: ProviderDeadline) -> Iterator[str]:
    requests = counts_by_label(counts, Metric.REQUESTS)
    providers = sorted({provider for provider, _ in requests})
    yield from metric_family(
        "webhook_requests_total",
        "counter",
        "Requests of providers, by what became of them",
        labelled_counts(counts, Metric.REQUESTS, "provider", "status"),
    )
    yield from metric_family(
        "webhook_signature_validation_failures_total",
        "counter",
        "Requests of providers whose signature was missing or wrong",
        [({"provider": name}, requests.get((name, _SIGNATURE), 0)) for name in providers],
    )
    yield from metric_family(
        "webhook_deferred_total",
        "counter",
        "Deferred deliveries that were interpreted, by what became of them",
        labelled_counts(counts, Metric.DEFERRED, "provider", "status"),
    )
    acks = {name: histogram(counts, Metric.ACKS, name, bounds=ACK_BOUNDS) for name in providers}
    yield from histogram_family(
        "webhook_ack_seconds",
        "How long providers waited for an answer",
        (({"provider": name}, answered) for name, answered in acks.items()),
    )
    yield from metric_family(
        "webhook_late_acks_total",
        "counter",
        "Answers that took longer than the deadline of the provider",
        [
            ({"provider": name}, answered.above(seconds))
            for name, answered in acks.items()
            if (seconds := deadline(name)) is not None
        ],
    )
    shares = {
        name: processed_share({outcome: n for (of, outcome), n in requests.items() if of == name})
        for name in providers
    }
    yield from metric_family(
        "webhook_success_ratio",
        "gauge",
        "Share of the requests of a provider that were processed, without those refused rightly",
        [({"provider": name}, share) for name, share in shares.items() if share is not None],
    )


def _notifications(counts: Counts) -> Iterator[str]:
    yield from metric_family(
        "connector_notifications_total",
        "counter",
        "Attempts to deliver a notification, by connector and how they ended",
        labelled_counts(counts, Metric.NOTIFICATIONS, "connector", "outcome"),
    )
    ends = counts_by_label(counts, Metric.NOTIFICATIONS)
    shares = {
        name: delivered_share({outcome: n for (of, outcome), n in ends.items() if of == name})
        for name in sorted({connector for connector, _ in ends})
    }
    yield from metric_family(
        "notification_success_ratio",
        "gauge",
        "Share of the notifications that were delivered, of those that were or will never be",
        [({"connector": name}, share) for name, share in shares.items() if share is not None],
    )


def _tasks(counts: Counts) -> Iterator[str]:
    kept = counts_by_label(counts, Metric.TASKS)
    yield from metric_family(
        "tasks_kept",
        "gauge",
        "Tasks that are kept now, by status",
        [({"status": status}, max(0, kept.get((status,), 0))) for status in TaskStatus],
    )
    yield from metric_family(
        "task_changes_total",
        "counter",
        "Steps in the lives of tasks",
        labelled_counts(counts, Metric.STEPS, "type"),
    )
    yield from histogram_family(
        "task_processing_duration_seconds",
        "How long the attempt took that ended a task",
        [({}, histogram(counts, Metric.RUNS, bounds=RUN_BOUNDS))],
    )


def _queues(figures: MetricsSnapshot) -> Iterator[str]:
    for name, help_, read in _OF_QUEUES:
        depths = [({"priority": state.priority}, read(state)) for state in figures.queues]
        yield from metric_family(name, "gauge", help_, depths)


def _circuits(figures: MetricsSnapshot) -> Iterator[MetricSample]:
    for connection, circuit in sorted(figures.circuits.items()):
        for state in CircuitState:
            labels = {"connection": connection, "state": state}
            yield labels, int(circuit.state is state)


def _redelivery(figures: MetricsSnapshot) -> Iterator[str]:
    sources = [
        ({"provider": key.partition("/")[0], "source": key.partition("/")[2]}, state)
        for key, state in sorted(figures.redelivery.items())
    ]
    for name, kind, help_, read in _OF_REDELIVERY:
        yield from metric_family(
            name, kind, help_, [(labels, read(state)) for labels, state in sources]
        )
    yield from metric_family(
        "webhook_redelivery_last_look_timestamp_seconds",
        "gauge",
        "When the last complete look at the log of a source began",
        [
            (labels, state.looked_at.timestamp())
            for labels, state in sources
            if state.looked_at is not None
        ],
    )
