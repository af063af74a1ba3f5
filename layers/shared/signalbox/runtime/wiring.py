"""Wire what a function needs from its settings: one client of each kind, created on first use.

A part that few functions need is imported where it is created: it would slow the start of all.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from functools import cache, cached_property
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Final

from signalbox.aws.burst_slots import DynamoBurstSlots
from signalbox.aws.config import DynamoConfig, DynamoKeys
from signalbox.aws.deliveries import DynamoDeliveries
from signalbox.aws.dynamo_table import Table
from signalbox.aws.secrets import SsmSecrets
from signalbox.aws.tasks import DynamoDueIndex, DynamoTasks
from signalbox.models.networks import NetworkPreset
from signalbox.models.task import Priority
from signalbox.runtime.clients import AwsClients
from signalbox.runtime.settings import Settings
from signalbox.runtime.telemetry import is_exporting, report_unreadable_config
from signalbox.services.ports.deliveries import PermissionCheck, PermissionsWithin
from signalbox.services.ports.time import Clock, Sleep, utc_now

if TYPE_CHECKING:
    from signalbox.auth.cursors import Cursors
    from signalbox.aws.audit import DynamoAudit
    from signalbox.aws.circuits import DynamoCircuits
    from signalbox.aws.concurrency import DynamoConcurrency
    from signalbox.aws.dependents import DynamoDependents
    from signalbox.aws.grants import SsmGrants
    from signalbox.aws.held import DynamoHeldIndex
    from signalbox.aws.instance_health import DynamoInstanceHealth
    from signalbox.aws.logs import DynamoLogs
    from signalbox.aws.notifications import DynamoNotifications
    from signalbox.aws.permission_cache import DynamoPermissionCache
    from signalbox.aws.queues import SqsNotificationQueue, SqsTaskQueue
    from signalbox.aws.redelivery import DynamoRedelivery
    from signalbox.aws.references import DynamoReferences
    from signalbox.aws.refresh_locks import DynamoRefreshLocks
    from signalbox.aws.registrations import DynamoRegistrations
    from signalbox.aws.schedules import DynamoSchedules
    from signalbox.aws.send_slots import DynamoSendSlots
    from signalbox.models.rate_limits import ConcurrencyLimits
    from signalbox.services.config.refresh_networks import FetchNetworks
    from signalbox.services.deliveries.permissions import CheckPermission
    from signalbox.services.notifications.digest import Digests
    from signalbox.services.notifications.order import NotificationOrder
    from signalbox.services.tasks.dependencies import AwaitTasks
    from signalbox.services.tasks.dispatch import DispatchChanges
    from signalbox.services.tasks.dispatch_relations import DispatchRelations
    from signalbox.services.tasks.slots import TaskSlots

_NETWORKS_SECONDS: Final = 4.0
"""How long whoever stores a source waits for the networks of each preset in it."""
_CURSOR_KEY: Final = "keys/cursor"
_TELEMETRY_KEY: Final = "telemetry/headers"


class Wiring(AwsClients):
    """What a function can ask for; each part is created on first use."""

    def __init__(
        self,
        settings: Settings | None = None,
        clock: Clock = utc_now,
        sleep: Sleep = time.sleep,
        random: Random | None = None,
    ) -> None:
        super().__init__(settings)
        self.clock = clock
        self.sleep = sleep
        self.random = random or SystemRandom()

    @cached_property
    def permission(self) -> PermissionCheck:
        """Return the check of who may give commands, with a cache of its own."""
        from signalbox.runtime.permissions import check_permission  # noqa: PLC0415  see above

        return check_permission(self)

    @cached_property
    def permission_within(self) -> PermissionsWithin:
        """Return the check for a caller with little time, with a cache of its own."""

        @cache
        def check() -> "CheckPermission":
            from signalbox.runtime.permissions import check_permission  # noqa: PLC0415  see above

            return check_permission(self)

        return lambda left: check().within(left)

    @cached_property
    def fetch_networks(self) -> "FetchNetworks":
        """Return what fetches the networks that services publish."""
        trusted = self.settings.trusted

        def fetch(service: NetworkPreset) -> Sequence[str]:
            from signalbox.egress.http_client import HttpClient  # noqa: PLC0415  rarely needed
            from signalbox.egress.published_networks import HttpNetworks  # noqa: PLC0415

            client = HttpClient(trusted=trusted, total=_NETWORKS_SECONDS)
            return HttpNetworks(send=client)(service)

        return fetch

    @cached_property
    def tasks(self) -> DynamoTasks:
        """Return the store of tasks."""
        if is_exporting():
            from signalbox.runtime.otlp.traced_stores import TracedTasks  # noqa: PLC0415  few export

            return TracedTasks(table=self.tasks_table, clock=self.clock)
        return DynamoTasks(table=self.tasks_table, clock=self.clock)

    @cached_property
    def dependents(self) -> "DynamoDependents":
        """Return the index of the tasks that wait for a task."""
        from signalbox.aws.dependents import DynamoDependents  # noqa: PLC0415  see above

        return DynamoDependents(table=self.tasks_table, clock=self.clock)

    def await_tasks(self) -> "AwaitTasks":
        """Return what lets tasks wait for others."""
        from signalbox.services.tasks.dependencies import AwaitTasks  # noqa: PLC0415  see above

        return AwaitTasks(tasks=self.tasks, index=self.dependents)

    @cached_property
    def task_slots(self) -> "TaskSlots":
        """Return what limits how many tasks run at once."""
        from signalbox.services.tasks.slots import TaskSlots  # noqa: PLC0415  see above

        return TaskSlots(
            tasks=self.tasks,
            store=self.concurrency,
            queue=self.queue,
            clock=self.clock,
            limits=self.concurrency_limits,
        )

    @cached_property
    def concurrency(self) -> "DynamoConcurrency":
        """Return the store of what limits how many tasks run at once."""
        from signalbox.aws.concurrency import DynamoConcurrency  # noqa: PLC0415  see above

        return DynamoConcurrency(table=self.tasks_table, clock=self.clock)

    def concurrency_limits(self) -> "ConcurrencyLimits":
        """Return how many tasks of a kind or group may run at once."""
        return self.config.limits().concurrency

    @cached_property
    def dispatch_relations(self) -> "DispatchRelations":
        """Return what moves tasks on that have to do with others."""
        from signalbox.services.tasks.dependencies import SettleDependents  # noqa: PLC0415
        from signalbox.services.tasks.dispatch_relations import DispatchRelations  # noqa: PLC0415
        from signalbox.services.tasks.groups import ManageGroups  # noqa: PLC0415

        tasks, clock = self.tasks, self.clock
        return DispatchRelations(
            dependents=SettleDependents(tasks=tasks, index=self.dependents, clock=clock),
            slots=self.task_slots,
            groups=ManageGroups(tasks=tasks, store=self.concurrency, clock=clock),
        )

    @cached_property
    def notifications(self) -> "DynamoNotifications":
        """Return the store of notifications."""
        from signalbox.aws.notifications import DynamoNotifications  # noqa: PLC0415  see above

        return DynamoNotifications(table=self.tasks_table)

    @cached_property
    def logs(self) -> "DynamoLogs":
        """Return the store of logs."""
        from signalbox.aws.logs import DynamoLogs  # noqa: PLC0415  see above

        return DynamoLogs(table=self.tasks_table)

    @cached_property
    def audit(self) -> "DynamoAudit":
        """Return the store of the audit log."""
        from signalbox.aws.audit import DynamoAudit  # noqa: PLC0415  see above

        return DynamoAudit(table=Table(client=self.dynamo, name=self.settings.audit_table))

    @cached_property
    def due_index(self) -> DynamoDueIndex:
        """Return the index of due items."""
        return DynamoDueIndex(table=self.tasks_table)

    @cached_property
    def held_index(self) -> "DynamoHeldIndex":
        """Return the index of held notifications."""
        from signalbox.aws.held import DynamoHeldIndex  # noqa: PLC0415  see above

        return DynamoHeldIndex(table=self.tasks_table)

    @cached_property
    def deliveries(self) -> DynamoDeliveries:
        """Return the store of deliveries."""
        bucket, s3 = self.settings.bodies_bucket, lambda: self.s3
        return DynamoDeliveries(table=self.deliveries_table, bucket=bucket, s3=s3)

    @cached_property
    def config(self) -> DynamoConfig:
        """Return the store of the configuration."""
        return DynamoConfig(
            table=self.config_table, clock=self.clock, unreadable=report_unreadable_config
        )

    @cached_property
    def schedules(self) -> "DynamoSchedules":
        """Return the store of the states of schedules."""
        from signalbox.aws.schedules import DynamoSchedules  # noqa: PLC0415  see above

        return DynamoSchedules(table=self.config_table)

    @cached_property
    def circuits(self) -> "DynamoCircuits":
        """Return the store of circuits."""
        from signalbox.aws.circuits import DynamoCircuits  # noqa: PLC0415  see above

        return DynamoCircuits(table=self.state_table, clock=self.clock)

    @cached_property
    def references(self) -> "DynamoReferences":
        """Return the store of the objects of targets that stand for tasks."""
        from signalbox.aws.references import DynamoReferences  # noqa: PLC0415  see above

        return DynamoReferences(table=self.state_table, clock=self.clock)

    @cached_property
    def digests(self) -> "Digests":
        """Return what collects digests."""
        from signalbox.aws.digests import DynamoDigests  # noqa: PLC0415  see above
        from signalbox.services.notifications.digest import Digests  # noqa: PLC0415

        store = DynamoDigests(table=self.state_table, clock=self.clock)
        return Digests(store=store, notifications=self.notifications, clock=self.clock)

    @cached_property
    def notification_order(self) -> "NotificationOrder":
        """Return what finds the order of notifications."""
        from signalbox.aws.sequences import DynamoSequences  # noqa: PLC0415  see above
        from signalbox.services.notifications.order import NotificationOrder  # noqa: PLC0415

        return NotificationOrder(
            notifications=self.notifications,
            sequences=DynamoSequences(table=self.state_table, clock=self.clock),
            clock=self.clock,
        )

    @cached_property
    def permission_cache(self) -> "DynamoPermissionCache":
        """Return the permissions that functions share."""
        from signalbox.aws.permission_cache import DynamoPermissionCache  # noqa: PLC0415  see above

        return DynamoPermissionCache(table=self.state_table)

    @cached_property
    def burst_slots(self) -> DynamoBurstSlots:
        """Return the slots of burst caps."""
        return DynamoBurstSlots(table=self.state_table)

    @cached_property
    def send_slots(self) -> "DynamoSendSlots":
        """Return the slots of connections with a rate limit."""
        from signalbox.aws.send_slots import DynamoSendSlots  # noqa: PLC0415  see above

        return DynamoSendSlots(table=self.state_table)

    @cached_property
    def redelivery(self) -> "DynamoRedelivery":
        """Return the store of missed deliveries."""
        from signalbox.aws.redelivery import DynamoRedelivery  # noqa: PLC0415  see above

        return DynamoRedelivery(table=self.state_table, clock=self.clock)

    @cached_property
    def instance_health(self) -> "DynamoInstanceHealth":
        """Return the store of the health of instances."""
        from signalbox.aws.instance_health import DynamoInstanceHealth  # noqa: PLC0415  see above

        return DynamoInstanceHealth(table=self.state_table, clock=self.clock)

    @cached_property
    def registrations(self) -> "DynamoRegistrations":
        """Return the store of instances that registered themselves."""
        from signalbox.aws.registrations import DynamoRegistrations  # noqa: PLC0415  see above

        return DynamoRegistrations(table=self.state_table)

    @cached_property
    def keys(self) -> DynamoKeys:
        """Return the store of API keys."""
        return DynamoKeys(table=self.config_table)

    @cached_property
    def secrets(self) -> SsmSecrets:
        """Return the store of secrets."""
        return SsmSecrets(ssm=self.ssm, prefix=self.settings.parameters, clock=self.clock)

    @cached_property
    def grants(self) -> "SsmGrants":
        """Return the store of the tokens of connections."""
        from signalbox.aws.grants import SsmGrants  # noqa: PLC0415  see above

        return SsmGrants(ssm=self.ssm, prefix=self.settings.parameters)

    @cached_property
    def refresh_locks(self) -> "DynamoRefreshLocks":
        """Return the locks of those who use the refresh tokens of connections."""
        from signalbox.aws.refresh_locks import DynamoRefreshLocks  # noqa: PLC0415  see above

        return DynamoRefreshLocks(table=self.state_table, clock=self.clock)

    @cached_property
    def queue(self) -> "SqsTaskQueue":
        """Return the task queues."""
        from signalbox.aws.queues import QueueUrls, SqsTaskQueue  # noqa: PLC0415  see above

        chosen = self.settings
        urls = {
            Priority.HIGH: (chosen.queue_high, chosen.queue_high_dead_letters),
            Priority.NORMAL: (chosen.queue_normal, chosen.queue_normal_dead_letters),
            Priority.LOW: (chosen.queue_low, chosen.queue_low_dead_letters),
        }
        queues = {
            name: QueueUrls(queue=url, dead_letters=dead) for name, (url, dead) in urls.items()
        }
        if is_exporting():
            from signalbox.runtime.otlp.traced_stores import (  # noqa: PLC0415  few export
                TracedTaskQueue,
            )

            return TracedTaskQueue(sqs=self.sqs, urls=queues)
        return SqsTaskQueue(sqs=self.sqs, urls=queues)

    @cached_property
    def notification_queue(self) -> "SqsNotificationQueue":
        """Return the queues of the connectors."""
        from signalbox.aws.queues import SqsNotificationQueue  # noqa: PLC0415  see above
        from signalbox.runtime.registry import connector_names  # noqa: PLC0415

        urls = {name: self.settings.connector_queue(name) for name in connector_names()}
        if is_exporting():
            from signalbox.runtime.otlp.traced_stores import (  # noqa: PLC0415  few export
                TracedNotificationQueue,
            )

            return TracedNotificationQueue(sqs=self.sqs, urls=urls)
        return SqsNotificationQueue(sqs=self.sqs, urls=urls)

    @cached_property
    def dispatch(self) -> "DispatchChanges":
        """Return what dispatches changes."""
        from signalbox.services.queues.idle import IdleQueues  # noqa: PLC0415  see above
        from signalbox.services.tasks.dispatch import DispatchChanges  # noqa: PLC0415  see above
        from signalbox.services.tasks.notify_changes import NotifyChanges  # noqa: PLC0415  see above

        return DispatchChanges(
            tasks=self.tasks,
            queue=self.queue,
            clock=self.clock,
            relations=lambda: self.dispatch_relations,
            is_idle=IdleQueues(queue=self.queue, clock=self.clock),
            notify=NotifyChanges(
                notifications=self.notifications,
                notification_queue=self.notification_queue,
                config=self.config,
                stack=self.settings.stack,
                has_secret=self._has_secret,
                digests=self.digests,
                order=self.notification_order,
                clock=self.clock,
            ),
        )

    def _has_secret(self, name: str) -> bool:
        return self.secrets.has(name)  # made when it is first asked

    def _cursor_keys(self) -> Sequence[str]:
        """Return the keys that sign cursors; the first call creates one."""
        return self.own_secret(_CURSOR_KEY, lambda: secrets.token_urlsafe(32))

    @cached_property
    def cursors(self) -> "Cursors":
        """Return what signs and reads the cursors of lists."""
        from signalbox.auth.cursors import Cursors  # noqa: PLC0415  see above

        return Cursors(keys=self._cursor_keys, clock=self.clock)

    def telemetry_headers(self) -> Sequence[str]:
        """Return the secrets with the headers for the endpoint of OTLP, if there are any."""
        return self.secrets.secrets(_TELEMETRY_KEY)

    def own_secret(self, name: str, make: Callable[[], str]) -> Sequence[str]:
        """Return a secret of this installation, which is made when it is first needed."""
        found = self.secrets.secrets(name)
        if found:
            return found
        self.secrets.put_new(name, [make()])
        return self.secrets.refresh(name)
