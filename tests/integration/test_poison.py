"""What nobody can read harms nothing but itself."""

from datetime import timedelta

import pytest

from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import ChangeType, TaskStatus
from tests.fakes.http_server import Reply
from tests.integration.faults import crash_after, unreachable
from tests.integration.installation import Installation
from tests.integration.operators import Operators

ODD = ["", "not JSON", "[]", "{}", '{"v": 2, "task_id": "tsk_1", "notification_id": "ntf_1"}']
INDEX = pytest.mark.parametrize("index", range(5))


def _tasks(box: Installation, count: int = 4) -> None:
    for number in range(count):
        box.comment(f"/agent do {number}", delivery=f"d-{number}")


def _statuses(box: Installation) -> list[TaskStatus]:
    return [task.status for task in box.records[0]]


def _odd_item(box: Installation, name: str, **attributes: str) -> None:
    """Something in the place of a task that is none."""
    box.stack.clients.dynamodb.put_item(
        TableName=box.stack.name("TasksTable"),
        Item={
            "pk": {"S": f"TASK#{name}"},
            "sk": {"S": "TASK"},
            "version": {"N": "1"},
            "doc": {"S": '{"id": 1}'},
            **{key: {"S": value} for key, value in attributes.items()},
        },
    )


def _remove_odd_item(box: Installation, name: str) -> None:
    box.stack.clients.dynamodb.delete_item(
        TableName=box.stack.name("TasksTable"),
        Key={"pk": {"S": f"TASK#{name}"}, "sk": {"S": "TASK"}},
    )


def _say_of(box: Installation, kind: str, name: str, doc: str) -> str:
    """Writes something in the place of what was configured; what stood there."""
    place = {"pk": {"S": kind}, "sk": {"S": name}}
    before = box.stack.clients.dynamodb.put_item(
        TableName=box.stack.name("ConfigTable"),
        Item={**place, "doc": {"S": doc}},
        ReturnValues="ALL_OLD",
    )
    return before["Attributes"]["doc"]["S"]


@INDEX
@pytest.mark.parametrize("odd", ODD[1:])
def test_a_message_nobody_can_read_spoils_no_other_of_its_batch(
    box: Installation, index: int, odd: str
) -> None:
    box.subscribe(ChangeType.CREATED)
    _tasks(box)
    box.driver.sources[0].poll()
    good = box.empty("slackQueue")
    box.send("slackQueue", *good[:index], odd, *good[index:])

    box.driver.settle()

    assert sorted(box.slack.notifications().values()) == [1, 1, 1, 1]
    assert box.bodies("slackQueue") == [odd]


def test_a_message_nobody_can_read_ends_in_the_dead_letters_and_stays_there(
    box: Installation,
) -> None:
    box.send("slackQueue", "not JSON")

    box.driver.settle()
    box.wear_out("slackQueue")
    for _ in range(5):
        box.clock.advance(seconds=451)
        box.driver.settle()

    assert box.depth("slackQueue") == 0
    assert box.bodies("slackDeadLetters") == ["not JSON"]


def test_a_dead_letter_of_a_connector_ends_its_notification(box: Installation) -> None:
    box.subscribe(ChangeType.CREATED)
    _tasks(box, 1)
    box.driver.sources[0].poll()
    box.send("slackDeadLetters", *box.empty("slackQueue"))

    box.driver.settle()

    (note,) = box.records[1]
    assert note.status is NotificationStatus.DEAD
    assert box.depth("slackDeadLetters") == 0


@INDEX
def test_a_change_nobody_can_read_spoils_no_other_of_its_batch(
    box: Installation, index: int
) -> None:
    _tasks(box, index)
    _odd_item(box, "odd")
    for number in range(index, 4):
        box.comment(f"/agent do {number}", delivery=f"d-{number}")
    _remove_odd_item(box, "odd")

    box.driver.sources[0].poll()

    assert box.depth("NormalQueue") == 4
    assert box.depth("DispatcherDeadLetters") == 0


@INDEX
def test_workers_get_every_task_around_a_message_nobody_can_read(
    box: Installation, index: int
) -> None:
    _tasks(box)
    box.driver.settle()
    good = box.empty("NormalQueue")
    box.send("NormalQueue", *good[:index], "not JSON", *good[index:])

    for _ in range(6):
        box.work()

    assert _statuses(box) == [TaskStatus.SUCCEEDED] * 4
    assert box.bodies("NormalQueue") == ["not JSON"]


def test_maintenance_goes_on_behind_what_it_cannot_read(box: Installation) -> None:
    _odd_item(box, "odd-0", due_pk="due#0", due_sk="2020-01-01T00:00:00.000000Z#odd-0")
    _odd_item(box, "odd-1", due_pk="due#1", due_sk="2020-01-01T00:00:00.000000Z#odd-1")
    box.drive(stream=False)
    _tasks(box)
    box.clock.advance(timedelta(minutes=3))

    box.heal()

    _remove_odd_item(box, "odd-0")
    _remove_odd_item(box, "odd-1")
    assert box.depth("NormalQueue") == 4
    assert all(task.sent_at for task in box.records[0])


