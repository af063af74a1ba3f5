"""The function that reads the stream of tasks sends the messages of a batch together."""

from collections.abc import Sequence
from logging import getLogger

import pytest
from pydantic import JsonValue

from signalbox.models.errors import Unavailable
from signalbox.models.ids import ConnectionId
from signalbox.models.lifecycle import leased, succeeded
from signalbox.models.relations import TaskRelations
from signalbox.models.task import ChangeType, Priority, Task, TaskResult
from signalbox.runtime.dispatcher import Dispatcher
from signalbox.services.ports.notifications import NotificationToSend
from signalbox.services.ports.tasks import TaskToSend
from signalbox.services.tasks.dispatch import DispatchChanges
from signalbox.services.tasks.notify_changes import NotifyChanges
from tests.builders import NOW, a_connection, a_lease, a_subscription, a_task
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.counts import FakeCount
from tests.fakes.queues import FakeNotices, FakeTaskQueue
from tests.fakes.tasks import FakeNotificationStore, FakeTaskStore


class _TaskQueue(FakeTaskQueue):
    def __init__(self, requests: list[tuple[str, int]]) -> None:
        super().__init__(FakeClock())
        self._requests = requests
        self.refuses: set[Priority] = set()

    def send_batch(self, priority: Priority, batch: Sequence[TaskToSend]) -> None:
        self._requests.append((priority, len(batch)))
        if priority in self.refuses:
            raise Unavailable("the queue did not take a message")
        super().send_batch(priority, batch)


class _Notices(FakeNotices):
    def __init__(self, requests: list[tuple[str, int]]) -> None:
        super().__init__("slack", "teams")
        self._requests = requests
        self.refuses: set[str] = set()

    def send_batch(self, connector: str, batch: Sequence[NotificationToSend]) -> None:
        self._requests.append((connector, len(batch)))
        if connector in self.refuses:
            raise Unavailable("the queue did not take a message")
        super().send_batch(connector, batch)


class _System:
    """A dispatcher of the tasks that it is given, whose ends and begins Slack gets."""

    def __init__(self, *tasks: Task) -> None:
        self.requests: list[tuple[str, int]] = []
        self.queue, self.notices = _TaskQueue(self.requests), _Notices(self.requests)
        self.tasks, self.notifications = FakeTaskStore(), FakeNotificationStore()
        for task in tasks:
            self.tasks.create(task)
        config = FakeConfigStore(
            a_connection(),
            a_connection(id=ConnectionId("urgent"), connector="teams"),
            a_subscription(changes=(ChangeType.CREATED, ChangeType.SUCCEEDED)),
            a_subscription(
                id="urgent",
                connection=ConnectionId("urgent"),
                changes=(ChangeType.SUCCEEDED,),
                priorities=(Priority.HIGH,),
            ),
        )
        dispatch = DispatchChanges(
            tasks=self.tasks,
            queue=self.queue,
            clock=FakeClock(),
            notify=NotifyChanges(
                notifications=self.notifications,
                notification_queue=self.notices,
                config=config,
                stack="test",
                clock=FakeClock(),
            ),
        )
        self._handler = Dispatcher(dispatch=dispatch, logger=getLogger("test"), count=FakeCount())
        self._event: dict[str, JsonValue] = {"Records": [_record(task) for task in tasks]}

    def run(self) -> None:
        self._handler(self._event, None)


def _record(task: Task) -> JsonValue:
    image: JsonValue = {
        "doc": {"S": task.model_dump_json()},
        "version": {"N": str(task.version)},
    }
    keys: JsonValue = {"pk": {"S": f"TASK#{task.id}"}, "sk": {"S": "TASK"}}
    return {
        "eventID": task.id,
        "eventName": "MODIFY",
        "dynamodb": {"Keys": keys, "NewImage": image},
    }


def _ended(priority: Priority = Priority.NORMAL) -> Task:
    lease = a_lease()
    held = leased(a_task(priority=priority), lease, NOW)
    return succeeded(held, lease.id, held.fence, TaskResult(summary="ok"), NOW)


def test_the_messages_of_a_batch_are_sent_together_and_those_for_workers_first() -> None:
    system = _System(*(a_task() for _ in range(12)), _ended())

    system.run()

    assert system.requests == [("normal", 10), ("normal", 2), ("slack", 10), ("slack", 4)]


def test_a_task_whose_message_was_not_taken_is_not_marked_and_comes_again() -> None:
    lost, sent = a_task(priority=Priority.LOW), a_task()
    system = _System(lost, sent)
    system.queue.refuses = {Priority.LOW}

    with pytest.raises(Unavailable):
        system.run()

    assert system.tasks.get(lost.id) == lost
    assert not system.notifications.of_task(lost.id)
    assert system.tasks.get(sent.id).sent_at == NOW
    assert [each.task for each in system.queue.messages[Priority.NORMAL]] == [sent.id]


def test_an_end_is_not_marked_before_each_of_its_notifications_has_a_message() -> None:
    urgent, usual = _ended(Priority.HIGH), _ended()
    system = _System(urgent, usual)
    system.notices.refuses = {"teams"}

    with pytest.raises(Unavailable):
        system.run()

    assert system.tasks.get(urgent.id).due_at is not None
    assert system.tasks.get(usual.id).due_at is None


def test_a_batch_that_comes_again_sends_what_was_stored_and_not_sent() -> None:
    task = _ended(Priority.HIGH)
    system = _System(task)
    system.notices.refuses = {"teams"}
    with pytest.raises(Unavailable):
        system.run()
    system.notices.refuses = set()

    system.run()

    assert [connector for connector, _ in system.notices.sent].count("teams") == 1
    assert system.tasks.get(task.id).due_at is None


def test_a_step_of_a_task_with_relations_is_dispatched_by_itself_and_in_its_turn() -> None:
    first, alone, last = a_task(), a_task(relations=TaskRelations(group="release")), a_task()
    system = _System(first, alone, last)

    system.run()

    assert system.requests == [("normal", 1), ("slack", 1)] * 3
    notified = [notification.task_id for _, notification in system.notices.sent]
    assert notified == [first.id, alone.id, last.id]
