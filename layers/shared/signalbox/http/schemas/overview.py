"""Response bodies of the overview, of metrics over time, and of costs."""

from typing import Final

from signalbox.http.schemas.metrics import CircuitMetrics
from signalbox.http.schemas.queue import QueueStatusView
from signalbox.models.base import Model, UtcDatetime
from signalbox.models.costs import CostItem
from signalbox.models.ids import IncidentId
from signalbox.models.incident import IncidentSeverity
from signalbox.models.metrics_history import HistoryResolution
from signalbox.models.task import TaskStatus

OVERVIEW: Final = "/api/v1/overview"
METRICS_HISTORY: Final = "/api/v1/metrics/history"
COST: Final = "/api/v1/cost"


class MetricsIntervalView(Model):
    """What was counted from `since` until `until`.

    `webhooks` are the requests of providers by outcome, `tasks` the changes of tasks by type,
    `notifications` the attempts to send them by outcome. `stored` are the tasks at the end by
    status. `providers` are the requests by provider.
    """

    since: UtcDatetime
    until: UtcDatetime
    webhooks: dict[str, int]
    providers: dict[str, int]
    tasks: dict[str, int]
    notifications: dict[str, int]
    stored: dict[TaskStatus, int]


class MetricsHistoryResponse(Model):
    """What was counted over time, the oldest interval first.

    Points are recorded every five minutes and stored for two days, and every hour and stored for 35
    days. Where points are missing an interval is longer. The last one ends now.
    """

    resolution: HistoryResolution
    intervals: tuple[MetricsIntervalView, ...]


class OpenIncident(Model):
    """An incident that is open."""

    id: IncidentId
    title: str
    severity: IncidentSeverity
    first_at: UtcDatetime
    last_at: UtcDatetime
    count: int


class RejectedSource(Model):
    """How many requests to a source were rejected since a time, by code."""

    provider: str
    source: str
    since: UtcDatetime
    last_at: UtcDatetime | None
    counts: dict[str, int]


class OverviewResponse(Model):
    """The state of the installation at a glance.

    `day` is the last 24 hours, or less if nothing older was recorded. `complete` is false if some
    changes are not counted yet. `oldest_pending` is when the deferred delivery that is due first
    was received. `circuits` are those that are not closed.
    """

    complete: bool
    day: MetricsIntervalView
    queues: tuple[QueueStatusView, ...]
    oldest_pending: UtcDatetime | None
    incidents: tuple[OpenIncident, ...]
    circuits: tuple[CircuitMetrics, ...]
    rejections: tuple[RejectedSource, ...]


class CostShareView(Model):
    """What one kind of work has cost."""

    item: CostItem
    count: int
    dollars: float


class CostResponse(Model):
    """An estimate of what the stack has cost in this month, in dollars, since `since`.

    It is computed from counters and the prices on demand in us-east-1. `standing` is the part that
    alarms and polls of queues have cost so far, `standing_month` in a whole month. Free tiers of
    Lambda, heartbeats, reads of the API, storage, backups and traffic are not in it.
    """

    since: UtcDatetime
    until: UtcDatetime
    total: float
    standing: float
    standing_month: float
    work: tuple[CostShareView, ...]
