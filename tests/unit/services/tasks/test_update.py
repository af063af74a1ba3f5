from collections.abc import Callable
from datetime import timedelta

import pytest

from signalbox.models.errors import Conflict, NotFound, PreconditionFailed, WriteConflict
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import cancelled, editable, edited, extended, rejected
from signalbox.models.task import Task, TaskApproval, TaskStatus
from signalbox.services.tasks.dependencies import AwaitTasks
from signalbox.services.tasks.update import (
    ApproveTask,
    CancelTask,
    RetryTask,
    UpdateTask,
    UpdateTaskRequest,
)
from tests.builders import NOW, a_lease, a_task, done, held
from tests.fakes.clock import FakeClock
from tests.fakes.dependents import FakeDependents
from tests.fakes.tasks import FakeTaskStore

RENAME = UpdateTaskRequest(title="Another").over


class BusyStore(FakeTaskStore):
    """One whose task somebody else changes just before each of the next writes."""

    def __init__(self, task: Task, *meanwhile: Callable[[Task], Task]) -> None:
        super().__init__(task)
        self.meanwhile = list(meanwhile)

    def replace(self, before: Task, after: Task) -> None:
        if self.meanwhile:
            self.kept[before.id] = self.meanwhile.pop(0)(self.kept[before.id])
        super().replace(before, after)


def beat(task: Task) -> Task:
    until = (task.lease or a_lease()).expires_at + timedelta(minutes=1)
    return extended(task, a_lease().id, task.fence, until, "on it", NOW)


def relabelled(task: Task) -> Task:
    fields = editable(task).model_copy(update={"labels": (f"v{task.version}",)})
    return edited(task, fields, NOW, by="else")


def test_a_heartbeat_in_between_costs_the_editor_nothing() -> None:
    task = held(a_task())
    store = BusyStore(task, beat)

    after = UpdateTask(tasks=store, clock=FakeClock())(task.id, RENAME, frozenset({2}), by="me")

    assert (after.title, after.version, after.progress) == ("Another", 3, "on it")
    assert store.get(task.id) == after


def test_another_edit_in_between_is_told() -> None:
    store = BusyStore(task := a_task(), relabelled)

    with pytest.raises(PreconditionFailed):
        UpdateTask(tasks=store, clock=FakeClock())(task.id, RENAME, frozenset({1}), by="me")

    assert store.get(task.id).title == task.title


def test_who_takes_any_version_edits_what_is_there_by_then() -> None:
    store = BusyStore(task := a_task(), relabelled)

    after = UpdateTask(tasks=store, clock=FakeClock())(task.id, RENAME, None, by="me")

    assert (after.title, after.labels) == ("Another", ("v1",))


def test_a_task_that_never_stands_still_is_a_conflict() -> None:
    store = BusyStore(task := a_task(), *[relabelled] * 3)

    with pytest.raises(WriteConflict):
        UpdateTask(tasks=store, clock=FakeClock())(task.id, RENAME, None, by="me")


def test_cancelling_twice_is_cancelling_once() -> None:
    store = FakeTaskStore(task := a_task())
    cancel = CancelTask(tasks=store, clock=FakeClock())

    first = cancel(task.id, None, by="me", reason="not needed")
    second = cancel(task.id, None, by="else", reason="another")

    assert (first.status, first.reason) == (TaskStatus.CANCELLED, "not needed")
    assert second == first


def test_a_task_that_succeeded_is_neither_cancelled_nor_retried() -> None:
    store = FakeTaskStore(task := done(a_task()))

    with pytest.raises(Conflict):
        CancelTask(tasks=store, clock=FakeClock())(task.id, None, by="me")
    with pytest.raises(Conflict):
        _retry(store)(task.id, None, by="me")


def test_a_retry_names_who_asked() -> None:
    store = FakeTaskStore(task := cancelled(a_task(), None, NOW, by="else"))

    after = _retry(store)(task.id, None, by="me")

    assert (after.status, after.last_step.by) == (TaskStatus.PENDING, "me")


def test_what_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        CancelTask(tasks=FakeTaskStore(), clock=FakeClock())(TaskId("tsk_no"), None, by="me")


def to_approve() -> Task:
    approval = TaskApproval(seconds=3_600, expires_at=NOW + timedelta(hours=1))
    return a_task(status=TaskStatus.AWAITING_APPROVAL, approval=approval)


def test_approving_twice_is_approving_once_but_for_another_person() -> None:
    task = to_approve()
    store = FakeTaskStore(task)
    approve = ApproveTask(tasks=store, clock=FakeClock())

    first, second = (approve(task.id, None, by="ada") for _ in range(2))

    assert first == second == store.get(task.id)
    with pytest.raises(Conflict):
        approve(task.id, None, by="bob")


def test_rejecting_twice_is_rejecting_once() -> None:
    task = to_approve()
    store = FakeTaskStore(task)
    approve = ApproveTask(tasks=store, clock=FakeClock())

    first, second = (approve.reject(task.id, None, by="ada", reason="no") for _ in range(2))

    assert first == second == store.get(task.id)
    assert first.status is TaskStatus.CANCELLED


def test_of_approval_and_rejection_the_first_counts() -> None:
    task = to_approve()
    store = BusyStore(task, lambda before: rejected(before, None, NOW, "bob"))

    with pytest.raises(Conflict, match="cancelled"):
        ApproveTask(tasks=store, clock=FakeClock())(task.id, None, by="ada")


def _retry(store: FakeTaskStore) -> RetryTask:
    wait = AwaitTasks(tasks=store, index=FakeDependents())
    return RetryTask(tasks=store, clock=FakeClock(), wait=wait)
