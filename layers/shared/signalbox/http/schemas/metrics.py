"""Request and response bodies of metrics."""

from signalbox.http.schemas.queue import QueueView
from signalbox.models.base import Model, UtcDatetime
from signalbox.models.circuit import CircuitState
from signalbox.models.ids import ConnectionId
from signalbox.models.task import TaskStatus


class DurationStats(Model):
    """Times in seconds; the quantiles are estimates, null if nothing was measured."""

    count: int
    p50: float | None
    p95: float | None
    mean: float | None


class TaskMetrics(Model):
    """`stored` are the tasks there are now, `changes` all steps ever taken.

    `success_rate` is the part of all tasks that ended well among those that succeeded or failed,
    null if none has. `processing` is how long the attempts took that ended a task.
    """

    kept: dict[TaskStatus, int]
    changes: dict[str, int]
    success_rate: float | None
    processing: DurationStats


class WebhookMetrics(Model):
    """The requests of a provider: what became of them, and how long it waited for an answer."""

    provider: str
    requests: int
    outcomes: dict[str, int]
    signature_failures: int
    acks: DurationStats


class ConnectorMetrics(Model):
    """Attempts to deliver a notification, by how they ended."""

    connector: str
    outcomes: dict[str, int]


class CircuitMetrics(Model):
    """The circuit of a connection that was in trouble within the last week.

    `closed`: calls are made. `open`: none is before `open_until`, and then one to see. `half_open`:
    one at a time is. `openings` are those since it was last closed.
    """

    connection: ConnectionId
    state: CircuitState
    openings: int
    open_until: UtcDatetime | None


class MetricsResponse(Model):
    """What happened since the installation was made, and what waits now.

    `complete` is false where counting is behind: the counts are right, but for some time ago.
    """

    complete: bool
    tasks: TaskMetrics
    queues: tuple[QueueView, ...]
    webhooks: tuple[WebhookMetrics, ...]
    connectors: tuple[ConnectorMetrics, ...]
    circuits: tuple[CircuitMetrics, ...]
