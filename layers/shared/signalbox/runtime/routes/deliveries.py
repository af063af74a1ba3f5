"""Build the routes of deliveries and of rejected requests."""

from signalbox.aws.rejections import DynamoRejections
from signalbox.http.routes.deliveries import add_deliveries, add_explanations
from signalbox.http.routing import Routes
from signalbox.runtime.registry import providers
from signalbox.runtime.wiring import Wiring
from signalbox.services.deliveries.explain import ExplainDelivery
from signalbox.services.deliveries.list_deliveries import ListDeliveries
from signalbox.services.deliveries.list_rejections import ListRejections
from signalbox.services.deliveries.reinterpret import ReinterpretDelivery
from signalbox.services.deliveries.replay import ReplayDelivery


def add_routes(routes: Routes, wired: Wiring) -> None:
    """Add the routes."""
    reinterpret = ReinterpretDelivery(
        config=wired.config,
        providers=providers(),
        clock=wired.clock,
        retention=wired.settings.retention,
        permission=wired.permission,
    )
    add_deliveries(
        routes,
        browse=list_deliveries(wired),
        store=wired.deliveries,
        replay=ReplayDelivery(
            deliveries=wired.deliveries,
            tasks=wired.tasks,
            reinterpret=reinterpret,
            clock=wired.clock,
        ),
        cursors=wired.cursors,
    )
    add_explanations(
        routes,
        explain=ExplainDelivery(
            deliveries=wired.deliveries,
            tasks=wired.tasks,
            notifications=wired.notifications,
            reinterpret=reinterpret,
            circuits=wired.circuits.batch_get,
        ),
        rejections=list_rejections(wired),
    )


def list_deliveries(wired: Wiring) -> ListDeliveries:
    """Return what lists deliveries."""
    return ListDeliveries(deliveries=wired.deliveries, config=wired.config, providers=providers())


def list_rejections(wired: Wiring) -> ListRejections:
    """Return what lists rejected requests."""
    return ListRejections(
        store=DynamoRejections(table=wired.state_table),
        config=wired.config,
        providers=providers(),
    )
