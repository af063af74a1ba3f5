"""Add the routes of the overview, of metrics over time, and of costs."""

from signalbox.aws.metrics_history import DynamoMetricsHistory
from signalbox.http.routes.overview import add_overview
from signalbox.http.routing import Routes
from signalbox.runtime.counters import MAX_COUNT_SECONDS
from signalbox.runtime.wiring import Wiring
from signalbox.services.deliveries.list_rejections import ListRejections
from signalbox.services.incidents.list_incidents import ListIncidents
from signalbox.services.metrics import CountChanges
from signalbox.services.metrics_history import ReadHistory
from signalbox.services.notifications.circuits import ReadCircuits
from signalbox.services.overview import ReadOverview
from signalbox.services.queues.queue_status import DescribeQueues


def add_overviews(
    routes: Routes,
    wired: Wiring,
    *,
    count: CountChanges,
    queues: DescribeQueues,
    incidents: ListIncidents,
    rejections: ListRejections,
) -> None:
    """Add the routes."""
    history = ReadHistory(
        counters=count.counters,
        store=DynamoMetricsHistory(table=wired.state_table),
        clock=wired.clock,
        has_vendor_alarms=wired.settings.has_vendor_alarms,
    )
    overview = ReadOverview(
        count=count,
        history=history,
        queues=queues,
        deliveries=wired.deliveries,
        incidents=incidents,
        circuits=ReadCircuits(config=wired.config, store=wired.circuits),
        rejections=rejections,
    )
    add_overview(routes, overview=overview, history=history, count_seconds=MAX_COUNT_SECONDS)
