"""Request and response bodies of metrics."""

from signalbox.http.schemas.queue import QueueView
from signalbox.models.base import Model, UtcDatetime
from signalbox.models.circuit import CircuitState
from signalbox.models.ids import ConnectionId
from signalbox.models.instance_status import InstanceState
from signalbox.models.task import TaskStatus


class DurationStats(Model):
    """Durations in seconds. The quantiles are estimates, null without observations."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None
    mean: float | None


class TaskMetrics(Model):
    """`by_status` counts the stored tasks, `changes` all steps since the installation.

    `success_rate` is the share of succeeded tasks among those that succeeded or failed, null if
    there are none. `processing` is the duration of the attempts that finished a task.
    """

    by_status: dict[TaskStatus, int]
    changes: dict[str, int]
    success_rate: float | None
    processing: DurationStats


class WebhookMetrics(Model):
    """The requests of a provider by outcome, and how long it waited for an answer.

    `deferred` counts those with the outcome `pending` that were interpreted since, by their status.
    `success_rate` is the share of processed requests, null without any; requests that were refused
    rightly do not count. `late` is how many answers took longer than the `deadline` of the provider
    in seconds, null if this version does not have the provider.
    """

    provider: str
    requests: int
    outcomes: dict[str, int]
    deferred: dict[str, int]
    signature_failures: int
    success_rate: float | None
    deadline: float | None
    late: int | None
    acks: DurationStats


class ConnectorMetrics(Model):
    """The attempts to send notifications, by outcome.

    `success_rate` is the share of delivered notifications among those that were delivered, failed
    or dead, null if there are none.
    """

    connector: str
    outcomes: dict[str, int]
    success_rate: float | None


class CircuitMetrics(Model):
    """The circuit of a connection that has opened within the last week.

    `closed`: calls are made. `open`: no calls until `open_until`, then a probe. `half_open`: one
    call at a time. `openings` counts since it was last closed.
    """

    connection: ConnectionId
    state: CircuitState
    openings: int
    open_until: UtcDatetime | None


class RedeliveryMetrics(Model):
    """The missed deliveries of a source whose provider's log is read.

    `missed`, `requested`, `healed` (arrived) and `unhealable` (given up) count since the first
    look, `open` are those that await another attempt now. `looked_at` is when the last complete
    look began, null before the first. `blocked_until` is when the provider may be called again.
    """

    provider: str
    source: str
    missed: int
    requested: int
    healed: int
    unhealable: int
    open: int
    looked_at: UtcDatetime | None
    blocked_until: UtcDatetime | None


class InstanceMetrics(Model):
    """The calls of an instance by status class, or by what went wrong.

    The `id` of an instance of a version begins with it, as `v2/a`. `state` is null for an instance
    that is no more. `ejections` and `circuit_openings` are how often it was ejected, and how
    often the circuit of a process opened.
    """

    id: str
    state: InstanceState | None
    calls: dict[str, int]
    ejections: int
    circuit_openings: int


class ServiceMetricsView(Model):
    """The requests to a service through the gateway, by status class, counted `since` a time.

    Counters begin anew after a month; `since` is null without any. `errors` are the responses of
    the gateway itself by code, `retries` the calls after the first one of a request. `latency` is
    how long clients waited, `upstream` how long the instances took of that.
    """

    service: str
    since: UtcDatetime | None
    requests: int
    statuses: dict[str, int]
    errors: dict[str, int]
    retries: int
    latency: DurationStats
    upstream: DurationStats
    instances: tuple[InstanceMetrics, ...]


class MetricsResponse(Model):
    """Totals since the installation, and the current queues, circuits and missed deliveries.

    `complete` is false if some changes are not counted yet. `oldest_pending` is when the deferred
    delivery that is due first was received, null if there is none.
    """

    complete: bool
    oldest_pending: UtcDatetime | None
    tasks: TaskMetrics
    queues: tuple[QueueView, ...]
    webhooks: tuple[WebhookMetrics, ...]
    connectors: tuple[ConnectorMetrics, ...]
    circuits: tuple[CircuitMetrics, ...]
    redelivery: tuple[RedeliveryMetrics, ...]
    services: tuple[ServiceMetricsView, ...]
