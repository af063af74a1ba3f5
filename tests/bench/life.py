"""`make cost`: what a million webhooks cost from end to end, beside the naive way.

A webhook becomes a task, a worker claims, extends and completes it, and its creation and its end
are sent as notifications. Calls, items, CPU and logs are those of the real functions, recorded.
"""

import io
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import boto3
from pydantic import JsonValue
from rich.console import Console

from signalbox.aws.compression import unpack_record
from signalbox.models.ids import ConnectionId
from signalbox.models.prices import HTTP_API, INVOCATION, LOG_BYTE, READ_UNIT, SQS, WRITE_UNIT
from signalbox.models.queue_messages import TaskMessage
from signalbox.models.task import ChangeType
from signalbox.runtime.connector import connector
from tests.bench.__main__ import environment
from tests.bench.costs import NETWORK_MS, Index, compute, indexes_of_template, write_units
from tests.bench.figures import logging_to
from tests.bench.scenarios import Stage
from tests.bench.stub import Cloud, Json, Write, size
from tests.bench.table import Table
from tests.builders import a_connection, a_subscription
from tests.fakes.context import FakeContext
from tests.fakes.edges import FakeConnector

BATCH: Final = 10
"""Records and messages of one invocation while there is much to do."""

TARGET_MS: Final = 150.0
"""How long a target takes to answer."""

PAUSE: Final = timedelta(seconds=5, microseconds=137_159)
"""How much later the next step begins."""

CONNECTOR: Final = "webhook"
_TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_READS: Final = frozenset({"GetItem", "Query", "BatchGetItem"})
_QUEUE_CALLS: Final = ("Send", "Receive", "Delete", "ChangeMessage")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenItem:
    """One write: the bytes of its item, and the units of the item and of each index."""

    name: str
    size: int
    units: int
    index_units: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeStep:
    """One invocation: `share` is its part of one where several are done by one invocation."""

    name: str
    requests: int
    batched: bool
    cpu_ms: float
    wait_ms: float
    calls: Mapping[str, int]
    write_units: int
    items: tuple[WrittenItem, ...]
    log_bytes: int

    @property
    def share(self) -> float:
        """Which part of an invocation it takes."""
        return 1 / BATCH if self.batched else 1.0

    @property
    def queue_calls(self) -> float:
        """Requests of SQS: our own, and those of the mapping that calls a connector."""
        own = sum(n for name, n in self.calls.items() if name.startswith(_QUEUE_CALLS))
        return own + (2 * self.share if self.name == "notify" else 0)


def parts(
    steps: Sequence[LifeStep], *, session_ms: float = 0.0, reads: int = 0
) -> dict[str, float]:
    """Return what each service bills for these steps.

    With a `session_ms` they are done the naive way: every step is an invocation of its own, which
    makes its clients and reads its configuration by so many `reads`.
    """
    naive = session_ms > 0
    total: defaultdict[str, float] = defaultdict(float)
    for step in steps:
        share = 1.0 if naive else step.share
        calls = sum(step.calls.values()) + reads
        mapped = 2.0 if naive and step.batched else 0.0
        total["HTTP API"] += HTTP_API * step.requests
        total["Lambda, invocations"] += INVOCATION * share
        total["Lambda, time"] += compute(step.cpu_ms + session_ms, calls) + _waiting(step.wait_ms)
        total["DynamoDB, writes"] += WRITE_UNIT * step.write_units
        read = sum(n for name, n in step.calls.items() if name in _READS) + reads
        total["DynamoDB, reads"] += READ_UNIT * read
        total["SQS"] += SQS * max(step.queue_calls, mapped)
        total["Logs"] += LOG_BYTE * step.log_bytes
    return dict(total)


