"""The overview, metrics over time, and what the stack costs."""

from time import monotonic
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from signalbox.http.routes.metrics import circuit_metrics
from signalbox.http.routes.queue import queue_status_view
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.overview import (
    COST,
    METRICS_HISTORY,
    OVERVIEW,
    CostResponse,
    CostShareView,
    MetricsHistoryResponse,
    MetricsIntervalView,
    OpenIncident,
    OverviewResponse,
    RejectedSource,
)
from signalbox.models.base import Model
from signalbox.models.incident import Incident
from signalbox.models.metrics import Metric
from signalbox.models.metrics_history import (
    MetricsInterval,
    counts_by_first_label,
    counts_by_last_label,
)
from signalbox.models.principal import Scope
from signalbox.models.rejection import Rejections
from signalbox.models.task import TaskStatus
from signalbox.services.metrics_history import FINE_HOURS, MonthCost, ReadHistory
from signalbox.services.overview import Overview, ReadOverview

_MAX_HOURS: Final = 35 * 24
_CENT_PARTS: Final = 4

HoursQuery = Annotated[
    int,
    Query(
        ge=1,
        le=_MAX_HOURS,
        description=f"How many hours back; up to {FINE_HOURS} with a point for each five minutes",
    ),
]


def add_overview(
    routes: Routes, *, overview: ReadOverview, history: ReadHistory, count_seconds: float
) -> None:
    """Add the routes. `count_seconds` is how many seconds a call may spend on counting."""

    @routes.add(
        _reading(OVERVIEW, "Get the state of the installation at a glance", OverviewResponse)
    )
    def get_overview() -> Response[str]:
        until = monotonic() + count_seconds
        return json_response(_overview(overview(lambda: until - monotonic())))

    @routes.add(_reading(METRICS_HISTORY, "Get metrics over time", MetricsHistoryResponse))
    def metrics_history(hours: HoursQuery = FINE_HOURS) -> Response[str]:
        found = history(hours)
        return json_response(
            MetricsHistoryResponse(
                resolution=found.resolution, intervals=tuple(map(_interval, found.intervals))
            )
        )

    @routes.add(_reading(COST, "Estimate what the stack has cost in this month", CostResponse))
    def get_cost() -> Response[str]:
        return json_response(_cost(history.cost()))


def _reading(path: str, summary: str, model: type[Model]) -> Route:
    return Route(
        method="GET",
        path=path,
        scope=Scope.METRICS_READ,
        tag="metrics",
        summary=summary,
        response_model=model,
    )


def _overview(found: Overview) -> OverviewResponse:
    return OverviewResponse(
        complete=found.complete,
        day=_interval(found.day),
        queues=tuple(map(queue_status_view, found.queues)),
        oldest_pending=found.oldest_pending,
        incidents=tuple(map(_incident, found.incidents)),
        circuits=circuit_metrics(found.circuits),
        rejections=tuple(map(_rejected, found.rejections)),
    )


def _incident(incident: Incident) -> OpenIncident:
    return OpenIncident(
        id=incident.id,
        title=incident.cause.title,
        severity=incident.cause.severity,
        first_at=incident.first_at,
        last_at=incident.last_at,
        count=incident.count,
    )


def _rejected(rejections: Rejections) -> RejectedSource:
    newest = rejections.newest
    return RejectedSource(
        provider=rejections.provider,
        source=rejections.source,
        since=rejections.since,
        last_at=newest.at if newest else None,
        counts=rejections.counts,
    )


def _interval(interval: MetricsInterval) -> MetricsIntervalView:
    counts = interval.counts
    return MetricsIntervalView(
        since=interval.since,
        until=interval.until,
        webhooks=counts_by_last_label(counts, Metric.REQUESTS),
        providers=counts_by_first_label(counts, Metric.REQUESTS),
        tasks=counts_by_last_label(counts, Metric.STEPS),
        notifications=counts_by_last_label(counts, Metric.NOTIFICATIONS),
        stored={status: max(0, interval.stored.get(status, 0)) for status in TaskStatus},
    )


def _cost(cost: MonthCost) -> CostResponse:
    return CostResponse(
        since=cost.since,
        until=cost.until,
        total=_dollars(cost.standing + sum(share.dollars for share in cost.work)),
        standing=_dollars(cost.standing),
        standing_month=_dollars(cost.month),
        work=tuple(
            CostShareView(item=share.item, count=share.count, dollars=_dollars(share.dollars))
            for share in cost.work
        ),
    )


def _dollars(amount: float) -> float:
    return round(amount, _CENT_PARTS)
