"""An installation that notifies a scripted receiver of webhooks, and the count of what was lost."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from unittest.mock import patch

from typing_extensions import override

from signalbox.aws.circuits import DynamoCircuits
from signalbox.aws.dynamo_table import Table
from signalbox.egress.http_client import HttpClient
from signalbox.models.circuit import Circuit
from signalbox.models.ids import ConnectionId, TaskId
from signalbox.models.notification import Notification
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.rate_limits import Limits, RateLimit
from signalbox.models.task import ChangeType, Task
from tests.builders import a_connection, a_subscription
from tests.fakes.http_server import FakeHttpServer, Fault, Received, Reply
from tests.integration.installation import Installation, installed
from tests.integration.slack import FakeSlack

CONNECTION: Final = "team-hook"
FUNCTION: Final = "webhookConnectorFunction"
QUEUE: Final = "webhookQueue"
_SECRET: Final = "whsec_" + base64.b64encode(bytes(32)).decode()
_SUCCESS: Final = range(200, 300)


class Receiver(FakeHttpServer):
    """A receiver of webhooks. `effects` counts what it accepted, by the id of the webhook.

    A response that is lost on its way (a reset, a hang) is sent after the effect.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__()
        self.usual = Reply(status=204)
        self.arrivals: list[datetime] = []
        self.effects: Counter[str] = Counter()
        self.ids: dict[str, set[str]] = {}
        self._clock = clock

    @override
    def reply_to(self, received: Received) -> Reply:
        reply = super().reply_to(received)
        self.arrivals.append(self._clock())
        if reply.status in _SUCCESS:
            name = received.headers["webhook-id"]
            self.effects[name] += 1
            self.ids.setdefault(str(json.loads(received.body)["id"]), set()).add(name)
        return reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of the webhooks of one case.

    `repeats` are effects that a receiver recognises by their id, `notifications_doubled` those
    that it does not.
    """

    webhooks: int
    tasks_lost: int
    tasks_doubled: int
    notifications: int
    notifications_lost: int
    notifications_doubled: int
    repeats: int

    @property
    def good(self) -> bool:
        """Whether nothing was lost or doubled."""
        return not (
            self.tasks_lost
            or self.tasks_doubled
            or self.notifications_lost
            or self.notifications_doubled
        )


@dataclass(kw_only=True)
class Scene:
    """One installation for all cases of a module; each case has webhooks of its own."""

    box: Installation
    receiver: Receiver
    patience: float = 2.0
    accepted: list[str] = field(default_factory=list)
    _sent: int = 0
    _known: frozenset[TaskId] = frozenset()

    def begin(self) -> None:
        """Begin a case: earlier tasks do not count, and no fault is left over."""
        self._known = frozenset(task.id for task in self.box.records[0])
        self.accepted.clear()
        self.box.faults.clear()
        self.receiver.script.clear()
        self.receiver.received.clear()
        self.receiver.arrivals.clear()
        self.receiver.effects.clear()
        self.receiver.ids.clear()
        self.point_to(self.receiver.url)
        self.restart()
        self.box.clock.advance(seconds=600)

    def restart(self, patience: float = 2.0) -> None:
        """Start the connector's function anew, with this many seconds for a whole call."""
        self.patience = patience
        self.box.functions[FUNCTION]._handler = None

    def point_to(self, url: str) -> None:
        """Let the connection lead to another address."""
        connection = a_connection(
            id=ConnectionId(CONNECTION), connector="webhook", settings={"url": f"{url}/in"}
        )
        self.box._config.put(connection)

    def webhook(self, *, tries: int = 6) -> bool:
        """Deliver a new webhook as GitHub and a person would: again until it is acknowledged."""
        self._sent += 1
        key = f"delivery-{self._sent}"
        for _ in range(tries):
            if self.box.comment(f"/agent do {self._sent}", delivery=key):
                self.accepted.append(key)
                return True
            self.box.clock.advance(seconds=31)
        return False

    def attempt(self) -> None:
        """Let everything happen that can happen at once: a worker's task, and one attempt."""
        self.box.driver.settle()
        while self.box.work():
            self.box.driver.settle()

    def run(self, limit: int = 60) -> None:
        """Let time pass until nothing is left to do, from each attempt to the next."""
        for _ in range(limit):
            self.attempt()
            if self.box.quiet:
                return
            self.box.clock.advance(max(timedelta(seconds=60), self._next() - self.box.clock()))
            self.box.heal()
        raise AssertionError(f"still not quiet: {self.box.state}")

    def _next(self) -> datetime:
        """The next attempt at a notification of this case."""
        now = self.box.clock()
        return min(
            (
                note.next_at + timedelta(seconds=1)
                for note in self.notifications()
                if note.open and note.next_at
            ),
            default=now,
        )

    def redeliver(self) -> None:
        """Let an operator deliver again what was refused for good."""
        for note in self.notifications():
            if note.status in {NotificationStatus.FAILED, NotificationStatus.DEAD}:
                path = f"/api/v1/tasks/{note.task_id}/notifications/{note.id}/redeliver"
                assert self.box.operate("POST", path).status < 300
        self.run()

    def tasks(self) -> list[Task]:
        """The tasks of this case."""
        return [task for task in self.box.records[0] if task.id not in self._known]

    @property
    def circuit(self) -> Circuit:
        """The circuit of the connection."""
        stack = self.box.stack
        table = Table(client=stack.clients.dynamodb, name=stack.name("StateTable"))
        store = DynamoCircuits(table=table, clock=self.box.clock)
        return store.get(ConnectionId(CONNECTION))

    def notifications(self) -> list[Notification]:
        """The notifications of this case."""
        return [note for note in self.box.records[1] if note.task_id not in self._known]

    def waits(self) -> list[float]:
        """The seconds between the calls of the receiver."""
        arrivals = pairwise(self.receiver.arrivals)
        return [(after - before).total_seconds() for before, after in arrivals]

    def counts(self) -> Counts:
        """Count what was lost and doubled."""
        tasks, notes = self.tasks(), self.notifications()
        finished = [task for task in tasks if task.finished]
        ends = [step for task in tasks for step in task.history if step.type == "succeeded"]
        arrived = [note for note in notes if self.receiver.effects[note.id]]
        marked = [note for note in notes if note.status is NotificationStatus.DELIVERED]
        expected = len(self.accepted)
        return Counts(
            webhooks=expected,
            tasks_lost=max(0, expected - len(finished)),
            tasks_doubled=max(0, len(tasks) - expected, len(ends) - len(tasks)),
            notifications=len(notes),
            notifications_lost=max(0, expected - min(len(arrived), len(marked))),
            notifications_doubled=sum(len(ids) - 1 for ids in self.receiver.ids.values()),
            repeats=sum(number - 1 for number in self.receiver.effects.values()),
        )


