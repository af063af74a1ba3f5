"""The latest task of a group takes the place of those that wait."""

from datetime import timedelta

import pytest

from signalbox.models.errors import Unavailable
from signalbox.models.ids import DeliveryId
from signalbox.models.lifecycle import created
from signalbox.models.relations import GroupPolicy, TaskRelations
from signalbox.models.slots import position_of
from signalbox.models.task import Task, TaskApproval, TaskOrigin, TaskStatus
from signalbox.services.ports.concurrency import GroupMember
from signalbox.services.tasks.update import ApproveTask
from tests.builders import NOW, a_task
from tests.fakes.task_graph import MINUTE, Graph


def latest(graph: Graph, *, cancel_running: bool = False) -> Task:
    graph.clock.advance(seconds=1)
    return graph.create(
        group="preview", group_policy=GroupPolicy.LATEST, cancel_running=cancel_running
    )


@pytest.mark.parametrize("delivered", [True, False])
def test_the_latest_task_of_a_group_cancels_those_that_wait(*, delivered: bool) -> None:
    graph = Graph()
    tasks = []
    for _ in range(4):
        tasks.append(latest(graph))
        if delivered:
            graph.deliver()
    graph.lose()

    graph.maintain(3)

    statuses = [graph.now(task).status for task in tasks]
    assert statuses == [TaskStatus.CANCELLED] * 3 + [TaskStatus.PENDING]
    reason = graph.now(tasks[2]).reason
    assert reason == f"the later task {tasks[3].id} of its group has taken its place"


def test_the_order_in_which_they_are_dispatched_does_not_matter() -> None:
    graph = Graph()
    early, late = latest(graph), latest(graph)
    graph.tasks.stream.reverse()

    graph.deliver()

    assert graph.now(early).status is TaskStatus.CANCELLED
    assert graph.now(late).status is TaskStatus.PENDING


@pytest.mark.parametrize(
    ("cancel_running", "status"), [(False, TaskStatus.RUNNING), (True, TaskStatus.CANCELLED)]
)
def test_one_that_runs_is_cancelled_only_if_requested(
    *, cancel_running: bool, status: TaskStatus
) -> None:
    graph = Graph()
    first = latest(graph)
    graph.deliver()
    assert graph.claim()

    second = latest(graph, cancel_running=cancel_running)
    graph.deliver()

    assert graph.now(first).status is status
    assert bool(graph.claim()) is cancel_running
    assert graph.now(second).limited_by == (None if cancel_running else "group:preview")


def test_one_that_waits_for_a_slot_is_cancelled_as_well() -> None:
    graph = Graph()
    latest(graph)
    graph.deliver()
    graph.claim()
    second = latest(graph)
    graph.deliver()
    graph.claim()

    third = latest(graph)
    graph.deliver()

    assert graph.now(second).status is TaskStatus.CANCELLED
    assert graph.now(third).status is TaskStatus.PENDING


def test_tasks_that_queue_and_those_of_other_groups_stay() -> None:
    graph = Graph()
    other = graph.create(group="another")
    queueing = [graph.create(group="preview") for _ in range(2)]
    graph.deliver()

    assert {graph.now(task).status for task in (other, *queueing)} == {TaskStatus.PENDING}


def test_a_member_that_was_never_created_takes_nobodys_place() -> None:
    graph = Graph()
    never = a_task(created_at=NOW + timedelta(hours=1))
    graph.store.add_member("preview", GroupMember(position=position_of(never), is_latest=True))

    task = latest(graph)
    graph.deliver()

    assert graph.now(task).status is TaskStatus.PENDING


def test_a_task_that_has_ended_leaves_its_group_and_returns_with_a_retry() -> None:
    graph = Graph()
    task = latest(graph)
    graph.deliver()
    graph.cancel(task)
    graph.deliver()
    left = dict(graph.store.groups)

    graph.retry(task)
    graph.deliver()

    assert left == {}
    assert list(graph.store.groups) == [("preview", position_of(task))]


def test_more_tasks_than_are_cancelled_at_once_are_cancelled_before_the_latest_can_run() -> None:
    graph = Graph()
    for _ in range(450):
        graph.create(group="preview")
    graph.deliver()
    last = latest(graph)

    for _ in range(2):
        with pytest.raises(Unavailable):
            graph.dispatch(last, last.history)
        assert graph.now(last).sent_at is None
    graph.deliver()

    waiting = [task for task in graph.tasks.kept.values() if task.status is TaskStatus.PENDING]
    assert [task.id for task in waiting] == [last.id]


def test_any_number_of_later_tasks_that_queue_do_not_stop_the_latest_before_them() -> None:
    graph = Graph()
    task = latest(graph)
    for number in range(300):
        later = a_task(id=f"tsk_later{number}", created_at=NOW + timedelta(hours=1))
        member = GroupMember(position=position_of(later), is_latest=False)
        graph.store.add_member("preview", member)

    graph.deliver()

    assert graph.claim()
    assert graph.now(task).status is TaskStatus.RUNNING


