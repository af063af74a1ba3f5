"""A lease is the right of one worker: the dead lose it, the late are refused, nobody shares it."""

from contextlib import suppress
from datetime import timedelta

import pytest

from signalbox.models.task import ChangeType, Task, TaskStatus
from tests.functions.system import ApiResponse
from tests.integration.faults import (
    Action,
    Crash,
    crash_after,
    crash_before,
    lost_answer,
    meanwhile,
    unreachable,
)
from tests.integration.installation import Installation, Silence, installed
from tests.integration.slack import FakeSlack
from tests.integration.worker import Hold, Worker

SAYINGS = pytest.mark.parametrize("saying", ["heartbeat", "complete", "fail", "release"])


@pytest.fixture
def dead(box: Installation) -> Worker:
    return Worker(ask=box.api, name="dead", seconds=60)


@pytest.fixture
def alive(box: Installation) -> Worker:
    return Worker(ask=box.api, name="alive", seconds=60)


def _waiting(box: Installation) -> None:
    box.comment()
    box.driver.settle()


def _task(box: Installation) -> Task:
    (task,) = box.records[0]
    return task


def _taken(worker: Worker) -> Hold:
    hold = worker.claim()
    assert hold
    return hold


def test_the_task_of_a_killed_worker_goes_to_the_next_when_its_lease_ends(
    box: Installation, dead: Worker, alive: Worker
) -> None:
    _waiting(box)
    first = _taken(dead)
    box.clock.advance(seconds=59)
    early = alive.claim()
    box.clock.advance(seconds=2)
    second = _taken(alive)

    assert early is None
    assert (second.task, second.fence) == (first.task, first.fence + 1)
    assert _task(box).attempt == 2


@SAYINGS
def test_a_worker_that_wakes_after_its_lease_went_to_another_is_refused(
    box: Installation, dead: Worker, alive: Worker, saying: str
) -> None:
    _waiting(box)
    late = _taken(dead)
    box.clock.advance(seconds=61)
    hold = _taken(alive)
    before = _task(box)

    refused: ApiResponse = getattr(dead, saying)(late)

    assert (refused.status, refused.json_body["code"]) == (409, "lease_lost")
    assert _task(box) == before
    assert alive.complete(hold).status == 200


@SAYINGS
def test_a_worker_that_wakes_after_maintenance_took_its_lease_is_refused(
    box: Installation, dead: Worker, saying: str
) -> None:
    _waiting(box)
    late = _taken(dead)
    box.clock.advance(seconds=95)
    box.heal()

    refused: ApiResponse = getattr(dead, saying)(late)

    assert refused.status == 409
    assert _task(box).last_step.type is ChangeType.LEASE_LOST


def test_a_late_word_is_heard_while_nobody_else_has_the_task(
    box: Installation, dead: Worker
) -> None:
    _waiting(box)
    late = _taken(dead)
    box.clock.advance(seconds=61)

    assert dead.complete(late).status == 200
    assert dead.claim() is None


def test_a_completion_may_be_said_again(box: Installation, alive: Worker) -> None:
    _waiting(box)
    hold = _taken(alive)

    answers = [alive.complete(hold).status for _ in range(3)]

    assert answers == [200, 200, 200]
    assert [step.type for step in _task(box).history][-1] is ChangeType.SUCCEEDED
    assert _task(box).version == 3


def test_a_heartbeat_keeps_the_task(box: Installation, dead: Worker, alive: Worker) -> None:
    _waiting(box)
    hold = _taken(alive)

    for _ in range(20):
        box.clock.advance(seconds=40)
        assert alive.heartbeat(hold).json_body["action"] == "continue"
        assert dead.claim() is None
        box.heal()

    assert alive.complete(hold).status == 200
    assert _task(box).attempt == 1


def test_a_task_that_kills_every_worker_fails_after_its_attempts(
    box: Installation, dead: Worker
) -> None:
    _waiting(box)

    for _ in range(10):
        dead.claim()
        box.clock.advance(seconds=95)
        box.heal()
        box.driver.settle()

    task = _task(box)
    assert (task.status, task.attempt) == (TaskStatus.FAILED, 3)
    assert "worker was lost" in str(task.reason)
    assert dead.claim() is None


