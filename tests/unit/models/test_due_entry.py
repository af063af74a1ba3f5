"""When the entry of a task in the index of due items moves, which costs two write units."""

from datetime import datetime, timedelta

import pytest

from signalbox.models.due_entry import entry_at_due_time
from signalbox.models.lifecycle import cancelled, dispatched, extended, leased, retried, succeeded
from signalbox.models.task import LEASE_GRACE, UNSENT_AFTER, Task
from tests.builders import NOW, a_lease, a_result, a_task

SECOND = timedelta(seconds=1)


def claimed(task: Task, now: datetime, seconds: int = 300) -> Task:
    return leased(task, a_lease(expires_at=now + seconds * SECOND), now)


def heartbeat(task: Task, now: datetime, seconds: int = 300) -> Task:
    return extended(task, a_lease().id, task.fence, now + seconds * SECOND, None, now)


def completed(task: Task, now: datetime) -> Task:
    return succeeded(task, a_lease().id, task.fence, a_result(), now)


def test_a_task_that_ends_soon_keeps_the_entry_of_its_creation() -> None:
    created = a_task()
    running = claimed(created, NOW + 5 * SECOND)
    beating = heartbeat(running, NOW + 15 * SECOND)
    ended = completed(beating, NOW + 25 * SECOND)

    entries = {each.indexed_due_at for each in (created, running, beating, ended)}

    assert entries == {NOW + UNSENT_AFTER}
    assert dispatched(ended, NOW).indexed_due_at is None


@pytest.mark.parametrize(
    ("pace", "heartbeats_per_move"),
    [(100, 3), (60, 4), (10, 28)],
    ids=["a third of the lease", "a minute", "ten seconds"],
)
def test_a_worker_that_keeps_its_pace_is_never_met_and_moves_the_entry_seldom(
    pace: int, heartbeats_per_move: int
) -> None:
    now, task, entries = NOW + SECOND, claimed(a_task(), NOW + SECOND), set[datetime]()
    count = 4 * 3_600 // pace

    for _ in range(count):
        now += pace * SECOND
        assert task.indexed_due_at
        assert task.indexed_due_at >= now, "maintenance would have met it"
        entries.add(task.indexed_due_at)
        task = heartbeat(task, now)

    assert len(entries) <= count / heartbeats_per_move + 2


def test_the_entry_of_a_task_that_waits_for_a_late_heartbeat_is_moved_at_its_claim() -> None:
    task = claimed(a_task(), NOW, seconds=3_600)

    assert task.indexed_due_at == task.due_at == NOW + 3_600 * SECOND + LEASE_GRACE


def test_an_entry_that_would_be_too_late_is_moved_to_the_earlier_time() -> None:
    waiting = dispatched(a_task(), NOW)

    running = claimed(waiting, NOW + 60 * SECOND, seconds=600)
    shorter = heartbeat(running, NOW + 90 * SECOND, seconds=30)
    ended = completed(running, NOW + 120 * SECOND)

    for task in (waiting, running, shorter, ended, cancelled(waiting, None, NOW, by="me")):
        assert task.indexed_due_at == task.due_at


def test_a_task_that_is_retried_is_not_met_before_its_message_is_late() -> None:
    ended = dispatched(cancelled(a_task(), None, NOW, by="me"), NOW)

    again = retried(ended, NOW + 3_600 * SECOND, by="me")

    assert again.indexed_due_at == NOW + 3_600 * SECOND + UNSENT_AFTER


def test_a_task_whose_record_does_not_have_its_entry_is_met_too_early_at_most() -> None:
    running = claimed(a_task(), NOW, seconds=3_600).model_copy(update={"indexed_at": None})

    again = heartbeat(running, NOW + 1_800 * SECOND, seconds=3_600)

    assert running.indexed_due_at == NOW + UNSENT_AFTER
    assert again.indexed_due_at == again.due_at


def test_a_moved_entry_is_at_the_due_time() -> None:
    task = entry_at_due_time(claimed(a_task(), NOW))

    assert task.indexed_due_at == task.due_at == NOW + 300 * SECOND + LEASE_GRACE