@contextmanager
def staged() -> Iterator[Scene]:
    """A scene of its own, whose HTTP client can be hurried."""
    plain = HttpClient.__init__
    with (
        FakeSlack().running() as slack,
        installed(slack) as box,
        Receiver(box.clock).running() as receiver,
    ):
        scene = Scene(box=box, receiver=receiver)

        def hurried(client: HttpClient, *, trusted: Collection[str] = ()) -> None:
            total = scene.patience
            plain(client, trusted=trusted, connect=total, read=total, total=total, clock=box.clock)

        with patch.object(HttpClient, "__init__", hurried):
            _configure(scene)
            yield scene


def trust(scene: Scene, *urls: str) -> None:
    """Let the functions call these addresses, which are on this machine."""
    for process in scene.box.functions.values():
        name = "SIGNALBOX_TRUSTED_ORIGINS"
        process._environment[name] = ",".join((process._environment[name], *urls))


def _configure(scene: Scene) -> None:
    trust(scene, scene.receiver.url)
    scene.box.keep_secrets(f"connections/{CONNECTION}", _SECRET)
    scene.box._config.put(
        a_subscription(connection=ConnectionId(CONNECTION), changes=(ChangeType.SUCCEEDED,))
    )
    # the clock of a case stands still while much is requested, or is wrong
    none = RateLimit(count=1_000, burst=1_000_000)
    roles = {"worker": none, "operator": none}
    scene.box._config.put(Limits(anonymous=none, refused=none, default=none, roles=roles))
    scene.point_to(scene.receiver.url)


def after_effect(fault: Fault) -> Reply:
    """A success that never arrives."""
    return Reply(status=200, body=b"ok", fault=fault)
