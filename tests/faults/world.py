"""All use cases of the life of a webhook over fakes: from its receipt to its notifications.

Stores and queues can fail, or their callers die, at any call. Streams and queues deliver at least
once. It is in memory, so that a run of many steps takes milliseconds.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from signalbox.models.connection import Connection
from signalbox.models.errors import SendDelayed, SendRefused, Unavailable
from signalbox.models.ids import ConnectionId, NotificationId, TaskId, WorkerId
from signalbox.models.notification import Notification
from signalbox.models.request import InboundRequest
from signalbox.models.source import ApprovalRule, Source
from signalbox.models.task import ChangeType, Task
from signalbox.providers.github.provider import GitHub
from signalbox.services.deliveries.receive import ReceiveResult, ReceiveWebhook
from signalbox.services.notifications.circuits import CircuitBreakers
from signalbox.services.notifications.deliver import DeliverNotification
from signalbox.services.notifications.list_notifications import RedeliverNotification
from signalbox.services.notifications.make_attempt import MakeAttempt
from signalbox.services.notifications.outcomes import Later
from signalbox.services.ports.notifications import NotificationToSend
from signalbox.services.queues.dead_letters import FailDeadLetter
from signalbox.services.tasks.claim import ClaimTask
from signalbox.services.tasks.claim_next import ClaimNext
from signalbox.services.tasks.dependencies import AwaitTasks
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.leases import LeaseStep, ManageLease
from signalbox.services.tasks.notify_changes import NotifyChanges
from signalbox.services.tasks.reconcile import ReconcileOverdue
from signalbox.services.tasks.update import ApproveTask, CancelTask, RetryTask
from tests.builders import SECRET, STACK, a_connection, a_subscription
from tests.fakes.circuits import FakeCircuitStore
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore, FakeSecretStore
from tests.fakes.deliveries import FakeDeliveryStore
from tests.fakes.dependents import FakeDependents, awaiting
from tests.fakes.edges import FakeConnector
from tests.fakes.queues import FakeTaskQueue
from tests.fakes.tasks import FakeAgenda, FakeNotificationStore, FakeTaskStore
from tests.faults.fuse import Fuse, Fused, Killed
from tests.unit.services.receiving import ISSUE

CONNECTIONS: Final = (ConnectionId("one"), ConnectionId("two"))
_CONNECTOR: Final = "slack"
_BATCH: Final = 3


class StreamedTasks(FakeTaskStore):
    """A store of tasks whose steps appear in a stream, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.stream: list[Task] = []

    def create(self, task: Task) -> bool:
        created = super().create(task)
        if created:
            self.stream.append(task)
        return created

    def replace(self, before: Task, after: Task) -> None:
        super().replace(before, after)
        if after.version != before.version:
            self.stream.append(after)


@dataclass(slots=True, kw_only=True)
class NotificationMessage:
    """A message in the queue of the connector, hidden until its time."""

    task: TaskId
    notification: NotificationId
    visible_at: datetime


class NotificationMessages:
    """The queue of the connector."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.messages: list[NotificationMessage] = []
        self._clock = clock

    def has_queue(self, connector: str) -> bool:
        return connector == _CONNECTOR

    def send(self, connector: str, notification: Notification) -> None:
        del connector
        self.messages.append(
            NotificationMessage(
                task=notification.task_id, notification=notification.id, visible_at=self._clock()
            )
        )

    def send_batch(self, connector: str, batch: Sequence[NotificationToSend]) -> None:
        for each in batch:
            self.send(connector, each.notification)

    def visible(self) -> list[NotificationMessage]:
        now = self._clock()
        return [each for each in self.messages if each.visible_at <= now]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a target does: takes effect or not, and then succeeds, raises or kills the caller."""

    effect: bool
    error: BaseException | None = None


HEALTHY: Final = Answer(effect=True)
ANSWERS: Final = (
    HEALTHY,
    HEALTHY,
    Answer(effect=True, error=SendDelayed("no answer in time")),
    Answer(effect=False, error=SendDelayed("it answered 503")),
    Answer(effect=False, error=SendDelayed("it answered 429", timedelta(minutes=7))),
    Answer(effect=False, error=SendRefused("it answered 404")),
    Answer(effect=True, error=Killed()),
    Answer(effect=False, error=Killed()),
)


class Target(FakeConnector):
    """A target that recognises repeats by the id of the notification, and answers as chosen."""

    def __init__(self) -> None:
        super().__init__(name=_CONNECTOR)
        self.effects: Counter[NotificationId] = Counter()
        self.next: Answer = HEALTHY

    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        answer, self.next = self.next, HEALTHY
        self.effects[notification.id] += answer.effect
        if answer.error is not None:
            raise answer.error