class RecordedLife:
    """The life of one webhook over recorded calls, with warm caches."""

    def __init__(self, cloud: Cloud) -> None:
        self.stage = Stage(cloud=cloud)
        self.cloud = cloud
        settings = self.stage.wiring.settings
        names = {
            "TasksTable": settings.tasks_table,
            "DeliveriesTable": settings.deliveries_table,
            "StateTable": settings.state_table,
        }
        self._tasks_table = settings.tasks_table
        self.indexes: dict[str, list[Index]] = indexes_of_template(names)
        connection = ConnectionId("hook")
        config = self.stage.wiring.config
        config.put(a_connection(id=connection, connector=CONNECTOR))
        changes = (ChangeType.CREATED, ChangeType.SUCCEEDED)
        config.put(a_subscription(id="hook", connection=connection, changes=changes))
        self._notify = connector(lambda _: FakeConnector(name=CONNECTOR), self.stage.wiring)

    def steps(self) -> Iterator[LifeStep]:
        """Yield the steps of one webhook."""
        stage = self.stage
        stage.comment()
        yield self._step("webhook", stage.hook, requests=1)
        yield from self._dispatched()
        task_id = str(json.loads(unpack_record(self._task["doc"]))["id"])
        self.cloud.message = TaskMessage.model_validate({"task_id": task_id}).model_dump_json()
        claim: Json = {"worker": "agent-1", "lease_seconds": 300}
        answers: list[Json] = []
        ask = stage.asking("POST", "/api/v1/queue/claim", claim)
        yield self._step("claim", lambda: answers.append(json.loads(ask()["body"])), requests=1)
        yield from self._dispatched()
        given = answers[0]["lease"]
        assert isinstance(given, dict)
        lease: Json = {"lease_id": given["id"], "fence": given["fence"]}
        path = f"/api/v1/tasks/{task_id}"
        beat = stage.asking("POST", f"{path}/heartbeat", {**lease, "lease_seconds": 300})
        yield self._step("heartbeat", beat, requests=1)
        complete = stage.asking("POST", f"{path}/complete", {**lease, "result": {"summary": "ok"}})
        yield self._step("complete", complete, requests=1)
        yield from self._dispatched()

    def _dispatched(self) -> Iterator[LifeStep]:
        """Dispatch the last step of the task, and deliver its notification, if it has one."""
        image, stage = self._task, self.stage
        yield self._step("dispatch", lambda: stage.dispatch(image), batched=True)
        note = self._last_written("NOTIFICATION#")
        if note is None:
            return
        body = json.dumps(
            {
                "v": 1,
                "task_id": _text(note, "pk").partition("#")[2],
                "notification_id": _text(note, "sk").partition("#")[2],
            }
        )
        event: dict[str, JsonValue] = {"Records": [_sqs_record(body)]}
        yield self._step(
            "notify",
            lambda: self._notify(event, FakeContext(stage.clock, timeout=120)),
            batched=True,
            wait_ms=TARGET_MS,
        )

    def _last_written(self, sort: str) -> Json | None:
        found = [
            write.after
            for write in self.cloud.writes
            if write.after and "sk" in write.after and _text(write.after, "sk").startswith(sort)
        ]
        return found[-1] if found else None

    def _step(
        self,
        name: str,
        run: Callable[[], object],
        *,
        requests: int = 0,
        batched: bool = False,
        wait_ms: float = 0.0,
    ) -> LifeStep:
        logs = io.StringIO()
        self.cloud.invalidate()
        with redirect_stdout(logs), logging_to(logs):
            started = time.process_time()
            run()
            cpu_ms = (time.process_time() - started) * 1_000
        if name in {"webhook", "claim", "complete"}:
            task = self._last_written("TASK")
            assert task, "no task was written"
            self._task = task
        self.stage.clock.advance(PAUSE)
        return LifeStep(
            name=name,
            requests=requests,
            batched=batched,
            cpu_ms=cpu_ms,
            wait_ms=wait_ms,
            calls=dict(self.cloud.calls),
            write_units=write_units(self.cloud.writes, self.indexes),
            items=tuple(self._item(write) for write in self.cloud.writes),
            log_bytes=len(logs.getvalue().encode()),
        )

    def _item(self, write: Write) -> WrittenItem:
        assert write.after, "nothing is deleted in the life of a webhook"
        indexes = self.indexes.get(write.table, [])
        own = write_units([write], {})
        index_units = {index.name: index.units(write) for index in indexes}
        return WrittenItem(
            name=_item_name(write),
            size=size(write.after),
            units=own,
            index_units={name: units for name, units in index_units.items() if units},
        )


def life_costs() -> tuple[Table, Table, Table]:
    """Return the costs of the steps, their items, and the whole life beside the naive way."""
    with Cloud().instead_of_aws() as cloud:
        life = RecordedLife(cloud)
        # after 20 lives, of three requests each, a lot of four begins: no life has more writes
        runs = [list(life.steps()) for _ in range(21)]
        # the fastest of each step, as other processes run meanwhile; the first run fills caches
        fastest = [min(step.cpu_ms for step in each) for each in zip(*runs, strict=True)]
        recorded = [
            replace(step, cpu_ms=cpu_ms) for step, cpu_ms in zip(runs[-1], fastest, strict=True)
        ]
        started = time.process_time()
        for service in ("dynamodb", "sqs", "ssm"):
            boto3.Session().client(service)
        session_ms = (time.process_time() - started) * 1_000
    steps = Table(
        title="One webhook", columns=("step", "calls", "write units", "CPU ms", "$ a million")
    )
    for step in recorded:
        cost = sum(parts([step]).values())
        figures = (str(sum(step.calls.values())), str(step.write_units), f"{step.cpu_ms:.2f}")
        steps.add(step.name, *figures, f"{cost:.2f}")
    written = Table(title="Its items", columns=("step", "item", "bytes", "units", "in indexes"))
    for step in recorded:
        for item in step.items:
            in_indexes = ", ".join(f"{name} {n}" for name, n in item.index_units.items())
            written.add(step.name, item.name, str(item.size), str(item.units), in_indexes)
    whole = Table(
        title=f"A million webhooks, end to end; naive: no batches, {session_ms:.0f} ms for clients",
        columns=("part", "$", "naive $"),
    )
    ours, naive = parts(recorded), parts(recorded, session_ms=session_ms, reads=4)
    for name, dollars in ours.items():
        whole.add(name, f"{dollars:.2f}", f"{naive[name]:.2f}")
    whole.add("all", f"{sum(ours.values()):.2f}", f"{sum(naive.values()):.2f}")
    return steps, written, whole


def _item_name(write: Write) -> str:
    """Return what an item is, by its sort key or its table."""
    after = write.after or {}
    if "sk" in after:
        return _text(after, "sk").partition("#")[0].lower()
    return "delivery" if "source_pk" in after else "rate limit"


def _text(item: Json, name: str) -> str:
    """Return a text of an item."""
    value = item[name]
    assert isinstance(value, dict)
    return str(value["S"])


def _waiting(milliseconds: float) -> float:
    """What it costs to wait for a target."""
    return compute(0.0, milliseconds / NETWORK_MS)


def _sqs_record(body: str) -> dict[str, JsonValue]:
    return {
        "messageId": "m-1",
        "receiptHandle": "r-1",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {"traceparent": {"dataType": "String", "stringValue": _TRACE}},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:webhook",
        "awsRegion": "us-east-1",
    }


def main() -> int:
    """Print the costs."""
    with environment(), Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        tables = life_costs()
    for table in tables:
        Console(width=110).print(table.drawn())
    return 0


if __name__ == "__main__":
    sys.exit(main())
