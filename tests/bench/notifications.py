"""What a notification takes, next to a bare `requests.post` to the same server in the same run."""

import json
import time
from collections.abc import Callable
from typing import Final

import requests
from typing_extensions import override

from signalbox.connectors.webhook import Webhook
from signalbox.egress.http_client import HttpClient
from signalbox.models.notification import Notification
from signalbox.runtime.connector import connector
from signalbox.runtime.wiring import Wiring
from tests.bench.stub import Cloud
from tests.bench.table import Table
from tests.builders import a_connection, a_notification
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.fakes.http_server import FakeHttpServer, Received, Reply
from tests.fakes.references import clients

BATCH: Final = 10
LATENCY: Final = 0.05
MOST_CALLS: Final = 3.0
"""A batch may take as long as so many calls."""

_SECRET: Final = "whsec_" + "A" * 43 + "="
_ROUNDS: Final = 5


class SlowServer(FakeHttpServer):
    """A server that answers after a while. Its threads are not those that are measured."""

    latency: float = 0.0

    @override
    def reply_to(self, received: Received) -> Reply:
        time.sleep(self.latency)
        return super().reply_to(received)


def notifications_table() -> Table:
    """Return CPU of one notification and wall time of a batch, each as a ratio."""
    table = Table(title="Notifications", columns=("", "ms", "bare ms", "ratio", "budget"))
    with Cloud().instead_of_aws() as cloud, SlowServer().running() as server:
        cloud.secrets = json.dumps([_SECRET])
        wiring = Wiring(clock=FakeClock())
        settings = {"url": f"{server.url}/in"}
        wiring.config.put(a_connection(id="team-slack", connector="webhook", settings=settings))
        http = HttpClient(trusted=[server.url])
        handler = connector(lambda _: Webhook(clients(http)), wiring)

        def deliver(number: int) -> Callable[[], object]:
            notes = [a_notification(connector="webhook") for _ in range(number)]
            for note in notes:
                wiring.notifications.create(note)
            event = {"Records": [_record(note) for note in notes]}
            context = FakeContext(wiring.clock, timeout=120)  # type: ignore[arg-type]  # a fake one
            return lambda: handler(event, context)  # type: ignore[arg-type]  # it is JSON

        def post() -> object:
            return requests.post(server.url, json={"a": "b" * 2_000}, timeout=10)

        cpu, bare_cpu = (
            _best(lambda: deliver(1), time.thread_time),
            _best(lambda: post, time.thread_time),
        )
        server.latency = LATENCY
        wall, bare = (
            _best(lambda: deliver(BATCH), time.perf_counter),
            _best(lambda: post, time.perf_counter),
        )
        assert len(server.received) >= _ROUNDS * (BATCH + 3), "some notifications were not sent"
    _add(table, "CPU of one", cpu, bare_cpu, None)
    _add(table, f"wall time of {BATCH}, {LATENCY * 1_000:.0f} ms latency", wall, bare, MOST_CALLS)
    return table


def _add(table: Table, name: str, ours: float, bare: float, budget: float | None) -> None:
    ratio = ours / bare
    cells = (f"{ours * 1_000:.2f}", f"{bare * 1_000:.2f}", f"{ratio:.1f}")
    table.add(name, *cells, f"{budget:g}" if budget else "", good=not budget or ratio <= budget)


def _best(prepare: Callable[[], Callable[[], object]], clock: Callable[[], float]) -> float:
    """Return the fastest of some rounds, after one that warms up."""
    prepare()()
    spent = []
    for _ in range(_ROUNDS):
        run = prepare()
        started = clock()
        run()
        spent.append(clock() - started)
    return min(spent)


def _record(note: Notification) -> dict[str, object]:
    body = {"v": 1, "task_id": note.task_id, "notification_id": note.id}
    return {
        "messageId": f"m-{note.id}",
        "receiptHandle": "r-1",
        "body": json.dumps(body),
        "attributes": {},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:webhook",
        "awsRegion": "us-east-1",
    }
