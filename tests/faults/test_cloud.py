"""Faults of AWS and of our own functions that need more than one spoilt call."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, Final

import pytest

from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import TaskStatus
from tests.fakes.clock import FakeClock
from tests.fakes.http_server import Fault
from tests.faults.cases import some
from tests.faults.conftest import Survive
from tests.faults.scene import FUNCTION, QUEUE, Scene, after_effect
from tests.integration.faults import (
    Call,
    Send,
    broken,
    crash_after,
    crash_before,
    lost_answer,
    refused,
    slow,
    throttled,
    unreachable,
)
from tests.integration.invoke import Chaos
from tests.integration.stream_source import StreamSource

SIX_HOURS: Final = 6 * 3_600
AUTO_SCALING: Final = timedelta(minutes=5)
"""How long capacity may be too little: auto scaling reacts to minutes of it."""
AWS: Final = (throttled, broken, unreachable, lost_answer, crash_before, crash_after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """Spoils calls at random: those to AWS in every way, those to the receiver after the effect."""

    random: Random
    probability: float = 0.1

    def hits(self, _: Call) -> bool:
        return self.random.random() < self.probability

    def __call__(self, call: Call, send: Send) -> Any:
        action = lost_answer if call.service == "HTTP" else self.random.choice(AWS)
        return action(call, send)


@pytest.mark.parametrize("seed", some(range(20)))
def test_a_storm_of_faults_at_any_calls_loses_nothing(
    scene: Scene, survive: Survive, seed: int
) -> None:
    storm = Storm(random=Random(seed))
    fault = scene.box.faults.where(storm.hits, storm, times=60)
    for _ in range(3):
        scene.webhook(tries=20)

    scene.run(limit=400)

    survive(f"{60 - fault.left} of {len(scene.box.faults.calls)} calls spoilt", repeats=60)
    assert fault.left < 60


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceededException", "ThrottlingException"])
@pytest.mark.parametrize("written", some(["", "due_pk", "TasksTable", "note_pk", "source_pk"], 2))
def test_tables_and_indexes_without_enough_capacity_for_minutes_lose_nothing(
    scene: Scene, survive: Survive, written: str, code: str
) -> None:
    """An index without capacity throttles those writes of its table that write an entry of it."""
    capacity = scene.box.clock() + AUTO_SCALING

    def exceeds(call: Call) -> bool:
        is_write = call.operation in {"DynamoDB.PutItem", "DynamoDB.UpdateItem"}
        return is_write and written.encode() in call.body and scene.box.clock() < capacity

    exceeded = scene.box.faults.where(exceeds, refused(400, code), times=10_000)
    for _ in range(3):
        scene.webhook(tries=20)

    scene.run()

    spoilt = 10_000 - exceeded.left
    survive(f"{spoilt} writes with {written or 'anything'} throttled for {AUTO_SCALING}")
    assert spoilt
    assert all(task.status is TaskStatus.SUCCEEDED for task in scene.tasks())


@pytest.mark.parametrize("seed", some(range(5)))
def test_a_stream_that_is_read_again_from_its_beginning_changes_nothing(
    scene: Scene, survive: Survive, seed: int
) -> None:
    scene.box.drive(chaos=Chaos(random=Random(seed), repeat=1))
    for _ in range(3):
        scene.webhook()
    scene.run()

    scene.box.drive()
    scene.run()

    survive("each batch twice, items mixed, then all records from the beginning")
    scene.box.drive()


def test_slow_answers_of_every_service_lose_nothing(scene: Scene, survive: Survive) -> None:
    late = scene.box.faults.where(lambda _: True, slow(scene.box.clock, 2), times=10_000)
    scene.webhook()

    scene.run()

    survive(f"{10_000 - late.left} calls of 2 s each")


@pytest.mark.parametrize("skew", [120, -120])
def test_a_container_whose_clock_is_wrong_ends_a_lease_early_but_nothing_twice(
    scene: Scene, survive: Survive, skew: int
) -> None:
    right = scene.box.clock
    api = scene.box.functions["ApiFunction"]
    scene.webhook()
    scene.box.driver.settle()
    first = scene.box.worker.claim()
    assert first
    scene.box.send("NormalQueue", *scene.box.bodies("NormalQueue"))
    api._clock, api._handler = FakeClock(right() + timedelta(seconds=skew)), None
    second = scene.box.worker.claim()
    api._clock, api._handler = right, None

    answers = [scene.box.worker.complete(hold).status for hold in (first, second) if hold]

    scene.run()
    early = "before its end" if second else "only at its end"
    survive(f"another container grants the lease {early}; completions answered {answers}")
    assert sorted(answers) == ([200, 409] if second else [200])
    assert bool(second) == (skew > 0)


def test_a_notification_that_died_after_its_effect_is_redriven_under_the_same_id(
    scene: Scene, survive: Survive
) -> None:
    scene.receiver.replies(after_effect(Fault.RESET))
    scene.webhook()
    scene.attempt()
    scene.box.wear_out(QUEUE)
    scene.box.clock.advance(seconds=120)
    scene.box.driver.settle()
    (dead,) = scene.notifications()
    assert dead.status is NotificationStatus.DEAD

    scene.redeliver()

    survive("dead after an effect, then redriven: 2 calls with one id", repeats=1)


def test_queues_that_are_purged_get_their_messages_again_after_six_hours(
    scene: Scene, survive: Survive
) -> None:
    scene.webhook()
    scene.box.driver.settle()
    purged = scene.box.empty("NormalQueue")
    scene.box.clock.advance(seconds=SIX_HOURS + 60)
    scene.box.heal()
    assert scene.box.work()
    for source in scene.box.driver.sources:
        if isinstance(source, StreamSource):
            source.poll()
    purged += scene.box.empty(QUEUE)
    scene.box.clock.advance(seconds=SIX_HOURS + 60)
    scene.box.heal()

    scene.run()

    survive(f"{len(purged)} messages purged, one of a task, one of a notification")
    assert len(purged) == 2


def test_a_batch_that_outlasts_its_function_is_continued_by_the_next(
    scene: Scene, survive: Survive
) -> None:
    for _ in range(5):
        scene.webhook()
    scene.box.driver.settle()
    # all tasks are completed before the connector's function is called
    while (hold := scene.box.worker.claim()) is not None:
        scene.box.worker.complete(hold)
    scene.box.faults.on("HTTP.POST", slow(scene.box.clock, 40), times=5)

    scene.run()

    responses = [each.response for each in scene.box.driver.functions[FUNCTION].invocations]
    partial = [each for each in responses if isinstance(each, dict) and each["batchItemFailures"]]
    survive(f"{len(partial)} of {len(responses)} invocations left messages to the next")
    assert partial
    assert all(task.status is TaskStatus.SUCCEEDED for task in scene.tasks())


def test_while_no_secret_can_be_read_webhooks_are_not_acknowledged_and_none_is_lost(
    scene: Scene, survive: Survive
) -> None:
    for process in scene.box.functions.values():
        process._handler = None
    scene.box.faults.on("SSM.GetParameter", unreachable, times=9)
    refused = not scene.webhook(tries=1)
    scene._sent -= 1

    scene.webhook()
    scene.run()

    survive(f"answered {503 if refused else 202} at first, accepted when sent again")
    assert refused
