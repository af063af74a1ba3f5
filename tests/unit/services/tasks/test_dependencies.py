"""Tasks that run after others, however stream, maintenance and requests follow each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.dependencies import UnknownTask
from signalbox.models.errors import Conflict, Unavailable, WriteConflict
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import cancelled
from signalbox.models.relations import OnFailure
from signalbox.models.task import ChangeType, Priority, Task, TaskStatus
from signalbox.services.queues.backlog import MeasureBacklog
from signalbox.services.tasks.dependencies import LISTED_DEPENDENTS
from tests.builders import a_task
from tests.fakes.task_graph import Graph


def test_a_task_runs_when_all_that_it_runs_after_have_succeeded() -> None:
    graph = Graph()
    first, second = graph.create(), graph.create()
    last = graph.create(first, second)
    graph.deliver()

    graph.finish(first)
    graph.deliver()
    waits_for = graph.now(last).waits_for
    graph.finish(second)
    graph.deliver()
    graph.finish(last)

    assert waits_for == (second.id,)
    assert graph.now(last).status is TaskStatus.SUCCEEDED
    assert graph.index.kept == set()


def test_a_chain_is_cancelled_with_the_reason_when_its_head_fails() -> None:
    graph = Graph()
    first = graph.create()
    second = graph.create(first)
    third = graph.create(second)
    graph.deliver()

    graph.finish(first, well=False)
    graph.deliver()

    assert graph.now(second).reason == f"the task {first.id}, which it waited for, failed"
    assert graph.now(third).reason == f"the task {second.id}, which it waited for, was cancelled"


def test_a_task_that_has_dependents_has_one_message_and_so_has_a_ready_one() -> None:
    graph = Graph()
    first = graph.create()
    graph.create(first)
    graph.deliver()
    graph.finish(first)
    graph.deliver()

    graph.maintain(30)

    assert len(graph.queue.messages[Priority.NORMAL]) == 1


def test_an_unknown_task_is_refused() -> None:
    graph = Graph()

    with pytest.raises(UnknownTask) as refused:
        graph.create(unknown := a_task())

    assert unknown.id in refused.value.reason
    assert graph.tasks.kept == {}


def test_a_repeated_request_is_answered_also_when_what_it_ran_after_is_gone() -> None:
    graph = Graph()
    first = graph.create()
    task = graph.create(first, key="a")
    del graph.tasks.kept[first.id]

    assert graph.create(first, key="a").id == task.id


def test_a_task_after_others_that_have_succeeded_does_not_wait() -> None:
    graph = Graph()
    first = graph.create()
    graph.deliver()
    graph.finish(first)

    task = graph.create(first)

    assert task.waits_for == ()
    assert task.relations
    assert task.relations.after == (first.id,)


@pytest.mark.parametrize("on_failure", OnFailure)
@pytest.mark.parametrize("delivered", ["before", "after", "never"])
def test_a_task_after_one_that_has_failed_goes_on(on_failure: OnFailure, delivered: str) -> None:
    graph = Graph()
    first = graph.create()
    graph.cancel(first)
    if delivered == "before":
        graph.deliver()
    task = graph.create(first, on_failure=on_failure)

    if delivered == "never":
        graph.lose()
        graph.maintain(3)
    graph.deliver()

    expected = TaskStatus.CANCELLED if on_failure is OnFailure.CANCEL else TaskStatus.PENDING
    assert graph.now(task).status is expected
    assert graph.now(task).waits_for == ()


@pytest.mark.parametrize("moment", ["when registered", "before it is created", "before its record"])
@pytest.mark.parametrize("end_is_delivered", [True, False])
def test_the_end_of_a_task_meets_the_creation_of_its_dependent_in_any_order(
    moment: str, *, end_is_delivered: bool
) -> None:
    graph = Graph()
    first = graph.create()
    graph.deliver()

    def end() -> None:
        graph.finish(first)
        if end_is_delivered:
            graph.deliver()

    create = graph.tasks.create

    def create_after_end(task: Task) -> bool:
        end()
        return create(task)

    if moment == "when registered":
        graph.tasks.before_write = end
    elif moment == "before it is created":
        graph.tasks.create = create_after_end  # type: ignore[method-assign]
    task = graph.create(first)
    if moment == "before its record":
        end()
    graph.deliver()

    graph.finish(task)

    assert graph.now(task).status is TaskStatus.SUCCEEDED


def test_a_dependent_that_is_registered_while_a_task_is_claimed_is_not_overlooked() -> None:
    graph = Graph()
    first = graph.create()
    graph.deliver()
    stale = graph.tasks.get(first.id)
    task = graph.create(first)

    with pytest.raises(WriteConflict):
        graph.tasks.replace(stale, cancelled(stale, None, graph.clock(), by="me"))
    graph.cancel(first)
    graph.deliver()

    assert graph.now(task).status is TaskStatus.CANCELLED


def test_a_crash_after_the_registration_leaves_a_task_that_ends_as_every_other() -> None:
    graph = Graph()
    first = graph.create()
    graph.deliver()
    graph.wait(TaskId("tsk_never"), [graph.tasks.get(first.id)])

    graph.finish(first)
    graph.deliver()

    assert graph.now(first).dispatched == graph.now(first).version


def test_an_outage_keeps_the_end_undispatched_until_its_dependents_have_gone_on() -> None:
    graph = Graph()
    first = graph.create()
    task = graph.create(first)
    graph.deliver()
    graph.finish(first)
    graph.index.down = True

    with pytest.raises(Unavailable):
        graph.deliver()
    undispatched = graph.now(first).undispatched
    graph.index.down = False
    graph.maintain(3)
    graph.deliver()

    assert undispatched
    assert graph.now(task).last_step.type is ChangeType.READY


def test_of_many_dependents_some_go_on_at_once_and_maintenance_moves_the_others() -> None:
    graph = Graph()
    first = graph.create()
    dependents = [graph.create(first) for _ in range(250)]
    graph.deliver()
    graph.finish(first)

    graph.deliver()
    at_once = sum(graph.now(task).waits_for == () for task in dependents)
    graph.maintain(5)

    assert at_once == 100
    assert all(graph.now(task).waits_for == () for task in dependents)
    assert graph.now(first).due_at is None


def test_what_waits_for_a_failed_task_that_is_retried_in_time_waits_on() -> None:
    graph = Graph()
    first = graph.create()
    task = graph.create(first)
    graph.deliver()
    graph.cancel(first)
    graph.retry(first)

    graph.deliver()
    waits_for = graph.now(task).waits_for
    graph.finish(first)
    graph.deliver()

    assert waits_for == (first.id,)
    assert graph.now(task).last_step.type is ChangeType.READY


def test_a_retry_waits_again_for_what_has_not_ended() -> None:
    graph = Graph()
    first = graph.create()
    task = graph.create(first)
    graph.deliver()
    graph.cancel(first)
    graph.deliver()
    graph.retry(first)
    graph.retry(task)

    graph.deliver()
    waits_for = graph.now(task).waits_for
    graph.finish(first)
    graph.deliver()

    assert waits_for == (first.id,)
    assert graph.now(task).last_step.type is ChangeType.READY


def test_a_retry_does_not_wait_for_what_has_failed() -> None:
    graph = Graph()
    first = graph.create()
    task = graph.create(first)
    graph.deliver()
    graph.cancel(first)
    graph.deliver()

    graph.retry(task)
    graph.deliver()

    assert graph.now(task).waits_for == ()
    assert graph.now(task).sent_at is not None


def test_a_message_of_a_task_that_waits_is_deleted_and_not_received_again() -> None:
    graph = Graph()
    task = graph.create(graph.create())
    graph.queue.send(Priority.NORMAL, [task.id])

    claimed = graph.claim()

    assert claimed is None
    assert graph.queue.messages[Priority.NORMAL] == []


def test_a_task_that_waits_does_not_count_towards_the_age_of_its_queue() -> None:
    graph = Graph()
    first = graph.create()
    task = graph.create(first)
    graph.deliver()
    graph.finish(first)
    measure = MeasureBacklog(queue=graph.queue, tasks=graph.tasks, clock=graph.clock)
    graph.clock.advance(seconds=600)

    waiting = measure.oldest()
    graph.deliver()
    graph.clock.advance(seconds=30)

    assert waiting == {}
    assert measure.oldest() == {Priority.NORMAL: 30}
    assert graph.now(task).status is TaskStatus.PENDING


def test_the_end_of_a_task_reads_its_dependents_but_not_what_else_they_wait_for() -> None:
    graph = Graph()
    awaited = [graph.create() for _ in range(10)]
    for _ in range(10):
        graph.create(*awaited)
    graph.deliver()
    graph.finish(awaited[0])
    reads: list[TaskId] = []
    read = graph.tasks.get

    def recorded(task: TaskId) -> Task:
        reads.append(task)
        return read(task)

    graph.tasks.get = recorded  # type: ignore[method-assign]
    graph.deliver()

    assert len(reads) <= 11


def test_a_subtree_is_cancelled_at_once_with_those_that_would_run_on_failure() -> None:
    graph = Graph()
    root, other = graph.create(), graph.create()
    child = graph.create(root, other)
    runs_anyway = graph.create(root, child, on_failure=OnFailure.RUN)
    free = graph.create(other)
    graph.deliver()

    result = graph.cancel_subtree(root)

    assert (set(result.dependents), result.more) == ({child.id, runs_anyway.id}, False)
    assert result.task.reason == "not needed"
    assert {graph.now(task).status for task in (child, runs_anyway)} == {TaskStatus.CANCELLED}
    assert root.id in (graph.now(runs_anyway).reason or "")
    assert graph.now(free).status is TaskStatus.PENDING


@pytest.mark.parametrize("delivered", [True, False])
def test_a_large_subtree_is_cancelled_by_further_calls(*, delivered: bool) -> None:
    graph = Graph()
    root = graph.create()
    children = [graph.create(root) for _ in range(4)]
    leaves = [graph.create(child, on_failure=OnFailure.RUN) for child in children]
    graph.deliver()

    results = []
    for _ in range(10):
        results.append(graph.cancel_subtree(root, at_once=3))
        if delivered:
            graph.deliver()
        if not results[-1].more:
            break

    assert not results[-1].more
    assert {graph.now(task).status for task in (*children, *leaves)} == {TaskStatus.CANCELLED}
    ended = [each for result in results for each in result.dependents]
    assert len(ended) == len(set(ended))


def test_the_dispatcher_cancels_what_a_call_has_left() -> None:
    graph = Graph()
    root = graph.create()
    children = [graph.create(root, on_failure=OnFailure.RUN) for _ in range(4)]
    leaves = [graph.create(child, on_failure=OnFailure.RUN) for child in children]
    graph.deliver()

    result = graph.cancel_subtree(root, at_once=1)
    graph.deliver()

    assert (len(result.dependents), result.more) == (1, True)
    assert {graph.now(task).status for task in (*children, *leaves)} == {TaskStatus.CANCELLED}


def test_the_subtree_of_a_cancelled_task_can_be_cancelled_and_that_of_a_finished_one_not() -> None:
    graph = Graph()
    root, done = graph.create(), graph.create()
    child = graph.create(root, on_failure=OnFailure.RUN)
    graph.deliver()
    graph.cancel(root)
    graph.finish(done)

    graph.cancel_subtree(root)

    assert graph.now(child).status is TaskStatus.CANCELLED
    with pytest.raises(Conflict):
        graph.cancel_subtree(done)


def test_a_retried_task_that_waits_for_the_root_no_longer_keeps_its_own_dependents() -> None:
    graph = Graph()
    root = graph.create()
    child = graph.create(root)
    graph.deliver()
    graph.cancel(root)
    graph.cancel(child)
    graph.retry(child)
    grandchild = graph.create(child)

    result = graph.cancel_subtree(root)

    assert (result.dependents, result.more) == ((), False)
    assert {graph.now(each).status for each in (child, grandchild)} == {TaskStatus.PENDING}


def test_a_retried_task_of_a_subtree_ends_nothing_when_it_is_cancelled_alone() -> None:
    graph = Graph()
    root = graph.create()
    graph.cancel_subtree(root)
    graph.retry(root)
    child = graph.create(root, on_failure=OnFailure.RUN)
    graph.deliver()

    graph.cancel(root)
    graph.deliver()

    assert graph.now(child).last_step.type is ChangeType.READY


EVENT = st.sampled_from(["deliver", "lose", "maintain"])


@given(
    edges=st.lists(st.lists(st.integers(0, 5), max_size=3, unique=True), min_size=2, max_size=6),
    fails=st.sets(st.integers(0, 5), max_size=2),
    runs_on_failure=st.sets(st.integers(0, 5)),
    between=st.lists(EVENT, min_size=12, max_size=12),
)
def test_every_task_of_a_graph_ends_whatever_the_stream_loses(
    edges: list[list[int]], fails: set[int], runs_on_failure: set[int], between: list[str]
) -> None:
    graph, tasks, events = Graph(), list[Task](), iter(between)

    def pass_time() -> None:
        match next(events, "maintain"):
            case "deliver":
                graph.deliver()
            case "lose":
                graph.lose()
            case _:
                graph.maintain(3)

    for number, after in enumerate(edges):
        on_failure = OnFailure.RUN if number in runs_on_failure else OnFailure.CANCEL
        awaited = [tasks[each] for each in after if each < number]
        tasks.append(graph.create(*awaited, on_failure=on_failure))
        pass_time()
    for number, task in enumerate(tasks):
        for _ in range(3):
            graph.maintain(3)
        current = graph.now(task)
        if not current.finished:
            assert current.waits_for == ()
            graph.finish(task, well=number not in fails)
            pass_time()

    assert all(graph.now(task).finished for task in tasks)
    for number, (task, after) in enumerate(zip(tasks, edges, strict=True)):
        before = [graph.now(tasks[each]).status for each in after if each < number]
        blocked = number not in runs_on_failure and any(
            status is not TaskStatus.SUCCEEDED for status in before
        )
        assert (graph.now(task).status is TaskStatus.CANCELLED) == blocked


def test_those_that_wait_for_a_task_are_listed_until_they_wait_no_longer() -> None:
    graph = Graph()
    first = graph.create()
    second, third = graph.create(first), graph.create(first)
    graph.create(second)
    before = graph.dependents(first)
    graph.cancel(third)

    after = graph.dependents(first)
    graph.cancel(first)

    assert ({task.id for task in before[0]}, before[1]) == ({second.id, third.id}, False)
    assert ([task.id for task in after[0]], after[1]) == ([second.id], False)
    assert graph.dependents(first) == graph.dependents(third) == ((), False)


def test_of_many_that_wait_for_a_task_the_first_are_listed() -> None:
    graph = Graph()
    first = graph.create()
    for _ in range(LISTED_DEPENDENTS + 1):
        graph.create(first)

    tasks, more = graph.dependents(first)

    assert (len(tasks), more) == (LISTED_DEPENDENTS, True)


def test_many_that_were_cancelled_hide_none_that_waits() -> None:
    graph = Graph()
    first = graph.create()
    for _ in range(3 * LISTED_DEPENDENTS):
        graph.cancel(graph.create(first))
    waiting = {graph.create(first).id for _ in range(LISTED_DEPENDENTS)}

    tasks, more = graph.dependents(first)

    assert ({task.id for task in tasks}, more) == (waiting, False)


def test_a_registered_dependent_that_was_never_created_is_not_listed() -> None:
    graph = Graph()
    first = graph.create()
    graph.wait(TaskId("tsk_never"), [first])

    assert graph.dependents(first) == ((), False)
