"""Queues in memory, which hide what was received until its time is up, as SQS does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

from signalbox.models.errors import Unavailable
from signalbox.models.ids import TaskId
from signalbox.models.notification import Notification
from signalbox.models.task import Priority
from signalbox.services.ports.notifications import NotificationToSend
from signalbox.services.ports.tasks import QueueDepth, QueueMessage, TaskToSend
from signalbox.services.ports.time import Clock

LONGEST = 43_200
LONGEST_DELAY = 900


@dataclass(slots=True, kw_only=True)
class Message:
    """One message; `receipt` is that of its last receive."""

    id: str
    task: TaskId
    visible_at: datetime
    tenant: str | None = None
    receipt: str = ""
    received: int = 0
    hidden_at_most_until: datetime = datetime(9999, 1, 1, tzinfo=UTC)


class FakeTaskQueue:
    """A TaskQueue. A message received `max_receives` times in vain goes to the dead letters.

    While `down` it does nothing but raise Unavailable.
    """

    def __init__(self, clock: Clock, *, max_receives: int = 1_000) -> None:
        self.messages: dict[Priority, list[Message]] = {priority: [] for priority in Priority}
        self.dead: dict[Priority, list[Message]] = {priority: [] for priority in Priority}
        self.down = False
        self._clock = clock
        self._max_receives = max_receives
        self._numbers = count(1)

    def send(
        self,
        priority: Priority,
        tasks: Iterable[TaskId],
        *,
        delay: int = 0,
        tenant: str | None = None,
    ) -> None:
        self._reach()
        if not 0 <= delay <= LONGEST_DELAY:
            raise Unavailable("SQS delays a message by 0 to 900 seconds")
        for task in tasks:
            visible_at = self._clock() + timedelta(seconds=delay)
            message = Message(id=self._name("m"), task=task, visible_at=visible_at, tenant=tenant)
            self.messages[priority].append(message)

    def send_batch(self, priority: Priority, batch: Sequence[TaskToSend]) -> None:
        for each in batch:
            self.send(priority, [each.task], delay=each.delay, tenant=each.tenant)

    def receive(self, priority: Priority, *, hidden: int, wait: int) -> QueueMessage | None:
        del wait  # nothing comes meanwhile
        self._reach()
        self._bury(priority)
        message = next(iter(self._visible(priority)), None)
        if message is None:
            return None
        message.visible_at = self._until(hidden)
        message.receipt = self._name("r")
        message.received += 1
        message.hidden_at_most_until = self._until(LONGEST)
        return QueueMessage(
            queue=priority, task=message.task, message=message.id, receipt=message.receipt
        )

    def hide(self, priority: Priority, receipt: str, seconds: int) -> None:
        self._reach()
        until = self._until(seconds)
        for message in self.messages[priority]:
            # more than twelve hours after the receive are refused, and then it stays as it is
            if message.receipt == receipt and until <= message.hidden_at_most_until:
                message.visible_at = until

    def delete(self, priority: Priority, receipt: str) -> None:
        self._reach()
        kept = [each for each in self.messages[priority] if each.receipt != receipt]
        self.messages[priority] = kept

    def waiting(self, priority: Priority) -> int:
        self._reach()
        return len(self._visible(priority))

    def depths(self) -> Sequence[QueueDepth]:
        self._reach()
        return [
            QueueDepth(
                queue=priority,
                waiting=len(self._visible(priority)),
                in_flight=len(messages) - len(self._visible(priority)),
                delayed=0,
                dead_letters=len(self.dead[priority]),
            )
            for priority, messages in self.messages.items()
        ]

    def _visible(self, priority: Priority) -> list[Message]:
        now = self._clock()
        return [message for message in self.messages[priority] if message.visible_at <= now]

    def _bury(self, priority: Priority) -> None:
        lost = [each for each in self._visible(priority) if each.received >= self._max_receives]
        self.messages[priority] = [each for each in self.messages[priority] if each not in lost]
        self.dead[priority] += lost

    def _until(self, seconds: int) -> datetime:
        if not 0 <= seconds <= LONGEST:
            raise Unavailable("SQS hides a message for 0 to 43,200 seconds")
        return self._clock() + timedelta(seconds=seconds)

    def _name(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers)}"

    def _reach(self) -> None:
        if self.down:
            raise Unavailable("the queues did not answer")


class FakeNotices:
    """The queues of these connectors: `sent` holds what was put into them."""

    def __init__(self, *connectors: str) -> None:
        self.sent: list[tuple[str, Notification]] = []
        self.down = False
        self._connectors = connectors or ("slack",)

    def has_queue(self, connector: str) -> bool:
        return connector in self._connectors

    def send(self, connector: str, notification: Notification) -> None:
        if self.down or not self.has_queue(connector):
            raise Unavailable("the queues did not answer")
        self.sent.append((connector, notification))

    def send_batch(self, connector: str, batch: Sequence[NotificationToSend]) -> None:
        for each in batch:
            self.send(connector, each.notification)
