"""`make cost`: what a million webhooks cost from end to end, beside the naive way.

A webhook becomes a task, a worker claims and completes it, and its creation and its end are sent as
notifications. A task of this length sends no heartbeat, so one is a row of its own. Calls, items,
CPU and logs are those of the real functions, recorded. So many webhooks are handled at a time,
whose changes and messages are batches: they share invocations, requests of SQS, and what a process
reads of its configuration, whose few reads are priced like those of the busy tables.
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
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Final, cast

import boto3
from pydantic import JsonValue
from rich.console import Console

from signalbox.models.costs import logged_bytes
from signalbox.models.ids import ConnectionId
from signalbox.models.prices import HTTP_API, INVOCATION, LOG_BYTE, SQS
from signalbox.models.queue_messages import TaskMessage
from signalbox.models.task import ChangeType
from signalbox.runtime.connector import connector
from tests.bench.__main__ import environment
from tests.bench.costs import (
    NETWORK_MS,
    ON_DEMAND,
    PROVISIONED,
    UTILIZATION,
    Index,
    UnitPrices,
    compute,
    indexes_of_template,
    write_units,
)
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
HEARTBEAT: Final = "heartbeat"
COMPLETE_AND_CLAIM: Final = "complete and claim"
_TASKS_WRITTEN: Final = {"webhook": 1, "claim": 1, "complete": 1, COMPLETE_AND_CLAIM: 2}
"""How many tasks a request of a step writes."""

_CLAIM: Final[Json] = {"worker": "agent-1", "lease_seconds": 300}
_RUNS: Final = 20
_TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_MODES: Final[Mapping[str, UnitPrices]] = {
    "$ on demand": ON_DEMAND,
    f"$ provisioned, used at {UTILIZATION:.0%}": PROVISIONED,
}
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
    """What a step of one webhook takes; `share` is its part of an invocation, as of its calls.

    `at_once` is how many messages an invocation handles side by side: they wait together.
    """

    name: str
    requests: int
    share: float
    at_once: int
    cpu_ms: float
    wait_ms: float
    calls: Mapping[str, float]
    reads: float
    write_units: float
    items: tuple[WrittenItem, ...]
    log_bytes: float

    @property
    def queue_calls(self) -> float:
        """Requests of SQS: our own, and those of the mapping that calls a connector."""
        own = sum(n for name, n in self.calls.items() if name.startswith(_QUEUE_CALLS))
        return own + (2 * self.share if self.name == "notify" else 0)


def parts(
    steps: Sequence[LifeStep],
    *,
    units: UnitPrices = ON_DEMAND,
    session_ms: float = 0.0,
    reads: int = 0,
) -> dict[str, float]:
    """Return what each service bills for these steps.

    With a `session_ms` they are done the naive way: every step is an invocation of its own, which
    makes its clients and reads its configuration by so many `reads`.
    """
    total: defaultdict[str, float] = defaultdict(float)
    for step in steps:
        calls = (sum(step.calls.values()) + reads) / step.at_once
        total["HTTP API"] += HTTP_API * step.requests
        total["Lambda, invocations"] += INVOCATION * step.share
        waiting = _waiting(step.wait_ms / step.at_once)
        total["Lambda, time"] += compute(step.cpu_ms + session_ms, calls) + waiting
        total["DynamoDB, writes"] += units.write * step.write_units
        total["DynamoDB, reads"] += units.read * (step.reads + reads)
        total["SQS"] += SQS * step.queue_calls
        total["Logs"] += LOG_BYTE * logged_bytes(step.log_bytes, step.requests, step.share)
    return dict(total)


class RecordedLife:
    """The lives of webhooks over recorded calls, with warm caches, so many at a time."""

    def __init__(self, cloud: Cloud, at_a_time: int = 1) -> None:
        self.stage = Stage(cloud=cloud)
        self.cloud = cloud
        self._number = at_a_time
        self._tasks: list[Json] = []
        self._held: dict[str, Json] = {}
        settings = self.stage.wiring.settings
        names = {
            "TasksTable": settings.tasks_table,
            "DeliveriesTable": settings.deliveries_table,
            "StateTable": settings.state_table,
        }
        self.indexes: dict[str, list[Index]] = indexes_of_template(names)
        connection = ConnectionId("hook")
        config = self.stage.wiring.config
        config.put(a_connection(id=connection, connector=CONNECTOR))
        changes = (ChangeType.CREATED, ChangeType.SUCCEEDED)
        config.put(a_subscription(id="hook", connection=connection, changes=changes))
        self._notify = connector(lambda _: FakeConnector(name=CONNECTOR), self.stage.wiring)

    def steps(self) -> Iterator[LifeStep]:
        """Yield the steps of one webhook."""
        yield self._requests("webhook", [self._webhook] * self._number)
        yield from self._dispatched()
        ids = [_task_id(task) for task in self._tasks]
        answers: list[Json] = []
        claims = [partial(self._claim, task_id, answers) for task_id in ids]
        yield self._requests("claim", claims)
        yield from self._dispatched()
        bodies: dict[str, Json] = {
            HEARTBEAT: {"lease_seconds": 300},
            "complete": {"result": {"summary": "ok"}},
        }
        for name, more in bodies.items():
            requests = [
                self.stage.asking("POST", f"/api/v1/tasks/{task_id}/{name}", {**lease, **more})
                for task_id, lease in zip(ids, map(_held, answers), strict=True)
            ]
            yield self._requests(name, requests)
        yield from self._dispatched()

    def busy_steps(self) -> Iterator[LifeStep]:
        """Yield the steps of one webhook whose worker claims it with the end of another task.

        The first time there is no other task, so that it is only claimed.
        """
        yield self._requests("webhook", [self._webhook] * self._number)
        yield from self._dispatched()
        ids = [_task_id(task) for task in self._tasks]
        answers: list[Json] = []
        if ended := self._held:
            ends = zip(ended.items(), ids, strict=True)
            requests = [partial(self._complete_and_claim, *end, to, answers) for end, to in ends]
            yield self._requests(COMPLETE_AND_CLAIM, requests)
        else:
            yield self._requests("claim", [partial(self._claim, each, answers) for each in ids])
        written = {_task_id(task): task for task in self._tasks}
        for some in (ids, ended):
            self._tasks = [written[task_id] for task_id in some]
            yield from self._dispatched()
        self._held = dict(zip(ids, map(_held, answers), strict=True))

    def _webhook(self) -> None:
        self.stage.comment()
        self.stage.hook()

    def _claim(self, task_id: str, answers: list[Json]) -> None:
        self.cloud.message = TaskMessage.model_validate({"task_id": task_id}).model_dump_json()
        answers.append(
            json.loads(self.stage.asking("POST", "/api/v1/queue/claim", _CLAIM)()["body"])
        )

    def _complete_and_claim(
        self, task_id: str, lease: Json, next_id: str, answers: list[Json]
    ) -> None:
        self.cloud.message = TaskMessage.model_validate({"task_id": next_id}).model_dump_json()
        body: Json = {**lease, "result": {"summary": "ok"}, "claim": _CLAIM}
        asking = self.stage.asking("POST", f"/api/v1/tasks/{task_id}/complete", body)
        answers.append(json.loads(asking()["body"])["next"])

    def _requests(self, name: str, requests: Sequence[Callable[[], object]]) -> LifeStep:
        """Make a request for each webhook, each of which is an invocation."""

        def run() -> None:
            for request in requests:
                request()

        return self._step(name, run, requests=1)

    def _dispatched(self) -> Iterator[LifeStep]:
        """Dispatch the last step of each task, and deliver its notification, if it has one."""
        images, stage = self._tasks, self.stage
        yield self._step("dispatch", lambda: stage.dispatch(*images))
        messages = [_sqs_record(note) for note in self._written("NOTIFICATION#")]
        if messages:
            event: dict[str, JsonValue] = {"Records": [*messages]}
            context = FakeContext(stage.clock, timeout=120)
            yield self._step("notify", lambda: self._notify(event, context), wait_ms=TARGET_MS)

    def _written(self, sort: str) -> list[Json]:
        """Return the items with this sort key that the last step wrote, as they are now."""
        written = {
            _text(write.after, "pk"): write.after
            for write in self.cloud.writes
            if write.after and "sk" in write.after and _text(write.after, "sk").startswith(sort)
        }
        return list(written.values())

    def _step(
        self, name: str, run: Callable[[], object], *, requests: int = 0, wait_ms: float = 0.0
    ) -> LifeStep:
        logs, cloud, number = io.StringIO(), self.cloud, self._number
        cloud.invalidate()
        with redirect_stdout(logs), logging_to(logs):
            started = time.process_time()
            run()
            cpu_ms = (time.process_time() - started) * 1_000
        if name in _TASKS_WRITTEN:
            self._tasks = self._written("TASK")
            assert len(self._tasks) == number * _TASKS_WRITTEN[name], "a task was not written"
        self.stage.clock.advance(PAUSE)
        return LifeStep(
            name=name,
            requests=requests,
            share=1.0 if requests else 1 / number,
            at_once=number if name == "notify" else 1,
            cpu_ms=cpu_ms / number,
            wait_ms=wait_ms,
            calls={call: times / number for call, times in cloud.calls.items()},
            reads=cloud.read_units / number,
            write_units=write_units(cloud.writes, self.indexes) / number,
            items=tuple(self._item(write) for write in cloud.writes),
            log_bytes=len(logs.getvalue().encode()) / number,
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


def recorded_lives(at_a_time: int, runs: int = _RUNS, *, busy: bool = False) -> list[LifeStep]:
    """Return the steps of one webhook of so many at a time: the averages of many.

    A `busy` worker claims with the end of another task, and sends no heartbeat.

    The CPU is that of the fastest of each step, as other processes run meanwhile.
    """
    with Cloud().instead_of_aws() as cloud:
        life = RecordedLife(cloud, at_a_time)
        # a worker counts its requests in lots of four; the first run fills caches
        steps = life.busy_steps if busy else life.steps
        lives = [list(steps()) for _ in range(1 + runs)][1:]
    return [_average(steps) for steps in zip(*lives, strict=True)]


def _average(steps: Sequence[LifeStep]) -> LifeStep:
    names = {name for step in steps for name in step.calls}
    return replace(
        steps[-1],
        cpu_ms=min(step.cpu_ms for step in steps),
        calls={name: mean(step.calls.get(name, 0) for step in steps) for name in names},
        reads=mean(step.reads for step in steps),
        write_units=mean(step.write_units for step in steps),
        log_bytes=mean(step.log_bytes for step in steps),
    )


def life_costs() -> tuple[Table, Table, Table, Table]:
    """Return the costs of the steps, their items, the whole life, and that of a busy worker."""
    batched, single = recorded_lives(BATCH), recorded_lives(1)
    started = time.process_time()
    for service in ("dynamodb", "sqs", "ssm"):
        boto3.Session().client(service)
    session_ms = (time.process_time() - started) * 1_000
    return (
        _steps_table(batched),
        _items_table(single),
        _whole_table(batched, single, session_ms),
        _busy_table(batched, recorded_lives(BATCH, busy=True)),
    )


def _steps_table(recorded: Sequence[LifeStep]) -> Table:
    columns = ("step", "calls", "write units", "read units", "SQS", "CPU ms", *_MODES)
    steps = Table(title=f"One webhook of {BATCH} at a time", columns=columns)
    for step in recorded:
        steps.add(
            step.name,
            f"{sum(step.calls.values()):.2f}",
            f"{step.write_units:.2f}",
            f"{step.reads:.2f}",
            f"{step.queue_calls:.2f}",
            f"{step.cpu_ms:.2f}",
            *(f"{sum(parts([step], units=units).values()):.2f}" for units in _MODES.values()),
        )
    return steps


def _items_table(recorded: Sequence[LifeStep]) -> Table:
    columns = ("step", "item", "bytes", "units", "in indexes")
    written = Table(title="Its items", columns=columns)
    for step in recorded:
        for item in step.items:
            in_indexes = ", ".join(f"{name} {n}" for name, n in item.index_units.items())
            written.add(step.name, item.name, str(item.size), str(item.units), in_indexes)
    return written


def _whole_table(
    batched: Sequence[LifeStep], single: Sequence[LifeStep], session_ms: float
) -> Table:
    modes = [f"{number}: {mode}" for number in (f"{BATCH} at a time", "one") for mode in _MODES]
    whole = Table(
        title=f"A million webhooks without heartbeats; naive: {session_ms:.0f} ms for clients",
        columns=("part", *modes, "naive"),
    )
    columns, heartbeat = (
        [
            *(parts(steps, units=units) for steps in lives for units in _MODES.values()),
            parts(lives[-1], session_ms=session_ms, reads=4),
        ]
        for lives in zip(*map(_without_heartbeat, (batched, single)), strict=True)
    )
    _add_parts(whole, columns)
    whole.add("one heartbeat each", *_totals(heartbeat))
    return whole


def _busy_table(separate: Sequence[LifeStep], busy: Sequence[LifeStep]) -> Table:
    """Return the life without heartbeats of a worker that always finds a next task."""
    ways = {"two requests": _without_heartbeat(separate)[0], COMPLETE_AND_CLAIM: busy}
    together = Table(
        title=f"A million webhooks of a busy worker without heartbeats, {BATCH} at a time",
        columns=("part", *(f"{way}: {mode}" for way in ways for mode in _MODES)),
    )
    columns = [parts(steps, units=units) for steps in ways.values() for units in _MODES.values()]
    _add_parts(together, columns)
    return together


def _add_parts(table: Table, columns: Sequence[Mapping[str, float]]) -> None:
    for name in columns[0]:
        table.add(name, *(f"{column[name]:.2f}" for column in columns))
    table.add("all", *_totals(columns))


def _totals(columns: Sequence[Mapping[str, float]]) -> list[str]:
    return [f"{sum(column.values()):.2f}" for column in columns]


def _without_heartbeat(steps: Sequence[LifeStep]) -> tuple[list[LifeStep], list[LifeStep]]:
    """Return the steps without the heartbeat, and the heartbeat."""
    return (
        [step for step in steps if step.name != HEARTBEAT],
        [step for step in steps if step.name == HEARTBEAT],
    )


def _task_id(item: Json) -> str:
    return _text(item, "pk").partition("#")[2]


def _held(claimed: Json) -> Json:
    """Return what requests under the lease of a claim contain."""
    lease = cast("Json", claimed["lease"])
    return {"lease_id": lease["id"], "fence": lease["fence"]}


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


def _sqs_record(notification: Json) -> Json:
    """Return the message of a notification, as Lambda passes it on."""
    identifier = _text(notification, "sk").partition("#")[2]
    task = _text(notification, "pk").partition("#")[2]
    body = json.dumps({"v": 1, "task_id": task, "notification_id": identifier})
    return {
        "messageId": identifier,
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
        Console(width=140).print(table.drawn())
    return 0


if __name__ == "__main__":
    sys.exit(main())
