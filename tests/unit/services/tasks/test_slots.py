"""Limits of tasks that run at once, however claims, ends, crashes and maintenance follow."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.lifecycle import leased
from signalbox.models.rate_limits import ConcurrencyLimits
from signalbox.models.schedule_runs import run_id, run_task
from signalbox.models.slots import SlotHolders, parked, position_of, slot_limits
from signalbox.models.task import Priority, Task, TaskResult, TaskStatus
from signalbox.models.task_template import GroupedTaskTemplate
from signalbox.services.ports.concurrency import ParkedTask
from signalbox.services.queues.backlog import MeasureBacklog
from signalbox.services.tasks.leases import LeaseRef
from tests.builders import NOW, a_lease, a_schedule, a_task
from tests.fakes.task_graph import MINUTE, Graph

LIMITS = ConcurrencyLimits(kinds={"deploy": 2}, groups={"pair": 2})


def started(graph: Graph, number: int) -> list[Task]:
    """What so many workers get."""
    return [task for task in (graph.claim() for _ in range(number)) if task]


def complete(graph: Graph, task: Task) -> None:
    assert task.lease
    ref = LeaseRef(task=task.id, lease=task.lease.id, fence=task.fence)
    graph.leases.complete(ref, TaskResult())


def running(graph: Graph) -> list[Task]:
    return [task for task in graph.tasks.kept.values() if task.status is TaskStatus.RUNNING]


def test_of_a_group_one_task_runs_at_once() -> None:
    graph = Graph()
    first, second = (graph.create(group="deploy") for _ in range(2))
    graph.deliver()

    taken = started(graph, 2)

    assert len(taken) == 1
    (waiting,) = {first.id, second.id} - {taken[0].id}
    assert graph.tasks.kept[waiting].limited_by == "group:deploy"


@pytest.mark.parametrize("fields", [{"kind": "deploy"}, {"group": "pair"}])
def test_as_many_tasks_run_as_the_configuration_allows(fields: dict[str, str]) -> None:
    graph = Graph()
    graph.limits = LIMITS
    for _ in range(5):
        graph.create(**fields)
    graph.deliver()

    assert len(started(graph, 5)) == 2


def test_the_runs_of_a_schedule_with_a_group_do_not_overlap() -> None:
    graph = Graph()
    content = GroupedTaskTemplate(title="Sync", group="sync")
    schedule = a_schedule(cron="* * * * *", task=content)
    for minutes in range(3):
        planned_at = NOW + minutes * MINUTE
        task = run_task(
            schedule,
            run_id(schedule, planned_at),
            planned_at=planned_at,
            now=planned_at,
            retention=timedelta(days=1),
        )
        graph.tasks.create(task)
    graph.deliver()

    assert len(started(graph, 3)) == 1


def test_a_task_over_its_limit_keeps_no_message_and_does_not_block_what_is_behind_it() -> None:
    graph = Graph()
    for _ in range(15):
        graph.create(group="deploy")
    other = graph.create()
    graph.deliver()

    first, second = graph.claim(), graph.claim()

    assert first
    assert second
    assert second.id == other.id
    assert len(graph.queue.messages[Priority.NORMAL]) == 2


@pytest.mark.parametrize("end", ["complete", "fail", "retry later", "release", "cancel", "lose"])
def test_the_end_of_a_task_lets_the_next_one_run(end: str) -> None:
    graph = Graph()
    graph.create(group="deploy")
    graph.deliver()
    (first,) = started(graph, 1)
    second = graph.create(group="deploy")
    graph.deliver()
    assert started(graph, 1) == []
    assert first.lease
    ref = LeaseRef(task=first.id, lease=first.lease.id, fence=first.fence)

    match end:
        case "complete":
            graph.leases.complete(ref, TaskResult())
        case "fail" | "retry later":
            graph.leases.fail(ref, "broken", retryable=end == "retry later")
        case "release":
            graph.leases.release(ref)
        case "cancel":
            graph.cancel(first)
        case _:
            graph.maintain(3)
    graph.deliver()

    claimed = {task.id for task in started(graph, 3)}
    assert len(claimed) == 1
    assert second.id in claimed or end in {"release", "lose"}


def test_those_that_wait_for_a_slot_run_in_the_order_of_their_creation() -> None:
    graph = Graph()
    graph.create(group="deploy")
    graph.deliver()
    (task,) = started(graph, 1)
    waiting = []
    for _ in range(4):
        graph.clock.advance(seconds=1)
        waiting.append(graph.create(group="deploy").id)
    graph.deliver()
    assert started(graph, 5) == []

    order = []
    for _ in waiting:
        complete(graph, task)
        graph.deliver()
        (task,) = started(graph, 2)
        order.append(task.id)

    assert order == waiting


def test_a_lost_record_of_an_end_delays_the_next_task_and_no_more() -> None:
    graph = Graph()
    graph.create(group="deploy")
    graph.create(group="deploy")
    graph.deliver()
    (first,) = started(graph, 2)
    complete(graph, first)
    graph.lose()

    graph.maintain(4)

    assert len(started(graph, 1)) == 1


def test_a_lost_record_of_a_retry_delays_the_next_task_and_no_more() -> None:
    graph = Graph()
    graph.create(group="deploy")
    graph.create(group="deploy")
    graph.deliver()
    (first,) = started(graph, 2)
    assert first.lease
    ref = LeaseRef(task=first.id, lease=first.lease.id, fence=first.fence)
    graph.leases.fail(ref, "broken", retryable=True)
    graph.lose()

    graph.maintain(12)

    assert len(started(graph, 2)) == 1


def test_an_end_between_the_claim_and_the_parking_is_noticed() -> None:
    graph = Graph()
    graph.create(group="deploy")
    graph.deliver()
    (first,) = started(graph, 1)
    second = graph.create(group="deploy")
    graph.deliver()

    def end() -> None:
        complete(graph, first)
        graph.deliver()

    graph.tasks.before_write = end
    claimed = started(graph, 1)

    assert [task.id for task in claimed] == [second.id]


def test_a_claim_that_crashed_after_it_took_a_slot_lets_its_task_run_and_no_other_with_it() -> None:
    graph = Graph()
    first, second = graph.create(group="deploy"), graph.create(group="deploy")
    graph.deliver()
    assert graph.slots.take(graph.now(first), {"group:deploy": 1}) is None

    (claimed,) = started(graph, 2)

    assert claimed.id == first.id
    assert graph.now(second).limited_by == "group:deploy"


def test_a_task_that_is_being_claimed_holds_its_slot() -> None:
    graph = Graph()
    first, second = graph.create(group="deploy"), graph.create(group="deploy")
    graph.deliver()
    graph.slots.take(graph.now(first), {"group:deploy": 1})
    messages = graph.queue.messages[Priority.NORMAL]
    messages[:] = [message for message in messages if message.task == second.id]

    assert started(graph, 2) == []


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_claims_within_claims_keep_to_the_limit(limit: int) -> None:
    graph = Graph()
    graph.limits = ConcurrencyLimits(groups={"deploy": limit})
    for _ in range(8):
        graph.create(group="deploy")
    graph.deliver()

    def claim_within() -> None:
        graph.tasks.before_write = claim_within if len(graph.queue.messages) > 3 else graph.deliver
        graph.claim()

    for _ in range(4):
        graph.tasks.before_write = claim_within
        graph.claim()

    assert len(running(graph)) == limit


def test_a_slot_of_a_task_that_was_cancelled_while_it_was_claimed_is_free() -> None:
    graph = Graph()
    first, second = graph.create(group="deploy"), graph.create(group="deploy")
    graph.deliver()
    graph.slots.take(graph.now(first), {"group:deploy": 1})
    graph.cancel(first)

    (claimed,) = started(graph, 2)

    assert claimed.id == second.id


def test_a_slow_claim_does_not_run_after_its_slot_was_given_to_another() -> None:
    graph = Graph()
    first, second = graph.create(group="deploy"), graph.create(group="deploy")
    graph.deliver()
    slow = graph.now(first)
    graph.slots.take(slow, {"group:deploy": 1})
    graph.tasks.replace(slow, parked(slow, "group:deploy", graph.clock()))
    messages = graph.queue.messages[Priority.NORMAL]
    messages[:] = [message for message in messages if message.task == second.id]
    (claimed,) = started(graph, 1)

    with pytest.raises(WriteConflict):
        graph.tasks.replace(slow, leased(slow, a_lease(), graph.clock()))

    assert claimed.id == second.id


def test_a_worker_that_is_late_keeps_its_slot_until_its_lease_was_ended() -> None:
    graph = Graph()
    for _ in range(2):
        graph.create(group="deploy")
    graph.deliver()
    (first,) = started(graph, 2)
    assert first.lease
    graph.clock.advance(seconds=61)
    for message in graph.queue.messages[Priority.NORMAL]:
        message.visible_at += timedelta(hours=1)

    ref = LeaseRef(task=first.id, lease=first.lease.id, fence=first.fence)
    started_meanwhile = started(graph, 2)
    graph.leases.heartbeat(ref, lease_seconds=60)

    assert started_meanwhile == []
    assert len(running(graph)) == 1


def test_a_task_of_a_limited_kind_and_group_keeps_to_both_limits() -> None:
    graph = Graph()
    graph.limits = ConcurrencyLimits(kinds={"deploy": 1}, groups={"pair": 2})
    for _ in range(3):
        graph.create(kind="deploy", group="pair")
    graph.create(group="pair")
    graph.deliver()

    taken = started(graph, 6)

    assert sorted(task.kind for task in taken) == ["deploy", "task"]
    assert next(iter(slot_limits(taken[0], graph.limits))) == "group:pair"


def test_a_limit_that_is_removed_holds_nobody_up() -> None:
    graph = Graph()
    graph.limits = LIMITS
    for _ in range(5):
        graph.create(kind="deploy")
    graph.deliver()
    started(graph, 5)

    graph.limits = ConcurrencyLimits()
    graph.maintain(12)

    assert len(started(graph, 5)) >= 3
    assert all(task.limited_by is None for task in running(graph))


def test_a_retry_of_a_task_that_waited_for_a_slot_waits_anew() -> None:
    graph = Graph()
    graph.create(group="deploy")
    graph.deliver()
    started(graph, 1)
    second = graph.create(group="deploy")
    graph.deliver()
    started(graph, 1)
    graph.cancel(second)
    graph.deliver()

    graph.retry(second)
    graph.deliver()

    assert started(graph, 1) == []
    assert graph.now(second).limited_by == "group:deploy"


def test_a_task_that_waits_for_a_slot_does_not_count_towards_the_age_of_its_queue() -> None:
    graph = Graph()
    for _ in range(3):
        graph.create(group="deploy")
    graph.deliver()
    started(graph, 3)
    graph.clock.advance(seconds=600)

    assert MeasureBacklog(queue=graph.queue, tasks=graph.tasks, clock=graph.clock).oldest() == {}


def test_a_task_without_a_limit_asks_no_store_of_slots() -> None:
    graph = Graph()
    graph.limits = LIMITS
    graph.store.down = True
    task = graph.create()
    graph.deliver()

    graph.finish(task)
    graph.deliver()

    assert graph.now(task).status is TaskStatus.SUCCEEDED
    assert graph.now(task).relations is None


def test_without_an_answer_of_the_store_no_limited_task_starts() -> None:
    graph = Graph()
    graph.create(group="deploy")
    graph.deliver()
    graph.store.down = True

    with pytest.raises(Unavailable):
        graph.claim()

    assert running(graph) == []


def test_a_claim_for_which_others_are_too_fast_leaves_the_message_where_it_is() -> None:
    graph = Graph()
    task = graph.create(group="deploy")
    graph.deliver()
    take, graph.store.replace = graph.store.replace, _conflict  # type: ignore[method-assign]

    first = graph.claim()
    graph.store.replace = take  # type: ignore[method-assign]
    second = graph.claim()

    assert first is None
    assert second
    assert second.id == task.id


def _conflict(slot: str, before: SlotHolders, after: SlotHolders) -> None:
    del slot, before, after
    raise WriteConflict("the record has changed meanwhile")


def test_a_lost_task_that_was_started_before_there_was_a_limit_waits_like_others() -> None:
    graph = Graph()
    old = graph.create(kind="deploy")
    graph.deliver()
    graph.claim()
    graph.limits = ConcurrencyLimits(kinds={"deploy": 1})
    new = graph.create(kind="deploy")
    graph.deliver()
    (claimed,) = started(graph, 1)
    graph.clock.advance(seconds=61)
    for message in graph.queue.messages[Priority.NORMAL]:
        message.visible_at = graph.clock() + (MINUTE if message.task == new.id else -MINUTE)

    assert claimed.id == new.id
    assert started(graph, 1) == []
    assert graph.now(old).status is TaskStatus.PENDING
    graph.deliver()
    assert started(graph, 1) == []
    assert graph.now(old).limited_by == "kind:deploy"


def holding(graph: Graph) -> tuple[Task, Task]:
    """A task that runs, and one of its group that waits for its slot."""
    graph.create(group="deploy")
    graph.deliver()
    (first,) = started(graph, 1)
    graph.clock.advance(seconds=1)
    second = graph.create(group="deploy")
    graph.deliver()
    return first, second


def test_a_task_that_is_overtaken_while_it_is_sent_on_waits_for_the_slot_again() -> None:
    graph = Graph()
    first, second = holding(graph)
    assert started(graph, 1) == []
    graph.create(group="deploy")
    graph.deliver()
    overtaking: list[Task] = []
    send = graph.queue.send

    def send_slowly(*args: Any, **options: Any) -> None:
        send(*args, **options)
        overtaking.extend(started(graph, 2))

    complete(graph, first)
    graph.queue.send = send_slowly  # type: ignore[method-assign]
    graph.deliver()
    graph.queue.send = send  # type: ignore[method-assign]
    assert graph.now(second).limited_by == "group:deploy"
    complete(graph, overtaking[0])
    graph.deliver()

    assert [task.id for task in started(graph, 1)] == [second.id]


def test_a_task_that_is_overtaken_while_it_is_parked_waits_for_the_slot() -> None:
    graph = Graph()
    first, second = holding(graph)
    graph.create(group="deploy")
    graph.deliver()
    overtaking: list[Task] = []

    def end() -> None:
        complete(graph, first)
        graph.deliver()
        overtaking.extend(started(graph, 1))

    graph.tasks.before_write = end
    assert started(graph, 1) == []
    complete(graph, overtaking[0])
    graph.deliver()

    assert [task.id for task in started(graph, 1)] == [second.id]


def test_a_task_that_waits_for_its_kind_gives_back_the_slot_of_its_group() -> None:
    graph = Graph()
    graph.limits = ConcurrencyLimits(kinds={"deploy": 1})
    graph.create(kind="deploy")
    graph.deliver()
    started(graph, 1)
    graph.create(kind="deploy", group="pair")
    other = graph.create(group="pair")
    graph.deliver()
    holders = graph.store.holders

    def claimed_within(slot: str) -> SlotHolders:
        if slot == "kind:deploy":
            graph.store.holders = holders  # type: ignore[method-assign]
            assert started(graph, 1) == []
        return holders(slot)

    graph.store.holders = claimed_within  # type: ignore[method-assign]

    claimed = started(graph, 1)

    assert [task.id for task in claimed] == [other.id]


def test_a_task_that_is_cancelled_while_it_is_claimed_gives_its_slot_back() -> None:
    graph = Graph()
    first, second = graph.create(group="deploy"), graph.create(group="deploy")
    graph.deliver()

    def cancel() -> None:
        assert started(graph, 1) == []
        graph.cancel(first)

    graph.tasks.before_write = cancel
    claimed = started(graph, 1)

    assert [task.id for task in claimed] == [second.id]


def test_a_crowd_that_waits_no_longer_delays_those_behind_it_and_no_more() -> None:
    graph = Graph()
    first, second = holding(graph)
    assert started(graph, 1) == []
    for number in range(201):
        gone = a_task(id=f"tsk_gone{number}", created_at=NOW - MINUTE)
        graph.store.add_waiting("group:deploy", ParkedTask(position=position_of(gone), revision=1))
    complete(graph, first)
    graph.deliver()

    graph.maintain(4)

    assert [task.id for task in started(graph, 1)] == [second.id]


def test_positions_sort_by_creation() -> None:
    early, late = a_task(), a_task(created_at=NOW + timedelta(microseconds=1))

    assert position_of(early) < position_of(late)


class Limited(RuleBasedStateMachine):
    """Random lives of tasks under limits: none is exceeded, and none is stuck."""

    def __init__(self) -> None:
        super().__init__()
        self.graph = Graph()
        self.graph.limits = ConcurrencyLimits(kinds={"deploy": 2})

    @rule(kind=st.sampled_from(["deploy", "task"]), group=st.sampled_from([None, "a", "b"]))
    def create(self, kind: str, group: str | None) -> None:
        self.graph.clock.advance(seconds=1)
        self.graph.create(kind=kind, group=group)

    @rule()
    def deliver(self) -> None:
        self.graph.deliver()

    @rule()
    def lose(self) -> None:
        self.graph.lose()

    @rule()
    def claim(self) -> None:
        self.graph.claim()

    @rule()
    def maintain(self) -> None:
        self.graph.maintain(3)

    @precondition(lambda self: bool(running(self.graph)))
    @rule(data=st.data(), how=st.sampled_from(["complete", "release", "fail", "cancel"]))
    def end(self, data: st.DataObject, how: str) -> None:
        task = data.draw(st.sampled_from(sorted(running(self.graph), key=lambda each: each.id)))
        assert task.lease
        ref = LeaseRef(task=task.id, lease=task.lease.id, fence=task.fence)
        match how:
            case "complete":
                self.graph.leases.complete(ref, TaskResult())
            case "release":
                self.graph.leases.release(ref)
            case "fail":
                self.graph.leases.fail(ref, "broken", retryable=True)
            case _:
                self.graph.cancel(task)

    @invariant()
    def no_limit_is_exceeded(self) -> None:
        now = running(self.graph)
        assert sum(task.kind == "deploy" for task in now) <= 2
        groups = [task.relations.group for task in now if task.relations]
        assert groups.count("a") <= 1
        assert groups.count("b") <= 1

    def teardown(self) -> None:
        for _ in range(400):
            self.graph.deliver()
            while task := self.graph.claim():
                complete(self.graph, task)
                self.graph.deliver()
            if all(task.finished for task in self.graph.tasks.kept.values()):
                return
            self.graph.maintain(10)
        raise AssertionError("a task is stuck")


TestLimited = Limited.TestCase
TestLimited.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
