"""Build what observes incidents. Only maintenance loads it."""

from signalbox.aws.incidents import DynamoIncidents
from signalbox.aws.rejections import DynamoRejections
from signalbox.runtime.registry import providers
from signalbox.runtime.wiring import Wiring
from signalbox.services.incidents.alert import SendAlerts
from signalbox.services.incidents.failures import SearchFailures
from signalbox.services.incidents.observe import ObserveIncidents
from signalbox.services.incidents.signals import ReadAllSignals
from signalbox.services.incidents.webhooks import ReadWebhookFailures
from signalbox.services.notifications.circuits import ReadCircuits
from signalbox.services.ports.metrics import CounterStore
from signalbox.services.queues.backlog import MeasureBacklog
from signalbox.services.queues.pause import PauseQueues


def observe_incidents(wired: Wiring, counters: CounterStore) -> ObserveIncidents:
    """Return what observes incidents."""
    alert = SendAlerts(
        config=wired.config,
        notifications=wired.notifications,
        notification_queue=wired.notification_queue,
        clock=wired.clock,
        stack=wired.settings.stack,
    )
    webhooks = ReadWebhookFailures(
        rejections=DynamoRejections(table=wired.state_table),
        deliveries=wired.deliveries,
        config=wired.config,
        providers=tuple(providers()),
    )
    signals = ReadAllSignals(
        counts=counters.totals,
        search=SearchFailures(tasks=wired.tasks, notifications=wired.notifications),
        webhooks=webhooks,
        circuits=ReadCircuits(config=wired.config, store=wired.circuits),
        oldest=MeasureBacklog(queue=wired.queue, tasks=wired.tasks, clock=wired.clock).oldest,
        paused=PauseQueues(config=wired.config, clock=wired.clock).paused,
    )
    store = DynamoIncidents(table=wired.state_table, clock=wired.clock)
    return ObserveIncidents(store=store, signals=signals, alert=alert, clock=wired.clock)
