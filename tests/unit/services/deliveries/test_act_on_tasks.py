"""Commands that act on existing tasks."""

from datetime import timedelta

import pytest

from signalbox.models.ids import DeliveryId, TaskId
from signalbox.models.lifecycle import cancelled
from signalbox.models.source import Controls
from signalbox.models.task import Task, TaskApproval, TaskStatus
from signalbox.models.task_action import TaskAction, TaskVerb
from signalbox.services.deliveries.act_on_tasks import ActOnTasks
from signalbox.services.tasks.dependencies import AwaitTasks
from tests.builders import NOW, a_source, a_task, an_origin
from tests.fakes.clock import FakeClock
from tests.fakes.task_graph import Graph
from tests.fakes.tasks import FakeTaskStore

DELIVERY = DeliveryId("dlv_one")


def waits_for_nothing() -> AwaitTasks:
    raise AssertionError("the task runs after no other")


def waiting(**changes: object) -> Task:
    approval = TaskApproval(
        seconds=3_600, expires_at=NOW + timedelta(hours=1), requester="github:octocat"
    )
    return a_task(status=TaskStatus.AWAITING_APPROVAL, approval=approval, **changes)


def action(task: Task, verb: TaskVerb = TaskVerb.APPROVE, by: str = "github:ada") -> TaskAction:
    return TaskAction(verb=verb, task=task.id, by=by, repository="octo/hello", reason="looks good")


def acted(task: Task, *actions: TaskAction, **source: object) -> tuple[Task, tuple[str, ...]]:
    store = FakeTaskStore(task)
    act = ActOnTasks(tasks=store, clock=FakeClock(), wait=waits_for_nothing)

    notes = act(actions, a_source(**source), DELIVERY)

    return store.get(task.id), notes


def test_an_approval_is_in_the_history_with_its_delivery() -> None:
    before = waiting()

    task, notes = acted(before, action(before))

    assert task.status is TaskStatus.PENDING
    assert (task.last_step.by, task.last_step.reason) == (
        "github:ada",
        "looks good, by a command in dlv_one",
    )
    assert notes == (f"approve {task.id}: it is pending",)


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        (TaskVerb.REJECT, TaskStatus.CANCELLED),
        (TaskVerb.CANCEL, TaskStatus.CANCELLED),
        (TaskVerb.APPROVE, TaskStatus.PENDING),
    ],
)
def test_a_command_is_carried_out_once(verb: TaskVerb, status: TaskStatus) -> None:
    before = waiting()

    task, notes = acted(before, action(before, verb), action(before, verb))

    assert task.status is status
    assert task.version == before.version + 1
    assert len(set(notes)) == 1


def test_a_retry_that_is_received_again_does_not_retry_again() -> None:
    before = cancelled(a_task(), None, NOW, "somebody")
    store = FakeTaskStore(before)
    act = ActOnTasks(tasks=store, clock=FakeClock(), wait=waits_for_nothing)
    retry = [action(before, TaskVerb.RETRY)]
    act(retry, a_source(), DELIVERY)
    store.replace(store.get(before.id), cancelled(store.get(before.id), None, NOW, "somebody"))

    act(retry, a_source(), DELIVERY)
    again = store.get(before.id).status
    act(retry, a_source(), DeliveryId("dlv_two"))

    assert again is TaskStatus.CANCELLED
    assert store.get(before.id).status is TaskStatus.PENDING


def test_a_retry_waits_again_for_the_tasks_that_have_not_ended() -> None:
    graph = Graph()
    ended, open_task = graph.create(), graph.create()
    before = graph.create(ended, open_task)
    graph.cancel(ended)
    graph.cancel(before)
    act = ActOnTasks(tasks=graph.tasks, clock=graph.clock, wait=lambda: graph.wait)

    notes = act([action(before, TaskVerb.RETRY)], a_source(controls=Controls.ANY), DELIVERY)

    assert notes == (f"retry {before.id}: it is pending",)
    assert graph.now(before).waits_for == (open_task.id,)
    assert list(graph.index.dependents(open_task.id)) == [before.id]


def test_who_requested_a_task_may_not_approve_it() -> None:
    before = waiting()

    task, notes = acted(before, action(before, by="github:OctoCat"))

    assert task.status is TaskStatus.AWAITING_APPROVAL
    assert notes == (f"approve {task.id}: who requested the task may not approve it",)


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": an_origin(source="another")},
        {"origin": an_origin(provider="jira")},
        {"repository": "octo/other"},
        {"repository": None},
    ],
)
def test_a_source_acts_on_its_own_tasks_of_the_same_repository(changes: dict[str, object]) -> None:
    before = waiting(**changes)

    task, notes = acted(before, action(before))
    allowed, _ = acted(before, action(before), controls=Controls.ANY)

    assert task == before
    assert notes == (f"approve: there is no task {task.id}",)
    assert allowed.status is TaskStatus.PENDING


def test_a_task_that_does_not_exist_is_a_note() -> None:
    gone = waiting().model_copy(update={"id": TaskId("tsk_gone")})

    _, notes = acted(waiting(), action(gone))

    assert notes == ("approve: there is no task tsk_gone",)