def test_failures_that_may_be_retried_wait_and_end_after_the_attempts(
    box: Installation, alive: Worker
) -> None:
    _waiting(box)
    claims = 0

    for _ in range(600):
        if hold := alive.claim():
            claims += 1
            alive.fail(hold)
        box.clock.advance(seconds=10)

    assert (claims, _task(box).status) == (3, TaskStatus.FAILED)
    assert box.depth("NormalQueue") == 0


def test_a_task_may_be_given_back_however_often_and_it_costs_no_attempt(
    box: Installation, dead: Worker, alive: Worker
) -> None:
    _waiting(box)

    for _ in range(5):
        hold = _taken(dead)
        box.wear_out("NormalQueue")
        assert dead.release(hold).status == 200
        box.driver.settle()

    assert alive.complete(_taken(alive)).status == 200
    assert _task(box).attempt == 1


def test_a_second_message_for_a_held_task_is_dropped(
    box: Installation, dead: Worker, alive: Worker
) -> None:
    _waiting(box)
    box.send("NormalQueue", *box.bodies("NormalQueue"))
    hold = _taken(alive)

    assert dead.claim() is None
    assert box.depth("NormalQueue") == 1
    assert alive.complete(hold).status == 200
    assert box.depth("NormalQueue") == 0


def test_low_is_not_starved_by_a_queue_of_high(box: Installation, alive: Worker) -> None:
    box.comment("/agent low priority=low", delivery="low")
    for number in range(60):
        box.comment(f"/agent {number} priority=high", delivery=f"d-{number}")
    box.driver.settle()

    order = [_taken(alive).task for _ in range(60)]

    (low,) = (task.id for task in box.records[0] if task.priority == "low")
    assert low in order
    assert order[0] != low


@pytest.mark.parametrize("action", [crash_before, crash_after])
def test_a_claim_that_crashes_at_any_call_delays_the_task_by_its_lease_at_most(
    slack: FakeSlack, action: Action
) -> None:
    number = 0
    while True:
        number += 1
        with installed(slack) as box:
            _waiting(box)
            box.faults.clear()
            box.faults.at(number, action)
            if box.work() and len(box.faults.calls) < number:
                break
            box.clock.advance(timedelta(minutes=2))
            box.heal()
            box.driver.settle()
            box.work()
            box.driver.settle()

            assert _task(box).status is TaskStatus.SUCCEEDED, f"call {number}"
    assert number > 6


@pytest.mark.parametrize("action", [crash_before, crash_after, unreachable, lost_answer])
def test_an_end_with_a_claim_that_breaks_off_at_any_call_loses_neither_task(
    slack: FakeSlack, action: Action
) -> None:
    number = 0
    while True:
        number += 1
        with installed(slack) as box:
            box.comment("/agent one", delivery="d-1")
            box.comment("/agent two", delivery="d-2")
            box.driver.settle()
            hold = _taken(box.worker)
            box.faults.clear()
            box.faults.at(number, action)
            following = None
            with suppress(Silence, Crash, AssertionError):
                following = box.worker.complete_and_claim(hold)
            if len(box.faults.calls) < number:
                assert following
                break
            assert box.worker.complete(hold).status == 200, f"call {number}"
            if following:
                box.worker.complete(following)
            box.clock.advance(timedelta(minutes=2))
            box.heal()
            box.driver.settle()
            box.work()
            box.driver.settle()

            tasks = box.records[0]
            assert [task.status for task in tasks] == [TaskStatus.SUCCEEDED] * 2, f"call {number}"
            assert min(task.attempt for task in tasks) == 1
    assert number > 6


@pytest.mark.parametrize("number", range(1, 8))
def test_two_claims_at_once_never_share_a_task(
    box: Installation, dead: Worker, alive: Worker, number: int
) -> None:
    _waiting(box)
    box.send("NormalQueue", *box.bodies("NormalQueue"))
    holds: list[Hold | None] = []
    box.faults.clear()
    box.faults.at(number, meanwhile(lambda: holds.append(dead.claim())))

    holds.append(alive.claim())

    assert len([hold for hold in holds if hold]) == 1
