"""Many notifications through the real connectors and use cases, with faults, in simulated time."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from statistics import quantiles
from typing import Any, Final

from signalbox.connectors.slack import Slack
from signalbox.connectors.teams import Teams
from signalbox.connectors.webhook import Webhook
from signalbox.models.connection import Connection
from signalbox.models.errors import Unavailable
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import ChangeType
from signalbox.services.notifications.circuits import CircuitBreakers
from signalbox.services.notifications.deliver import DeliverNotification
from signalbox.services.notifications.make_attempt import MakeAttempt
from signalbox.services.notifications.outcomes import Later
from signalbox.services.ports.notifications import Connector, NotificationToSend
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from signalbox.services.tasks.reconcile import ReconcileOverdue
from tests.builders import STACK, a_connection, a_subscription, a_task
from tests.fakes.circuits import FakeCircuitStore
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore, FakeSecretStore
from tests.fakes.queues import FakeTaskQueue
from tests.fakes.references import clients
from tests.fakes.tasks import FakeAgenda, FakeNotificationStore, FakeTaskStore
from tests.faults.fuse import Fuse, Fused, Killed, killed_after, killed_before, unavailable
from tests.soak.targets import DEDUPLICATES, Targets

_VISIBILITY: Final = timedelta(minutes=12)
_STORE_FAULTS: Final = (killed_before, killed_after, unavailable)
_SHA: Final = "whsec_" + "A" * 43 + "="
_BOT: Final[dict[str, Any]] = {"channel": "C1", "api_url": "https://slack-bot/api"}

CONNECTIONS: Final[Mapping[str, tuple[Connection, str]]] = {
    "webhook": (
        a_connection(id="webhook", connector="webhook", settings={"url": "https://webhook/in"}),
        _SHA,
    ),
    "slack-bot": (a_connection(id="slack-bot", connector="slack", settings=_BOT), "xoxb-secret"),
    "slack-hook": (
        a_connection(id="slack-hook", connector="slack", settings={}),
        "https://slack-hook/services/T/B/x",
    ),
    "teams": (
        a_connection(id="teams", connector="teams", settings={}),
        "https://teams/workflows/1/invoke?sig=x",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFigures:
    """What one connection got. `doubled` are effects beyond the first that the target shows."""

    notifications: int
    delivered: int
    lost: int
    doubled: int
    attempts: int
    p50: float
    p99: float


@dataclass(kw_only=True)
class Soak:
    """A run of some tasks, each with a notification for every connection."""

    tasks: int
    share: float = 0.1
    seed: int = 1
    progress: Callable[[str], object] = print
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.clock = FakeClock()
        self._began = self.clock()
        self.random = Random(self.seed)
        self.targets = Targets(self.clock, self.random, self.share)
        self.store = FakeNotificationStore()
        self.task_store = FakeTaskStore()
        self._messages: list[tuple[datetime, int, str, TaskId, NotificationId]] = []
        self._numbers = count()
        self._fuse = Fuse()
        self._wire()

    def has_queue(self, connector: str) -> bool:
        """The queues of the connectors are in memory."""
        return connector in {"slack", "teams", "webhook"}

    def send(self, connector: str, notification: Notification) -> None:
        """Put a message into the queue of a connector."""
        self._push(self.clock(), connector, notification.task_id, notification.id)

    def send_batch(self, connector: str, batch: Sequence[NotificationToSend]) -> None:
        """Put messages into the queue of a connector."""
        for each in batch:
            self.send(connector, each.notification)

    def run(self) -> dict[str, ConnectionFigures]:
        """Let tasks arrive for an hour, and time pass until nothing is open."""
        arrivals = [self._began + timedelta(hours=1) * n / self.tasks for n in range(self.tasks)]
        minute, done = self._began, 0
        while arrivals or self._messages or self._is_open():
            times = [minute, *arrivals[:1], *(each[0] for each in self._messages[:1])]
            self.clock.now = max(self.clock.now, min(times))
            if arrivals and arrivals[0] <= self.clock():
                arrivals.pop(0)
                self._arrive()
            while self._messages and self._messages[0][0] <= self.clock():
                self._receive(*heapq.heappop(self._messages)[2:])
                done += 1
                if done % 2_000 == 0:
                    self._tell(done)
            if minute <= self.clock():
                self.reconcile(lambda: 60.0)
                minute += timedelta(minutes=1)
        return dict(self._figures())

    def _tell(self, done: int) -> None:
        elapsed = self.clock() - self._began
        self.progress(
            f"{done:,} messages received, {elapsed} simulated, {len(self._messages)} wait"
        )

    def _is_open(self) -> bool:
        return any(note.open for note in self.store.kept.values())

    def _arrive(self) -> None:
        """A task is created, and its change is dispatched, now and then twice."""
        task = a_task(created_at=self.clock())
        self.task_store.create(task)
        for _ in range(2 if self.random.random() < self.share else 1):
            self.dispatch(task, task.history)

    def _receive(self, connector: str, task: TaskId, notification: NotificationId) -> None:
        """Make an attempt; the message of a process that dies is shown again by its queue."""
        again = self.clock() + _VISIBILITY
        if self.random.random() < self.share / 10:
            fault = self.random.choice(_STORE_FAULTS)
            self.faults[fault.__name__] += 1
            self._fuse.arm(self.random.randint(1, 4), fault)
        process = self.random.choice(self._processes[connector])
        try:
            outcome = process(task, notification)
        except (Unavailable, Killed):
            self._push(again, connector, task, notification)
        else:
            if isinstance(outcome, Later):
                self._push(self.clock() + outcome.after, connector, task, notification)
        self._fuse.arm(0, None)

    def _push(
        self, at: datetime, connector: str, task: TaskId, notification: NotificationId
    ) -> None:
        message = (at, next(self._numbers), connector, task, notification)
        heapq.heappush(self._messages, message)

    def _wire(self) -> None:
        config = FakeConfigStore(
            *(connection for connection, _ in CONNECTIONS.values()),
            *(
                a_subscription(
                    id=name, connection=ConnectionId(name), changes=(ChangeType.CREATED,)
                )
                for name in CONNECTIONS
            ),
        )
        secrets = FakeSecretStore(
            self.clock,
            {f"connections/{name}": [secret] for name, (_, secret) in CONNECTIONS.items()},
        )
        self.dispatch = DispatchChanges(
            tasks=self.task_store,
            queue=FakeTaskQueue(self.clock),
            clock=self.clock,
            notify=NotifyChanges(
                notifications=self.store,
                notification_queue=self,
                config=config,
                stack=STACK,
                clock=self.clock,
            ),
        )
        self.reconcile = ReconcileOverdue(
            due_index=FakeAgenda(FakeTaskStore(), self.store),
            tasks=self.task_store,
            notifications=self.store,
            notification_queue=self,
            dispatch=self.dispatch,
            clock=self.clock,
            random=Random(self.seed),
        )
        circuits = FakeCircuitStore()
        stored: Any = Fused(self.store, self._fuse)
        made: dict[str, Callable[[], Connector]] = {
            "slack": lambda: Slack(clients(self.targets)),
            "teams": lambda: Teams(clients(self.targets)),
            "webhook": lambda: Webhook(clients(self.targets)),
        }
        self._processes: dict[str, list[DeliverNotification]] = defaultdict(list)
        for name, make in made.items():
            for number in range(2):
                random = Random(self.seed + number)
                breakers = CircuitBreakers(store=circuits, clock=self.clock, random=random)
                self._processes[name].append(
                    DeliverNotification(
                        attempt=MakeAttempt(
                            connector=make(),
                            config=config,
                            secrets=secrets,
                            clock=self.clock,
                            random=random,
                        ),
                        notifications=stored,
                        config=config,
                        circuits=breakers,
                        clock=self.clock,
                    )
                )

    def _figures(self) -> Iterator[tuple[str, ConnectionFigures]]:
        for name in CONNECTIONS:
            notes = [each for each in self.store.kept.values() if each.connection == name]
            effects = self.targets.effects[name]
            delivered = [note for note in notes if note.status is NotificationStatus.DELIVERED]
            seconds = [(note.updated_at - note.created_at).total_seconds() for note in delivered]
            cuts = quantiles(seconds, n=100)
            yield (
                name,
                ConnectionFigures(
                    notifications=len(notes),
                    delivered=len(delivered),
                    lost=self.tasks - sum(1 for note in notes if effects[note.id]),
                    doubled=sum(number - 1 for number in effects.values()),
                    attempts=sum(len(note.attempts) for note in notes),
                    p50=cuts[49],
                    p99=cuts[98],
                ),
            )


def failures(figures: Mapping[str, ConnectionFigures]) -> list[str]:
    """Return which success criteria a run has missed."""
    found = []
    total = sum(each.notifications for each in figures.values())
    delivered = sum(each.delivered for each in figures.values())
    if delivered < 0.999 * total:
        found.append(f"{delivered} of {total} delivered, less than 99.9 %")
    for name, each in figures.items():
        if each.lost:
            found.append(f"{name} has lost {each.lost}")
        if each.doubled and name in DEDUPLICATES:
            found.append(f"{name} got {each.doubled} twice though it recognises repeats")
    return found