def test_a_task_whose_message_nobody_could_take_fails_with_the_reason(box: Installation) -> None:
    _tasks(box, 2)
    box.driver.settle()
    first, second = box.empty("NormalQueue")
    box.send("NormalDeadLetters", "not JSON", first)
    box.send("NormalQueue", second)

    box.driver.settle()
    box.live()

    ended = sorted(box.records[0], key=lambda task: task.status)
    assert [task.status for task in ended] == [TaskStatus.FAILED, TaskStatus.SUCCEEDED]
    assert "the queue gave up" in str(ended[0].reason)
    assert box.bodies("NormalDeadLetters") == ["not JSON"]


def test_a_dead_letter_does_not_end_a_task_that_was_retried_after_it(box: Installation) -> None:
    operators = Operators(box)
    _tasks(box, 1)
    box.driver.settle()
    box.wear_out("NormalQueue")
    box.worker.claim()
    box.faults.on("DynamoDB.PutItem", crash_after, by="DeadLettersFunction")
    box.driver.settle()
    ended = _statuses(box)
    box.clock.advance(seconds=5)
    operators.ask("POST", f"/api/v1/tasks/{box.records[0][0].id}/retry")
    box.clock.advance(seconds=200)

    box.driver.settle()

    assert (ended, _statuses(box)) == ([TaskStatus.FAILED], [TaskStatus.PENDING])
    assert (box.depth("NormalDeadLetters"), box.depth("NormalQueue")) == (0, 1)


def test_a_dead_letter_of_another_priority_does_not_end_a_task(box: Installation) -> None:
    operators = Operators(box)
    _tasks(box, 1)
    box.driver.settle()
    box.wear_out("NormalQueue")
    path = f"/api/v1/tasks/{box.records[0][0].id}"
    box.clock.advance(seconds=5)
    operators.ask("PATCH", path, {"priority": "high"}, If_Match="*")
    operators.ask("POST", "/api/v1/queue/high/pause")
    box.driver.settle()

    box.worker.claim()
    box.driver.settle()

    assert _statuses(box) == [TaskStatus.PENDING]
    assert (box.depth("NormalDeadLetters"), box.depth("HighQueue")) == (0, 1)


def test_a_dead_letter_does_not_end_a_task_that_a_worker_holds(box: Installation) -> None:
    _tasks(box, 1)
    box.driver.settle()
    (letter,) = box.bodies("NormalQueue")
    hold = box.worker.claim()
    box.send("NormalDeadLetters", letter)

    box.driver.settle()

    assert hold
    assert box.worker.complete(hold).status == 200


@pytest.mark.parametrize("hours", [0.2, 30])
@pytest.mark.parametrize("stream", [True, False])
def test_work_goes_on_while_nobody_can_read_a_connection_which_is_told_when_somebody_can(
    box: Installation, *, stream: bool, hours: float
) -> None:
    box.subscribe(ChangeType.CREATED, ChangeType.SUCCEEDED)
    legible = _say_of(box, "CONNECTION", "team-slack", '{"of": "a later version"}')
    box.drive(stream=stream)
    _tasks(box, 1)

    for _ in range(10):
        box.driver.settle()
        box.clock.advance(seconds=hours * 360)
        box.heal()
        box.work()
    notified = box.slack.notifications().total()
    _say_of(box, "CONNECTION", "team-slack", legible)
    box.clock.advance(seconds=60)
    box.live()

    assert (_statuses(box), notified) == ([TaskStatus.SUCCEEDED], 0)
    assert sorted(note.change.change_type for note in box.records[1]) == [
        ChangeType.CREATED,
        ChangeType.SUCCEEDED,
    ]
    assert box.slack.notifications().total() == 2
    assert box.depth("DispatcherDeadLetters") == 0


def test_a_task_that_nobody_can_tell_of_holds_up_no_other_of_its_batch(box: Installation) -> None:
    box.subscribe(ChangeType.CREATED)
    _tasks(box, 4)
    queue = box.stack.name("slackQueue")
    box.faults.on(
        "SQS.SendMessageBatch", unreachable, times=10_000, by="DispatcherFunction", about=queue
    )

    box.driver.sources[0].poll()

    assert box.depth("slackQueue") == 0
    assert len(set(box.bodies("NormalQueue"))) == 4


def test_what_waits_for_slack_gets_no_second_message_while_another_is_not_read(
    box: Installation,
) -> None:
    _tasks(box, 1)
    box.driver.settle()
    box.slack.script.append(Reply(status=429, headers={"Retry-After": "3000"}))
    box.work()
    box.driver.settle()
    _say_of(box, "CONNECTION", "team-slack", '{"of": "a later version"}')

    for _ in range(20):
        box.clock.advance(seconds=60)
        box.heal()
        box.driver.settle()

    assert box.depth("slackQueue") == 1


def test_a_command_that_is_given_again_after_its_task_has_expired_is_done_and_told_again(
    box: Installation,
) -> None:
    box.comment(delivery="d-1")
    box.live()
    box.clock.advance(seconds=30 * 3_600)
    box.comment(delivery="d-2")
    box.live()

    (task,) = box.records[0]
    assert (task.status, task.version) == (TaskStatus.SUCCEEDED, 3)
    assert sorted(box.slack.notifications().values()) == [1, 1]
