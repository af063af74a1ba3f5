import pytest

from signalbox.models.errors import Conflict
from signalbox.models.lifecycle import cancelled, dispatched, editable, edited, released, retried
from signalbox.models.task import ChangeType, Priority, Task
from tests.builders import NOW, a_lease, a_task, done, held


def with_changes(task: Task, **changes: object) -> Task:
    return edited(task, editable(task).model_copy(update=changes), NOW, by="key:one")


def test_an_edit_is_a_step_that_says_what_changed_and_by_whom() -> None:
    task = a_task()

    after = with_changes(task, title="Another", due=NOW)

    step = after.last_step
    assert (after.title, after.due, after.version) == ("Another", NOW, 2)
    assert (step.type, step.by, step.reason) == (
        ChangeType.UPDATED,
        "key:one",
        "changed title, due",
    )


def test_an_edit_that_changes_nothing_is_no_step() -> None:
    task = a_task()

    assert with_changes(task, title=task.title) is task


@pytest.mark.parametrize("task", [done(a_task()), cancelled(a_task(), None, NOW, by="somebody")])
def test_a_finished_task_is_not_edited(task: Task) -> None:
    with pytest.raises(Conflict):
        with_changes(task)


def test_another_priority_needs_another_message() -> None:
    task = dispatched(a_task(), NOW)

    assert with_changes(task, priority=Priority.HIGH).sent_at is None
    assert with_changes(task, title="Another").sent_at == NOW


def test_a_held_task_is_edited_in_its_workers_hands() -> None:
    task = held(dispatched(a_task(), NOW))

    after = with_changes(task, priority=Priority.HIGH)

    assert (after.lease, after.fence) == (task.lease, task.fence)
    assert released(after, a_lease().id, after.fence, None, NOW).sent_at is None


def test_a_cancelled_task_that_is_retried_needs_a_message() -> None:
    task = retried(cancelled(dispatched(a_task(), NOW), None, NOW, by="me"), NOW, by="me")

    assert (task.status.value, task.sent_at, task.reason) == ("pending", None, None)
