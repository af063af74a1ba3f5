"""Dispatch, maintenance and delivery for one ordered connection, over fakes that may fail."""

from collections.abc import Sequence
from random import Random
from typing import Any, Final

from signalbox.models.connection import Connection
from signalbox.models.delivery_policy import DeliveryOrder
from signalbox.models.errors import Unavailable
from signalbox.models.ids import NotificationId
from signalbox.models.notification import Notification
from signalbox.models.sequence import change_number
from signalbox.models.task import ChangeType, Task
from signalbox.services.notifications.hold import ReleaseHeld
from signalbox.services.notifications.list_notifications import RedeliverNotification
from signalbox.services.notifications.order import NotificationOrder
from signalbox.services.notifications.outcomes import Later, Outcome
from signalbox.services.notifications.wait_in_order import WaitInOrder
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from signalbox.services.tasks.reconcile import ReconcileOverdue
from tests.builders import a_connection, a_subscription
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.delivery import a_delivery
from tests.fakes.edges import FakeConnector
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.sequences import FakeSequenceStore
from tests.fakes.tasks import FakeAgenda, FakeHeldIndex, FakeNotificationStore, FakeTaskStore
from tests.faults.fuse import Fuse, Fused, Killed

NEVER: Final = 10_000
CHANGES: Final = (ChangeType.CREATED, ChangeType.STARTED, ChangeType.SUCCEEDED)


class Target(FakeConnector):
    """A target that notes what arrives and which unfinished notifications it has overtaken."""

    def __init__(self, store: FakeNotificationStore, order: DeliveryOrder) -> None:
        super().__init__(name="slack")
        self.arrived: list[Notification] = []
        self.overtaken: list[Notification] = []
        self.redelivered: set[NotificationId] = set()
        self._store, self._order = store, order

    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        self.arrived.append(notification)
        self.overtaken += [each for each in self._store.kept.values() if self._is_late(each)]
        self._overtaking(notification)
        super().send(notification, connection, secrets)

    def _is_late(self, each: Notification) -> bool:
        sent = self.arrived[-1]
        if not each.open or each.id == sent.id:
            return False
        if each.task_id == sent.task_id and each.id not in self.redelivered:
            return change_number(each) < change_number(sent)
        return bool(
            self._order is DeliveryOrder.CONNECTION
            and each.position
            and sent.position
            and each.position < sent.position
        )

    def _overtaking(self, notification: Notification) -> None:
        """Note what arrives for the first time after a later change of its task has arrived."""
        before = [each for each in self.arrived[:-1] if each.task_id == notification.task_id]
        if notification.id in {each.id for each in before}:
            return
        if notification.id not in self.redelivered and any(
            change_number(each) > change_number(notification) for each in before
        ):
            self.overtaken.append(notification)


class Ordering:
    """One connection that keeps an order. `fuse` spoils one of the next calls to anything."""

    def __init__(self, order: DeliveryOrder, **fields: object) -> None:
        self.clock, self.fuse = FakeClock(), Fuse()
        self.tasks, self.store = FakeTaskStore(), FakeNotificationStore()
        self.sequences, self.queue = FakeSequenceStore(), FakeNotices("slack")
        self.target = Target(self.store, order)
        self.config = FakeConfigStore(
            a_connection(order=order, **fields), a_subscription(changes=CHANGES)
        )
        notifications, queue = self._fused(self.store), self._fused(self.queue)
        self.order = NotificationOrder(
            notifications=notifications, sequences=self._fused(self.sequences), clock=self.clock
        )
        self.dispatch = DispatchChanges(
            tasks=self.tasks,
            queue=FakeTaskQueue(self.clock),
            clock=self.clock,
            notify=NotifyChanges(
                notifications=notifications,
                notification_queue=queue,
                config=self.config,
                stack="test",
                order=self.order,
                clock=self.clock,
            ),
        )
        self.deliver = a_delivery(
            connector=self._fused(self.target),
            notifications=notifications,
            config=self.config,
            clock=self.clock,
            order=WaitInOrder(order=self.order, notifications=notifications, clock=self.clock),
        )
        self.reconcile = ReconcileOverdue(
            due_index=FakeAgenda(FakeTaskStore(), self.store),
            tasks=self.tasks,
            notifications=notifications,
            notification_queue=queue,
            dispatch=self.dispatch,
            clock=self.clock,
            random=Random(1),
        )
        self.release = ReleaseHeld(
            index=FakeHeldIndex(self.store),
            notifications=notifications,
            notification_queue=queue,
            config=self.config,
            clock=self.clock,
        )
        self._redeliver = RedeliverNotification(
            notifications=notifications, notification_queue=queue, clock=self.clock
        )

    def redeliver(self, notification: Notification) -> None:
        self.target.redelivered.add(notification.id)
        self._redeliver(notification.task_id, notification.id)

    def changed(self, task: Task) -> bool:
        """Dispatch the last step of a task; return whether that succeeded."""
        try:
            self.dispatch(task, [task.last_step])
        except (Killed, Unavailable):
            return False
        return True

    def receive(self, number: int = 0) -> Outcome | None:
        """Receive a message; it is deleted when nothing is left to do for it."""
        message = self.queue.sent[number]
        try:
            outcome = self.deliver(message[1].task_id, message[1].id)
        except (Killed, Unavailable):
            return None
        if not isinstance(outcome, Later):
            self.queue.sent.remove(message)
        return outcome

    def maintain(self) -> None:
        """Run maintenance, which may die."""
        try:
            self.reconcile(lambda: 60.0)
            self.release(lambda: 60.0)
        except Killed:
            return

    @property
    def unfinished(self) -> list[Notification]:
        return [each for each in self.store.kept.values() if each.open]

    def titles(self) -> list[str]:
        return [each.change.data.title for each in self.target.arrived]

    def _fused(self, target: object) -> Any:
        return Fused(target, self.fuse)