class World:
    """The use cases, each over stores that go through one fuse."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.fuse = Fuse()
        self.tasks = StreamedTasks()
        self.notifications = FakeNotificationStore()
        self.deliveries = FakeDeliveryStore()
        self.queue = FakeTaskQueue(self.clock)
        self.messages = NotificationMessages(self.clock)
        self.circuits = FakeCircuitStore()
        self.target = Target()
        self.secrets = FakeSecretStore(
            self.clock,
            {"sources/github/default": [SECRET]}
            | {f"connections/{name}": ["a-secret"] for name in CONNECTIONS},
        )
        self.config = FakeConfigStore(
            Source(
                provider="github",
                events=("issues.*",),
                approval=ApprovalRule(kinds=("issues.edited",), expires_minutes=120),
            ),
            *(a_connection(id=name, connector=_CONNECTOR) for name in CONNECTIONS),
            *(
                a_subscription(id=f"to-{name}", connection=name, changes=tuple(ChangeType))
                for name in CONNECTIONS
            ),
        )
        self._wire()

    def _wire(self) -> None:
        tasks, notifications = self._fused(self.tasks), self._fused(self.notifications)
        queue, messages = self._fused(self.queue), self._fused(self.messages)
        self.receive = ReceiveWebhook(
            provider=GitHub(),
            config=self.config,
            secrets=self.secrets,
            tasks=tasks,
            deliveries=self._fused(self.deliveries),
            clock=self.clock,
            retention=timedelta(hours=24),
            wait=awaiting(tasks),
        )
        self.dispatch = DispatchChanges(
            tasks=tasks,
            queue=queue,
            clock=self.clock,
            notify=NotifyChanges(
                notifications=notifications,
                notification_queue=messages,
                config=self.config,
                stack=STACK,
                clock=self.clock,
            ),
        )
        self.reconcile = ReconcileOverdue(
            due_index=FakeAgenda(self.tasks, self.notifications),
            tasks=tasks,
            notifications=notifications,
            notification_queue=messages,
            dispatch=self.dispatch,
            clock=self.clock,
            random=Random(1),
        )
        self.leases = ManageLease(tasks=tasks, queue=queue, clock=self.clock, random=Random(2))
        self.dead = FailDeadLetter(tasks=tasks, notifications=notifications, clock=self.clock)
        self.cancel = CancelTask(tasks=tasks, clock=self.clock)
        self.approve = ApproveTask(tasks=tasks, clock=self.clock)
        self.retry = RetryTask(
            tasks=tasks,
            clock=self.clock,
            wait=AwaitTasks(tasks=tasks, index=FakeDependents()),
        )
        self.redeliver = RedeliverNotification(
            notifications=notifications, notification_queue=messages, clock=self.clock
        )
        self._connectors = [self._connector(number) for number in range(2)]

    def webhook(self, number: int, action: str) -> ReceiveResult:
        """Deliver the webhook with this number."""
        payload = {**ISSUE, "action": action}
        headers = {"x-github-event": "issues", "x-github-delivery": f"d-{number}"}
        request = InboundRequest(
            method="POST",
            path="/api/v1/webhooks/github",
            headers={**headers, "content-type": "application/json"},
            body=json.dumps(payload).encode(),
            source_ip="192.0.2.7",
        )
        return self.receive(GitHub().sign(request, SECRET))

    def stream(self, *, repeated: bool = False, lost: bool = False) -> None:
        """Deliver the next batch of the stream; `lost` is a batch that the mapping gives up."""
        batch = self.tasks.stream[:_BATCH]
        if not lost:
            self._dispatch(batch)
        if not repeated:
            del self.tasks.stream[: len(batch)]

    def _dispatch(self, batch: Sequence[Task]) -> None:
        """Dispatch the changes in phases, as the function does."""
        outbox, errors = self.dispatch.outbox(), list[Unavailable]()

        def goes_on(phases: Iterator[None]) -> bool:
            try:
                next(phases)
            except StopIteration:
                return False
            except Unavailable as error:
                errors.append(error)
                return False
            return True

        running = [self.dispatch.in_phases(task, [task.last_step], outbox) for task in batch]
        while running:
            running = [phases for phases in running if goes_on(phases)]
            outbox.send()
        if errors:
            raise errors[0]

    def claim(self, worker: str, seconds: int, skew: int) -> Task | None:
        """Claim a task by a container whose clock is wrong by some seconds."""
        claim = self._claim_task(skew)
        return claim(WorkerId(worker), lease_seconds=seconds, wait_seconds=0)

    def claim_next(self, end: LeaseStep, worker: str, seconds: int) -> Task | None:
        """Claim the next task for the worker of a lease that has ended."""
        claim_next = ClaimNext(claim=self._claim_task(), failed=lambda _: None)
        return claim_next(end, WorkerId(worker), lease_seconds=seconds, wait_seconds=0)

    def _claim_task(self, skew: int = 0) -> ClaimTask:
        return ClaimTask(
            tasks=self._fused(self.tasks),
            queue=self._fused(self.queue),
            clock=lambda: self.clock() + timedelta(seconds=skew),
            random=Random(3),
            sleep=self.clock.sleep,
        )

    def notify(self, process: int, number: int, answer: Answer) -> bool:
        """Let a process of the connector receive one message; return whether there was one."""
        visible = self.messages.visible()
        if not visible:
            return False
        message = visible[number % len(visible)]
        message.visible_at = self.clock() + timedelta(minutes=12)
        self.target.next = answer
        outcome = self._connectors[process](message.task, message.notification)
        if isinstance(outcome, Later):
            message.visible_at = self.clock() + outcome.after
        elif message in self.messages.messages:
            self.messages.messages.remove(message)
        return True

    def restart(self, process: int) -> None:
        """Start a process of the connector anew; it has counted no calls."""
        self._connectors[process] = self._connector(process)

    def minute(self) -> None:
        """Run maintenance."""
        self.reconcile(lambda: 60.0)

    def _connector(self, number: int) -> DeliverNotification:
        circuits = CircuitBreakers(
            store=self._fused(self.circuits), clock=self.clock, random=Random(number)
        )
        return DeliverNotification(
            attempt=MakeAttempt(
                connector=self.target,
                config=self.config,
                secrets=self.secrets,
                clock=self.clock,
                random=Random(number),
            ),
            notifications=self._fused(self.notifications),
            config=self.config,
            circuits=circuits,
            clock=self.clock,
        )

    def _fused(self, target: object) -> Any:
        return Fused(target, self.fuse)