def test_no_group_is_read_for_a_parked_task_whose_changes_are_dispatched() -> None:
    graph = Graph()
    for _ in range(2):
        graph.create(group="preview")
        graph.clock.advance(seconds=1)
    graph.deliver()
    graph.claim()
    graph.claim()
    (parked,) = (task for task in graph.tasks.kept.values() if task.limited_by)
    graph.dispatch(parked, parked.undispatched)
    graph.store.groups.clear()
    late = a_task(created_at=NOW + timedelta(hours=1))
    graph.tasks.kept[late.id] = late
    graph.store.add_member("preview", GroupMember(position=position_of(late), is_latest=True))

    graph.dispatch(graph.now(parked), ())

    assert graph.now(parked).limited_by == "group:preview"


def test_a_request_that_is_repeated_after_its_first_half_leaves_the_task_in_its_place() -> None:
    graph = Graph()
    create = graph.tasks.create

    def unavailable(task: Task) -> bool:
        del task
        raise Unavailable("the tasks did not answer")

    graph.tasks.create = unavailable  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        graph.create(key="one", group="preview", group_policy=GroupPolicy.LATEST)
    graph.tasks.create = create  # type: ignore[method-assign]
    graph.clock.advance(seconds=5)

    task = graph.create(key="one", group="preview", group_policy=GroupPolicy.LATEST)
    graph.deliver()

    assert graph.now(task).status is TaskStatus.PENDING
    assert [name for name, _ in graph.store.groups] == ["preview"]


def test_a_task_that_has_ended_takes_nobodys_place() -> None:
    graph = Graph()
    ended = a_task(
        created_at=NOW + timedelta(hours=1), status=TaskStatus.CANCELLED, finished_at=NOW
    )
    graph.tasks.kept[ended.id] = ended
    graph.store.add_member("preview", GroupMember(position=position_of(ended), is_latest=True))

    task = latest(graph)
    graph.deliver()

    assert graph.now(task).status is TaskStatus.PENDING


def of_webhook(graph: Graph, delivery: str, *, awaits_approval: bool = False) -> Task:
    """Create a task of a webhook, which takes the place of those before it."""
    number = len(graph.tasks.kept)
    status = TaskStatus.AWAITING_APPROVAL if awaits_approval else TaskStatus.PENDING
    task = a_task(
        id=f"tsk_webhook{number}",
        status=status,
        origin=TaskOrigin(provider="github", delivery_id=DeliveryId(delivery)),
        approval=TaskApproval(seconds=60, expires_at=NOW + MINUTE) if awaits_approval else None,
        relations=TaskRelations(group="preview", group_policy=GroupPolicy.LATEST),
        created_at=graph.clock(),
        updated_at=graph.clock(),
    )
    task = created(task, by="github/default")
    graph.tasks.create(task)
    return task


def statuses(graph: Graph, *tasks: Task) -> list[TaskStatus]:
    return [graph.now(task).status for task in tasks]


@pytest.mark.parametrize("is_reversed", [False, True])
def test_tasks_of_one_webhook_do_not_take_each_others_place(*, is_reversed: bool) -> None:
    graph = Graph()
    before = of_webhook(graph, "dlv_1")
    graph.clock.advance(seconds=1)
    together = [of_webhook(graph, "dlv_2") for _ in range(2)]
    if is_reversed:
        graph.tasks.stream.reverse()

    graph.deliver()

    assert statuses(graph, before, *together) == [
        TaskStatus.CANCELLED,
        TaskStatus.PENDING,
        TaskStatus.PENDING,
    ]


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_task_that_nobody_has_approved_takes_the_place_only_of_others_without_approval(
    *, is_reversed: bool
) -> None:
    graph = Graph()
    early = of_webhook(graph, "dlv_1", awaits_approval=True)
    graph.clock.advance(seconds=1)
    late = of_webhook(graph, "dlv_2", awaits_approval=True)
    if is_reversed:
        graph.tasks.stream.reverse()

    graph.deliver()

    assert statuses(graph, early, late) == [TaskStatus.CANCELLED, TaskStatus.AWAITING_APPROVAL]


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_task_that_may_run_keeps_its_place_until_the_later_one_is_approved(
    *, is_reversed: bool
) -> None:
    graph = Graph()
    early = of_webhook(graph, "dlv_1")
    graph.clock.advance(seconds=1)
    late = of_webhook(graph, "dlv_2", awaits_approval=True)
    if is_reversed:
        graph.tasks.stream.reverse()
    graph.deliver()
    before = statuses(graph, early, late)

    ApproveTask(tasks=graph.tasks, clock=graph.clock)(late.id, None, by="ada")
    graph.deliver()

    assert before == [TaskStatus.PENDING, TaskStatus.AWAITING_APPROVAL]
    assert statuses(graph, early, late) == [TaskStatus.CANCELLED, TaskStatus.PENDING]
