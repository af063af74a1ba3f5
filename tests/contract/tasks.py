"""What every store of tasks promises."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

import pytest

from signalbox.models.base import list_position
from signalbox.models.change import TaskSummary, task_summary
from signalbox.models.dependencies import related, with_dependents
from signalbox.models.errors import NotFound, WriteConflict
from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import cancelled, dispatched, extended
from signalbox.models.task import Task, TaskStatus
from signalbox.services.pagination import Window
from signalbox.services.ports.tasks import TaskStore
from tests.builders import NOW, ODD_TEXT, a_lease, a_task, done, held

SECOND = timedelta(seconds=1)


class TaskStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> TaskStore:
        raise NotImplementedError

    def test_a_task_is_kept_as_it_is(self, store: TaskStore) -> None:
        task = held(a_task(title=ODD_TEXT, instruction="", labels=(), branch=None, retention=0))

        store.create(task)

        assert store.get(task.id) == task

    def test_the_same_task_is_created_once(self, store: TaskStore) -> None:
        task = a_task(title="the first")
        store.create(task)

        again = store.create(task.model_copy(update={"title": "the second"}))

        assert not again
        assert store.get(task.id).title == "the first"

    def test_an_unknown_task_is_not_found(self, store: TaskStore) -> None:
        with pytest.raises(NotFound):
            store.get(TaskId("tsk_unknown"))

    def test_a_task_is_gone_as_soon_as_it_expires(self, store: TaskStore) -> None:
        minute_ago = NOW - timedelta(seconds=60)
        ended = dispatched(cancelled(a_task(retention=60), None, minute_ago, by="me"), NOW)
        store.create(ended)

        with pytest.raises(NotFound):
            store.get(ended.id)
        assert store.batch_get([ended.id]) == {}

    def test_a_task_that_has_expired_can_be_made_again(self, store: TaskStore) -> None:
        minute_ago = NOW - timedelta(seconds=60)
        ended = dispatched(cancelled(a_task(retention=60), None, minute_ago, by="me"), NOW)
        store.create(ended)
        again = a_task(id=ended.id)

        made = [store.create(again), store.create(again)]

        assert made == [True, False]
        assert store.get(ended.id) == again

    def test_a_task_is_replaced_by_its_next_state(self, store: TaskStore) -> None:
        task = a_task()
        store.create(task)

        store.replace(task, held(task))

        assert store.get(task.id) == held(task)

    def test_of_two_who_replace_the_same_state_one_wins(self, store: TaskStore) -> None:
        task = a_task()
        store.create(task)
        store.replace(task, held(task))

        with pytest.raises(WriteConflict):
            store.replace(task, cancelled(task, "called off", NOW, by="somebody"))

        assert store.get(task.id) == held(task)

    def test_a_heartbeat_meanwhile_makes_a_replacement_lose(self, store: TaskStore) -> None:
        before = held(a_task())
        store.create(before)
        longer = extended(before, a_lease().id, 1, NOW + timedelta(hours=1), "half way", NOW)
        store.replace(before, longer)

        with pytest.raises(WriteConflict):
            store.replace(before, cancelled(before, "called off", NOW, by="somebody"))

        assert store.get(before.id) == longer

    def test_of_two_changes_of_its_relations_one_wins_although_none_is_a_step(
        self, store: TaskStore
    ) -> None:
        before = a_task()
        store.create(before)
        store.replace(before, with_dependents(before))

        with pytest.raises(WriteConflict):
            store.replace(before, dispatched(before, NOW))

        assert store.get(before.id) == with_dependents(before)

    def test_the_relations_of_a_task_change_more_than_once(self, store: TaskStore) -> None:
        first = with_dependents(a_task())
        second = related(first, waits_for=(a_task().id,))
        store.create(first)

        store.replace(first, second)

        assert store.get(first.id) == second
        with pytest.raises(WriteConflict):
            store.replace(first, second)

    def test_what_is_not_there_cannot_be_replaced(self, store: TaskStore) -> None:
        task = a_task()

        with pytest.raises(WriteConflict):
            store.replace(task, held(task))

        with pytest.raises(NotFound):
            store.get(task.id)

    def test_marking_a_task_as_dispatched_is_no_step_and_loses_to_one(
        self, store: TaskStore
    ) -> None:
        task = a_task()
        store.create(task)
        store.replace(task, dispatched(task, NOW))
        store.replace(task, held(task))

        with pytest.raises(WriteConflict):
            store.replace(task, dispatched(task, NOW))

        assert store.get(task.id).status is TaskStatus.RUNNING

    def test_a_list_is_newest_first_and_holds_only_the_states_asked_for(
        self, store: TaskStore
    ) -> None:
        tasks = _tasks(store, 6)
        store.replace(tasks[2], held(tasks[2]))

        listed = list(store.newest([TaskStatus.PENDING], Window()))

        assert listed == [task_summary(tasks[n]) for n in (5, 4, 3, 1, 0)]

    def test_a_list_of_several_states_is_one_list(self, store: TaskStore) -> None:
        tasks = _tasks(store, 7)
        now = {task.id: task for task in tasks}
        for task in tasks[::3]:
            now[task.id] = held(task)
            store.replace(task, now[task.id])

        listed = list(store.newest(list(TaskStatus), Window(chunk=2)))

        assert listed == [task_summary(now[task.id]) for task in reversed(tasks)]

    def test_the_rows_of_a_list_are_its_summaries_in_json(self, store: TaskStore) -> None:
        tasks = _tasks(store, 4)
        store.replace(tasks[1], done(tasks[1]))

        rows = list(store.newest_rows(list(TaskStatus), Window(chunk=2)))

        summaries = list(store.newest(list(TaskStatus), Window()))
        assert [row.summary for row in rows] == [s.model_dump(mode="json") for s in summaries]
        assert [list(row.summary) for row in rows] == [list(TaskSummary.model_fields)] * 4
        assert [row.position for row in rows] == [
            list_position(s.created_at, s.id) for s in summaries
        ]

    def test_many_tasks_are_read_at_once(self, store: TaskStore) -> None:
        tasks = [a_task() for _ in range(120)]
        for task in tasks:
            store.create(task)

        found = store.batch_get([*(task.id for task in tasks), a_task().id])

        assert found == {task.id: task for task in tasks}

    def test_a_list_of_no_states_is_empty(self, store: TaskStore) -> None:
        _tasks(store, 1)

        assert list(store.newest([], Window())) == []

    def test_a_window_takes_its_beginning_in_and_leaves_its_end_out(self, store: TaskStore) -> None:
        tasks = _tasks(store, 5)
        window = Window(since=tasks[1].created_at, until=tasks[4].created_at)

        listed = list(store.newest([TaskStatus.PENDING], window))

        assert [summary.id for summary in listed] == [tasks[n].id for n in (3, 2, 1)]

    def test_a_window_that_ends_before_it_begins_is_empty(self, store: TaskStore) -> None:
        _tasks(store, 2)
        window = Window(since=NOW + timedelta(days=1), until=NOW - timedelta(days=1))

        assert list(store.newest([TaskStatus.PENDING], window)) == []

    def test_tasks_of_the_same_moment_are_neither_lost_nor_repeated(self, store: TaskStore) -> None:
        tasks = [a_task() for _ in range(9)]
        for task in tasks:
            store.create(task)

        pages = _pages(store, 2)

        assert sorted(pages) == sorted(task.id for task in tasks)

    @pytest.mark.parametrize("size", [1, 2, 3, 7, 25])
    def test_pages_are_the_list(self, store: TaskStore, size: int) -> None:
        tasks = _tasks(store, 8)

        assert _pages(store, size) == [task.id for task in reversed(tasks)]

    def test_pages_repeat_and_miss_nothing_while_tasks_come_and_change(
        self, store: TaskStore
    ) -> None:
        tasks = _tasks(store, 12)
        first = _page(store, Window(chunk=5), 5)

        for later in range(3):
            store.create(a_task(created_at=NOW + timedelta(days=1, seconds=later)))
        for task in tasks[::2]:
            store.replace(task, held(task))
        second = _page(
            store, Window(chunk=5, after=list_position(first[-1].created_at, first[-1].id)), 20
        )

        assert [s.id for s in first + second] == [task.id for task in reversed(tasks)]

    def test_a_task_that_changes_while_it_is_listed_is_not_listed_twice(
        self, store: TaskStore
    ) -> None:
        tasks = _tasks(store, 20)
        for task in tasks[10:]:
            store.replace(task, held(task))
        reading = store.newest([TaskStatus.RUNNING, TaskStatus.PENDING], Window(chunk=1))
        listed = [next(reading).id]

        for task in tasks[:10]:
            store.replace(task, held(task))
        listed += [summary.id for summary in reading]

        assert len(listed) == len(set(listed))


def _tasks(store: TaskStore, count: int) -> list[Task]:
    tasks = [a_task(created_at=NOW + n * SECOND) for n in range(count)]
    for task in tasks:
        store.create(task)
    return tasks


def _page(store: TaskStore, window: Window, size: int) -> list[TaskSummary]:
    return list(islice(store.newest([TaskStatus.PENDING, TaskStatus.RUNNING], window), size))


def _pages(store: TaskStore, size: int) -> Sequence[TaskId]:
    listed: list[TaskSummary] = []
    after = None
    while page := _page(store, Window(chunk=size, after=after), size):
        listed += page
        after = list_position(page[-1].created_at, page[-1].id)
    return [summary.id for summary in listed]
