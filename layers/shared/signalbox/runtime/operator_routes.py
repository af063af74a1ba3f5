"""Add the routes for operators: deliveries, notifications, configuration, keys, queues."""

from functools import partial

from signalbox.auth.cursors import Cursors
from signalbox.auth.manage_keys import ManageKeys, ManageRoles
from signalbox.auth.update_key import UpdateKey
from signalbox.aws.incidents import DynamoIncidents
from signalbox.aws.rejections import DynamoRejections
from signalbox.http.routes.connections import add_connections
from signalbox.http.routes.dead_letters import add_dead_letters
from signalbox.http.routes.deliveries import add_deliveries, add_explanations
from signalbox.http.routes.incidents import add_incidents
from signalbox.http.routes.instances import add_instances
from signalbox.http.routes.keys import add_keys
from signalbox.http.routes.notifications import add_notifications
from signalbox.http.routes.queue import add_queue
from signalbox.http.routes.roles import add_roles
from signalbox.http.routes.schedules import add_schedules
from signalbox.http.routes.secrets import add_secrets
from signalbox.http.routes.services import add_services
from signalbox.http.routes.sources import add_source_setup, add_sources
from signalbox.http.routes.subscriptions import add_subscriptions
from signalbox.http.routing import Routes
from signalbox.http.schemas.notifications import PreviewRequest
from signalbox.models.notification import Notification
from signalbox.runtime.overview import add_overviews
from signalbox.runtime.registry import connectors, middlewares, providers
from signalbox.runtime.wiring import Wiring
from signalbox.services.config.configure import Configure
from signalbox.services.config.refresh_networks import RefreshNetworks
from signalbox.services.config.source_setup import DescribeSource
from signalbox.services.deliveries.explain import ExplainDelivery
from signalbox.services.deliveries.list_deliveries import ListDeliveries
from signalbox.services.deliveries.list_rejections import ListRejections
from signalbox.services.deliveries.reinterpret import ReinterpretDelivery
from signalbox.services.deliveries.replay import ReplayDelivery
from signalbox.services.gateway.list_instances import ListInstances
from signalbox.services.gateway.manage_registrations import ManageRegistrations
from signalbox.services.gateway.registration import DeregisterInstance, RegisterInstance
from signalbox.services.incidents.list_incidents import ListIncidents
from signalbox.services.metrics import CountChanges
from signalbox.services.notifications.check_connection import CheckConnection
from signalbox.services.notifications.list_notifications import (
    ListNotifications,
    RedeliverNotification,
    RedeliverNotifications,
)
from signalbox.services.queues.backlog import MeasureBacklog
from signalbox.services.queues.pause import PauseQueues
from signalbox.services.queues.queue_status import DescribeQueues
from signalbox.services.queues.redrive import ListDeadLetters, RedriveDeadLetters
from signalbox.services.schedules.manage_schedules import ManageSchedules
from signalbox.services.tasks.dependencies import AwaitTasks
from signalbox.services.tasks.update import RetryTask


def add_operators(
    routes: Routes, wired: Wiring, *, inspect: MeasureBacklog, count: CountChanges
) -> None:
    """Add the routes."""
    cursors = Cursors(keys=wired.cursor_keys, clock=wired.clock)
    redeliver = RedeliverNotification(
        notifications=wired.notifications,
        notification_queue=wired.notification_queue,
        clock=wired.clock,
    )
    rejections = _add_deliveries(routes, wired, cursors)
    browse = ListNotifications(notifications=wired.notifications)
    add_notifications(
        routes,
        browse=browse,
        store=wired.notifications,
        tasks=wired.tasks,
        redeliver=RedeliverNotifications(browse=browse, redeliver=redeliver),
        preview=partial(_preview, wired),
        explain_wait=partial(_explain_wait, wired),
        cursors=cursors,
    )
    _add_configuration(routes, wired)
    _add_access(routes, wired)
    describe_queues = _add_queues(routes, wired, inspect)
    incidents = ListIncidents(store=DynamoIncidents(table=wired.state_table, clock=wired.clock))
    add_incidents(routes, browse=incidents)
    add_overviews(
        routes,
        wired,
        count=count,
        queues=describe_queues,
        incidents=incidents,
        rejections=rejections,
    )
    dead = ListDeadLetters(tasks=wired.tasks, notifications=wired.notifications)
    wait = AwaitTasks(tasks=wired.tasks, index=wired.dependents)
    retry = RetryTask(tasks=wired.tasks, clock=wired.clock, wait=wait)
    redrive = RedriveDeadLetters(dead=dead, retry=retry, redeliver=redeliver)
    add_dead_letters(routes, browse=dead, redrive=redrive, cursors=cursors)


def _add_deliveries(routes: Routes, wired: Wiring, cursors: Cursors) -> ListRejections:
    known = providers()
    reinterpret = ReinterpretDelivery(
        config=wired.config,
        providers=known,
        clock=wired.clock,
        retention=wired.settings.retention,
        permission=wired.permission,
    )
    browse = ListDeliveries(deliveries=wired.deliveries, config=wired.config, providers=known)
    rejections = ListRejections(
        store=DynamoRejections(table=wired.state_table), config=wired.config, providers=known
    )
    add_deliveries(
        routes,
        browse=browse,
        store=wired.deliveries,
        replay=ReplayDelivery(
            deliveries=wired.deliveries,
            tasks=wired.tasks,
            reinterpret=reinterpret,
            clock=wired.clock,
        ),
        cursors=cursors,
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
        rejections=rejections,
    )
    add_source_setup(
        routes,
        describe=DescribeSource(
            config=wired.config, providers=known, deliveries=browse, rejections=rejections
        ),
        providers=known,
        scheme=wired.settings.scheme,
    )
    return rejections


def _explain_wait(wired: Wiring, notification: Notification) -> str | None:
    from signalbox.services.notifications.explain_wait import (  # noqa: PLC0415  rarely needed
        ExplainWait,
    )

    explain = ExplainWait(config=wired.config, order=wired.notification_order, clock=wired.clock)
    return explain(notification)


def _preview(wired: Wiring, request: PreviewRequest) -> str:
    from signalbox.services.notifications.preview import (  # noqa: PLC0415  rarely needed
        PreviewMessage,
    )

    preview = PreviewMessage(
        config=wired.config, tasks=wired.tasks, clock=wired.clock, stack=wired.settings.stack
    )
    return preview(
        change=request.change,
        template=request.template,
        subscription=request.subscription,
        task=request.task,
    )


def _add_configuration(routes: Routes, wired: Wiring) -> None:
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


def _add_access(routes: Routes, wired: Wiring) -> None:
    roles = ManageRoles(config=wired.config, keys=wired.keys)
    grant = ManageKeys(
        keys=wired.keys,
        roles=roles,
        clock=wired.clock,
        environment=wired.settings.key_environment,
    )
    amend = UpdateKey(keys=wired.keys, roles=roles, clock=wired.clock)
    add_keys(routes, manage=grant, update=amend, clock=wired.clock)
    add_roles(routes, roles=roles)


def _add_queues(routes: Routes, wired: Wiring, inspect: MeasureBacklog) -> DescribeQueues:
    pausing = PauseQueues(config=wired.config, clock=wired.clock)
    describe_queues = DescribeQueues(
        inspect=inspect, pausing=pausing, tasks=wired.tasks, clock=wired.clock
    )
    add_queue(routes, describe_queues=describe_queues, pausing=pausing)
    return describe_queues
