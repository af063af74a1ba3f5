"""How a task that waits for others goes on when they end."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.dependencies import (
    checked,
    related,
    settled,
    still_awaited,
    with_dependents,
)
from signalbox.models.errors import Conflict
from signalbox.models.lifecycle import cancelled, given_up, leased, notified, retried
from signalbox.models.relations import CHECK_AFTER, OnFailure
from signalbox.models.task import UNSENT_AFTER, ChangeType, Task, TaskStatus
from tests.builders import NOW, a_lease, a_task, done, held

LATER = NOW + timedelta(minutes=5)


def waiting(*awaited: Task, on_failure: OnFailure = OnFailure.CANCEL) -> Task:
    ids = tuple(task.id for task in awaited)
    return related(a_task(), after=ids, waits_for=ids, on_failure=on_failure)


def off(task: Task) -> Task:
    return cancelled(task, "called off", NOW, by="me")


def settle(task: Task, *awaited: Task) -> Task:
    found = {each.id: each for each in awaited}
    return settled(task, {each: found.get(each) for each in task.waits_for}, LATER)


def test_a_task_that_waits_cannot_be_claimed_nor_given_up() -> None:
    task = waiting(a_task())

    with pytest.raises(Conflict):
        leased(task, a_lease(), NOW)
    with pytest.raises(Conflict):
        given_up(task, "too often", NOW, NOW, by="queue")


def test_a_task_is_ready_when_all_that_it_waits_for_have_succeeded() -> None:
    one, two = a_task(), a_task()
    task = waiting(one, two)

    first = settle(task, done(one), two)
    second = settle(first, done(two))

    assert (first.version, first.waits_for) == (task.version, (two.id,))
    assert (second.last_step.type, second.waits_for) == (ChangeType.READY, ())
    assert leased(second, a_lease(), LATER).status is TaskStatus.RUNNING


def test_the_time_in_the_queue_of_a_task_begins_when_it_is_ready() -> None:
    one = a_task()

    assert settle(waiting(one), done(one)).not_before == LATER


def test_a_look_that_finds_nothing_changes_nothing() -> None:
    one, two, free = held(a_task()), a_task(), a_task()
    task = waiting(one, two)
    ended = off(task)

    assert settle(task, one, two) is task
    assert settle(free, one) is free
    assert settle(ended, off(two)) is ended


@pytest.mark.parametrize("outcome", ["cancelled", "gone"])
def test_a_task_is_cancelled_if_one_that_it_waits_for_does_not_succeed(outcome: str) -> None:
    one, two = a_task(), a_task()
    task = waiting(one, two)

    after = settle(task, two) if outcome == "gone" else settle(task, off(one), two)

    assert after.status is TaskStatus.CANCELLED
    assert after.last_step.by == "dependencies"
    assert one.id in (after.reason or "")
    assert after.waits_for == ()


@pytest.mark.parametrize("outcome", ["cancelled", "gone"])
def test_a_task_that_runs_on_failure_runs_when_all_have_ended(outcome: str) -> None:
    one, two = a_task(), a_task()
    task = waiting(one, two, on_failure=OnFailure.RUN)
    ended = () if outcome == "gone" else (off(one),)

    first = settle(task, *ended, two)
    second = settle(first, *ended, done(two))

    assert first.waits_for == (two.id,)
    assert (second.status, second.last_step.type) == (TaskStatus.PENDING, ChangeType.READY)


def test_a_subtree_ends_also_where_a_task_runs_on_failure() -> None:
    one = a_task()
    ended = off(related(one, ends_dependents=True))

    after = settle(waiting(one, on_failure=OnFailure.RUN), ended)

    assert after.status is TaskStatus.CANCELLED
    assert after.relations
    assert after.relations.ends_dependents


def test_a_retry_waits_for_nothing_and_ends_nothing() -> None:
    one = a_task()
    task = retried(off(related(waiting(one), ends_dependents=True)), LATER, by="me")

    assert task.waits_for == ()
    assert task.relations
    assert (task.relations.after, task.relations.ends_dependents) == ((one.id,), False)


def test_a_new_task_waits_for_what_has_not_succeeded() -> None:
    tasks = [a_task(), held(a_task()), done(a_task()), off(a_task())]

    on_cancel = still_awaited(tasks, OnFailure.CANCEL)
    on_run = still_awaited(tasks, OnFailure.RUN)

    assert on_cancel == (tasks[0].id, tasks[1].id, tasks[3].id)
    assert on_run == (tasks[0].id, tasks[1].id)


def test_maintenance_looks_again_at_a_task_that_waits() -> None:
    task = waiting(a_task())

    marked = checked(notified(task), LATER)

    assert task.due_at == NOW + UNSENT_AFTER
    assert marked.due_at == marked.indexed_due_at == LATER + CHECK_AFTER
    assert checked(marked, LATER + CHECK_AFTER).due_at == LATER + 2 * CHECK_AFTER


def test_marking_that_a_task_has_dependents_happens_once() -> None:
    task = with_dependents(a_task())

    assert with_dependents(task) is task
    assert task.version == a_task().version


@given(
    outcomes=st.lists(st.sampled_from(["done", "off", "open", "gone"]), min_size=1, max_size=20),
    on_failure=st.sampled_from(OnFailure),
)
def test_a_task_goes_on_exactly_when_nothing_is_left_to_wait_for(
    outcomes: list[str], on_failure: OnFailure
) -> None:
    tasks = [a_task() for _ in outcomes]
    become = {"done": done, "off": off, "open": held}
    ended = [become[how](task) for how, task in zip(outcomes, tasks, strict=True) if how != "gone"]

    after = settle(waiting(*tasks, on_failure=on_failure), *ended)

    bad = on_failure is OnFailure.CANCEL and {"off", "gone"} & set(outcomes)
    expected = TaskStatus.CANCELLED if bad else TaskStatus.PENDING
    assert after.status is expected
    assert len(after.waits_for) == (0 if bad else outcomes.count("open"))
    assert (after.last_step.type is ChangeType.READY) == (not bad and "open" not in outcomes)
