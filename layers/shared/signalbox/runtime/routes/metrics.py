"""Build the routes of metrics, the overview, costs and incidents."""

from signalbox.aws.incidents import DynamoIncidents
from signalbox.aws.metrics_history import DynamoMetricsHistory
from signalbox.aws.request_counters import DynamoRequestCounters
from signalbox.http.routes.incidents import add_incidents
from signalbox.http.routes.metrics import add_metrics
from signalbox.http.routes.overview import add_overview
from signalbox.http.routing import Routes
from signalbox.runtime.counters import MAX_COUNT_SECONDS, count_changes
from signalbox.runtime.registry import providers
from signalbox.runtime.routes.deliveries import list_rejections
from signalbox.runtime.routes.queues import describe_queues
from signalbox.runtime.wiring import Wiring
from signalbox.services.deliveries.redelivery import ReadRedelivery
from signalbox.services.gateway.read_request_metrics import ReadRequestMetrics
from signalbox.services.incidents.list_incidents import ListIncidents
from signalbox.services.metrics import ReadMetrics
from signalbox.services.metrics_history import ReadHistory
from signalbox.services.notifications.circuits import ReadCircuits
from signalbox.services.overview import ReadOverview


def add_routes(routes: Routes, wired: Wiring) -> None:
    """Add the routes."""
    count, queues = count_changes(wired), describe_queues(wired)
    circuits = ReadCircuits(config=wired.config, store=wired.circuits)
    incidents = ListIncidents(store=DynamoIncidents(table=wired.state_table, clock=wired.clock))
    add_incidents(routes, browse=incidents)
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
        circuits=circuits,
        rejections=list_rejections(wired),
    )
    add_overview(routes, overview=overview, history=history, count_seconds=MAX_COUNT_SECONDS)
    figures = ReadMetrics(
        count=count,
        inspect=queues.inspect,
        circuits=circuits,
        redelivery=ReadRedelivery(config=wired.config, store=wired.redelivery),
        deliveries=wired.deliveries,
        services=ReadRequestMetrics(
            config=wired.config,
            counters=DynamoRequestCounters(table=wired.state_table, clock=wired.clock),
            health=wired.instance_health,
            clock=wired.clock,
        ),
    )
    add_metrics(routes, read=figures, providers=providers(), count_seconds=MAX_COUNT_SECONDS)
