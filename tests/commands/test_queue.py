import json
from datetime import timedelta

import pytest

from signalbox.models.ids import TaskId
from signalbox.models.notification import exhausted
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import Priority, Task, TaskStatus
from tests.builders import NOW, a_notification, a_task, held
from tests.commands.conftest import CommandLine
from tests.commands.served import Served

NO_TASK = f"tsk_{24 * 'a'}"


def dead(served: Served, **facts: object) -> Task:
    """A task that has no attempts left."""
    task = served.add(a_task(max_attempts=1, **facts))
    served.put(held(task).model_copy(update={"status": TaskStatus.FAILED, "lease": None}))
    return task


def dead_notification(served: Served, **facts: object) -> str:
    note = exhausted(a_notification(None, **facts), "Slack answered 500", NOW)
    assert served.wiring.notifications.create(note)
    return f"{note.task_id}/{note.id}"


def status_of(served: Served, task: Task) -> TaskStatus:
    return served.now(task).status


def paused(signalbox: CommandLine) -> dict[str, str]:
    """Why each paused queue is so."""
    rows = json.loads(signalbox("queue", "--json").out)
    return {row["priority"]: row["pause"]["reason"] for row in rows if row["pause"]}


def test_one_queue_is_paused_and_says_why(signalbox: CommandLine) -> None:
    result = signalbox("queue", "pause", "low", "--reason", "moving")

    assert result.code == 0
    assert "moving" in result.out
    assert paused(signalbox) == {"low": "moving"}


def test_every_queue_is_paused_and_resumed_where_none_is_named(signalbox: CommandLine) -> None:
    signalbox("queue", "pause")
    between = paused(signalbox)
    signalbox("queue", "resume", "--json")

    assert set(between) == {*Priority}
    assert paused(signalbox) == {}


def test_a_queue_that_is_none_is_wrong_usage(signalbox: CommandLine) -> None:
    assert signalbox("queue", "pause", "urgent").code == 2


def test_dead_letters_are_named_as_they_can_be_redriven(
    signalbox: CommandLine, served: Served
) -> None:
    task, note = dead(served), dead_notification(served)

    table = signalbox("queue", "dead-letters").out
    of_tasks = json.loads(signalbox("queue", "dead-letters", "--kind=task", "--json").out)

    assert task.id in table
    assert note in table
    assert [row["task_id"] for row in of_tasks] == [task.id]


def test_those_that_are_named_get_new_attempts(signalbox: CommandLine, served: Served) -> None:
    first, other, note = dead(served), dead(served), dead_notification(served)

    result = signalbox("queue", "redrive", first.id, note)

    assert result.code == 0
    assert status_of(served, first) is TaskStatus.PENDING
    assert status_of(served, other) is TaskStatus.FAILED
    assert json.loads(signalbox("notifications", "show", note, "--json").out)["status"] == "queued"


def test_all_that_fit_get_new_attempts(signalbox: CommandLine, served: Served) -> None:
    high, low = dead(served, priority=Priority.HIGH), dead(served, priority=Priority.LOW)

    answer = json.loads(
        signalbox("queue", "redrive", "--kind=task", "--priority=high", "--json").out
    )

    assert [letter["task_id"] for letter in answer["redriven"]] == [high.id]
    assert status_of(served, low) is TaskStatus.FAILED


def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    signalbox: CommandLine, served: Served
) -> None:
    task = dead(served)

    result = signalbox("queue", "redrive", "--kind=task", "--dry-run")

    assert f"{task.id}  would be tried again" in result.out
    assert status_of(served, task) is TaskStatus.FAILED


def test_the_notifications_of_a_task_are_redriven_by_its_id(
    signalbox: CommandLine, served: Served
) -> None:
    note = dead_notification(served)
    task, _, name = note.partition("/")

    answer = json.loads(signalbox("queue", "redrive", task, "--kind=notification", "--json").out)

    assert [letter["notification_id"] for letter in answer["redriven"]] == [name]
    (kept,) = served.wiring.notifications.of_task(TaskId(task))
    assert kept.status is NotificationStatus.QUEUED


def test_others_that_are_left_are_told(signalbox: CommandLine, served: Served) -> None:
    dead(served)
    dead(served)

    assert "others are left" in signalbox("queue", "redrive", "--kind=task", "--limit=1").err


def test_what_is_refused_hides_nothing_behind_it(signalbox: CommandLine, served: Served) -> None:
    note = dead_notification(served)
    stuck = dead_notification(served, connector="nowhere", created_at=NOW + timedelta(seconds=1))

    result = signalbox("queue", "redrive", "--kind=notification", "--limit=1")

    assert result.code == 1
    assert f"{stuck}  refused: this installation has no connector nowhere" in result.out
    assert f"{note}  is tried again" in result.out


def test_what_fits_nothing_is_passed_over(signalbox: CommandLine, served: Served) -> None:
    task = dead(served)
    for _ in range(11):
        given_up = dead(served, created_at=NOW + timedelta(seconds=1))
        served.put(served.now(given_up).model_copy(update={"max_attempts": 3}))

    result = signalbox("queue", "redrive", "--kind=task", "--limit=1")

    assert result.code == 0
    assert status_of(served, task) is TaskStatus.PENDING


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        ([], 2, "say which ID, or --kind"),
        (["--kind=mail"], 2, "--kind"),
        ([NO_TASK], 1, "404 not_found: there is no such task"),
        ([f"{NO_TASK}/"], 1, "tsk_…/ntf_…"),
        ([f"{NO_TASK}/ntf_none"], 1, "404 not_found: there is no such notification"),
    ],
)
def test_what_cannot_be_redriven_is_said_so(
    signalbox: CommandLine, words: list[str], code: int, problem: str
) -> None:
    result = signalbox("queue", "redrive", *words)

    assert result.code == code
    assert problem in result.err


def test_what_is_not_dead_is_refused(signalbox: CommandLine, served: Served) -> None:
    task = served.add(a_task())

    result = signalbox("queue", "redrive", task.id)

    assert result.code == 1
    assert "409 conflict: the task is pending" in result.err
