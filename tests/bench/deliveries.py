"""What it takes to deliver a batch of notifications to a target that is not near."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from unittest.mock import patch

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue
from typing_extensions import override

from signalbox.aws.table_keys import notification_sk, task_pk
from signalbox.connectors.slack import Slack
from signalbox.models.notification import Notification
from signalbox.models.queue_messages import NotificationMessage
from signalbox.runtime.connector import connector
from signalbox.runtime.sqs_batch import LambdaHandler
from signalbox.runtime.wiring import Wiring
from tests.bench.stub import Cloud
from tests.bench.table import Table
from tests.builders import a_connection, a_notification
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.fakes.http_server import FakeHttpServer, Received, Reply

LATENCY: Final = 0.05
BATCH: Final = 10
RATIO: Final = 3.0
"""How many times as long as one notification a batch of ten may take."""

_TIMES: Final = 5


class _Distant(FakeHttpServer):
    @override
    def reply_to(self, received: Received) -> Reply:
        time.sleep(LATENCY)
        return super().reply_to(received)


def deliveries() -> Table:
    """The time of one notification and of a batch, in the same run."""
    with _Distant().running() as server, _function(server.url) as (handler, cloud):
        one, many = (_fastest(handler, cloud, number) for number in (1, BATCH))
    table = Table(
        title=f"Notifications to a target {1_000 * LATENCY:g} ms away, in one invocation",
        columns=("messages", "ms", "of one", "budget"),
    )
    table.add("1", f"{1_000 * one:.0f}", "1", "")
    ratio = many / one
    budget = f"{RATIO:g}"
    table.add(str(BATCH), f"{1_000 * many:.0f}", f"{ratio:.1f}", budget, good=ratio <= RATIO)
    return table


@contextmanager
def _function(url: str) -> Iterator[tuple[LambdaHandler, Cloud]]:
    """The function of Slack, whose incoming webhook is there."""
    trusted = {"SIGNALBOX_TRUSTED_ORIGINS": url}
    with patch.dict(os.environ, trusted), Cloud().instead_of_aws() as cloud:
        cloud.secrets = json.dumps([f"{url}/services/T0/B0/secret"])
        wiring = Wiring()
        wiring.config.put(a_connection())
        yield connector(Slack, wiring), cloud


def _fastest(handler: LambdaHandler, cloud: Cloud, number: int) -> float:
    context = FakeContext(FakeClock())
    return min(_seconds(handler, cloud, number, context) for _ in range(_TIMES))


def _seconds(handler: LambdaHandler, cloud: Cloud, number: int, context: LambdaContext) -> float:
    notifications = [a_notification() for _ in range(number)]
    for notification in notifications:
        _keep(cloud, notification)
    records: list[JsonValue] = [
        {"messageId": each.id, "eventSource": "aws:sqs", "body": _message(each)}
        for each in notifications
    ]
    started = time.perf_counter()
    answer = handler({"Records": records}, context)
    spent = time.perf_counter() - started
    assert not answer["batchItemFailures"], answer
    return spent


def _keep(cloud: Cloud, notification: Notification) -> None:
    cloud.keep(
        os.environ["SIGNALBOX_TASKS_TABLE"],
        {
            "pk": {"S": task_pk(notification.task_id)},
            "sk": {"S": notification_sk(notification.id)},
            "version": {"N": str(notification.version)},
            "doc": {"S": notification.model_dump_json()},
        },
    )


def _message(notification: Notification) -> str:
    return NotificationMessage(
        task_id=notification.task_id, notification_id=notification.id
    ).model_dump_json()
