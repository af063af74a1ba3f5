"""Two installations that send their changes to each other come to rest."""

from collections import deque
from datetime import timedelta

from signalbox.connectors.webhook import Webhook
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse
from signalbox.models.hops import HOPS_HEADER, MAX_HOPS
from signalbox.models.request import InboundRequest
from signalbox.models.source import CommandPermission
from signalbox.models.task import Task
from signalbox.providers.generic.provider import Generic
from signalbox.services.deliveries.receive import ReceiveWebhook
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from tests.builders import a_connection, a_source, a_subscription, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore, FakeSecretStore
from tests.fakes.deliveries import FakeDeliveryStore
from tests.fakes.dependents import awaiting
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.references import clients
from tests.fakes.tasks import FakeNotificationStore, FakeTaskStore

SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
URL = "https://other.example/api/v1/webhooks/generic/other"


class Wire(HttpClient):
    """Brings requests to the other installation, or loses their hops on the way."""

    def __init__(self, *, keeps_hops: bool) -> None:
        super().__init__()
        self.sent: deque[InboundRequest] = deque()
        self.keeps_hops = keeps_hops

    def __call__(self, request: HttpRequest) -> HttpResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not self.keeps_hops:
            headers.pop(HOPS_HEADER)
        self.sent.append(
            InboundRequest(
                method="POST", path="/api/v1/webhooks/generic/other", headers=headers,
                body=request.body,
            )
        )  # fmt: skip
        return HttpResponse(status=202)


class Installation:
    """It makes a task of every webhook, and sends a webhook for every task."""

    def __init__(self, name: str, clock: FakeClock, *, keeps_hops: bool = True) -> None:
        self.wire = Wire(keeps_hops=keeps_hops)
        self.tasks = FakeTaskStore()
        self.notices = FakeNotices("webhook")
        self.deliveries = FakeDeliveryStore()
        source = a_source(
            provider="generic", name="other", events=("*",), permission=CommandPermission.OFF,
            settings={"preset": "standard-webhooks"},
        )  # fmt: skip
        self.connection = a_connection(connector="webhook", settings={"url": URL})
        config = FakeConfigStore(source, self.connection, a_subscription())
        self.webhook = Webhook(clients(self.wire, clock=clock))
        self.receive = ReceiveWebhook(
            provider=Generic(clock=clock),
            config=config,
            secrets=FakeSecretStore(clock, {source.secret_name: [SECRET]}),
            tasks=self.tasks,
            deliveries=self.deliveries,
            clock=clock,
            retention=timedelta(days=1),
            wait=awaiting(self.tasks),
        )
        self.dispatch = DispatchChanges(
            tasks=self.tasks,
            queue=FakeTaskQueue(clock),
            clock=clock,
            notify=NotifyChanges(
                notifications=FakeNotificationStore(),
                notification_queue=self.notices,
                config=config,
                stack=name,
                clock=clock,
            ),
        )

    def add(self, task: Task) -> None:
        self.dispatch(task, task.history)
        for _, notification in self.notices.sent:
            self.webhook.send(notification, self.connection, [SECRET])
        self.notices.sent.clear()

    def take(self, request: InboundRequest) -> None:
        for task in self.receive(request, "other").tasks:
            self.add(self.tasks.get(task))


def run(one: Installation, other: Installation, limit: int) -> int:
    """Return how many tasks both have when no webhook is on its way."""
    task = a_task()
    one.tasks.create(task)
    one.add(task)
    for _ in range(limit):
        for sender, receiver in ((one, other), (other, one)):
            while sender.wire.sent:
                receiver.take(sender.wire.sent.popleft())
    assert len(one.wire.sent) + len(other.wire.sent) == 0
    return len(one.tasks.kept) + len(other.tasks.kept)


def test_a_circle_of_two_ends_after_the_hops_that_are_allowed() -> None:
    clock = FakeClock()
    one, other = Installation("one", clock), Installation("other", clock)

    tasks = run(one, other, limit=10)

    assert tasks == 1 + MAX_HOPS
    stored = [*one.deliveries.kept.values(), *other.deliveries.kept.values()]
    [last] = [delivery for delivery, _ in stored if not delivery.task_ids]
    assert last.notes == (
        "it has passed more than 3 installations: they call each other in a circle",
    )


def test_without_the_header_it_would_not_end() -> None:
    clock = FakeClock()
    one = Installation("one", clock, keeps_hops=False)
    other = Installation("other", clock, keeps_hops=False)
    task = a_task()
    one.tasks.create(task)
    one.add(task)

    for _ in range(10):
        other.take(one.wire.sent.popleft())
        one.take(other.wire.sent.popleft())

    assert len(one.tasks.kept) + len(other.tasks.kept) == 21


def test_a_stored_delivery_keeps_its_hops() -> None:
    assert HOPS_HEADER in Generic().recorded_headers
