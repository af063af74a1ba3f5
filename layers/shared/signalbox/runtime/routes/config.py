"""Build the routes of the configuration."""

from signalbox.http.routes.connections import add_connections
from signalbox.http.routes.instances import add_instances
from signalbox.http.routes.schedules import add_schedules
from signalbox.http.routes.secrets import add_secrets
from signalbox.http.routes.services import add_services
from signalbox.http.routes.sources import add_source_setup, add_sources
from signalbox.http.routes.subscriptions import add_subscriptions
from signalbox.http.routing import Routes
from signalbox.runtime.registry import connectors, middlewares, providers
from signalbox.runtime.routes.deliveries import list_deliveries, list_rejections
from signalbox.runtime.wiring import Wiring
from signalbox.services.config.configure import Configure
from signalbox.services.config.refresh_networks import RefreshNetworks
from signalbox.services.config.source_setup import DescribeSource
from signalbox.services.gateway.list_instances import ListInstances
from signalbox.services.gateway.manage_registrations import ManageRegistrations
from signalbox.services.gateway.registration import DeregisterInstance, RegisterInstance
from signalbox.services.notifications.check_connection import CheckConnection
from signalbox.services.schedules.manage_schedules import ManageSchedules


def add_routes(routes: Routes, wired: Wiring) -> None:
    """Add the routes."""
    configure = Configure(
        config=wired.config,
        remove_secret=wired.secrets.remove,
        connectors=connectors(wired.settings.trusted),
        providers=providers(),
        refresh_networks=RefreshNetworks(
            store=wired.config, fetch=wired.fetch_networks, clock=wired.clock
        ),
        middlewares=middlewares(),
    )
    probe = CheckConnection(
        config=wired.config,
        notifications=wired.notifications,
        notification_queue=wired.notification_queue,
        clock=wired.clock,
        stack=wired.settings.stack,
    )
    add_sources(routes, configure=configure)
    _add_source_setup(routes, wired)
    add_connections(routes, configure=configure, probe=probe)
    add_subscriptions(routes, configure=configure)
    add_services(routes, configure=configure)
    _add_instances(routes, wired)
    manage = ManageSchedules(
        configure=configure,
        schedules=wired.schedules,
        tasks=wired.tasks,
        clock=wired.clock,
        retention=wired.settings.retention,
    )
    add_schedules(routes, configure=configure, manage=manage)
    add_secrets(routes, configure=configure, put=wired.secrets.put, clock=wired.clock)


def _add_source_setup(routes: Routes, wired: Wiring) -> None:
    known = providers()
    describe = DescribeSource(
        config=wired.config,
        providers=known,
        deliveries=list_deliveries(wired),
        rejections=list_rejections(wired),
    )
    add_source_setup(routes, describe=describe, providers=known, scheme=wired.settings.scheme)


def _add_instances(routes: Routes, wired: Wiring) -> None:
    store, clock = wired.registrations, wired.clock
    add_instances(
        routes,
        list_all=ListInstances(
            config=wired.config,
            registrations=store,
            health=wired.instance_health,
            clock=clock,
        ),
        registrations=ManageRegistrations(
            config=wired.config,
            register_instance=RegisterInstance(store=store, clock=clock),
            deregister_instance=DeregisterInstance(store=store, clock=clock),
        ),
    )
