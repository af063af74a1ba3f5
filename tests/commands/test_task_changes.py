import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from cli.api_client import ApiError
from signalbox.models.task import Priority, Task, TaskStatus
from signalbox.services.tasks.dependencies import LISTED_DEPENDENTS
from signalbox.services.tasks.update import UpdateTaskRequest
from tests.builders import a_task, done, held
from tests.commands.conftest import CommandLine
from tests.commands.served import Served
from tests.commands.test_task_views import api_of

NO_TASK = f"tsk_{24 * 'a'}"


def ended(served: Served, status: TaskStatus) -> Task:
    """A task that has ended like this."""
    task = served.add(a_task())
    served.put(done(task).model_copy(update={"status": status}))
    return task


def test_a_task_is_made_as_it_is_told(signalbox: CommandLine, served: Served) -> None:
    result = signalbox(
        "tasks", "create", "Tidy up", "--description=All of it", "--kind=chore", "--priority=high",
        "--label=a", "--label=b", "--due=2026-12-24", "--json",
    )  # fmt: skip

    (task,) = served.all()
    assert json.loads(result.out)["id"] == task.id
    assert (task.title, task.description, task.kind) == ("Tidy up", "All of it", "chore")
    assert (task.priority, task.labels) == (Priority.HIGH, ("a", "b"))
    assert task.due == datetime(2026, 12, 24, tzinfo=UTC)


def test_a_new_task_can_wait_for_a_time(signalbox: CommandLine, served: Served) -> None:
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    in_berlin = at.astimezone(timezone(timedelta(hours=1))).isoformat()

    result = signalbox("tasks", "create", "Tidy up", "--not-before", in_berlin)

    (task,) = served.all()
    assert result.code == 0
    assert task.not_before == at


def test_a_new_task_can_wait_for_some_hours(signalbox: CommandLine, served: Served) -> None:
    before = datetime.now(UTC)

    result = signalbox("tasks", "create", "Tidy up", "--in", "2h")

    (task,) = served.all()
    assert result.code == 0
    assert task.not_before
    assert task.not_before - before >= timedelta(hours=2)


@pytest.mark.parametrize(
    "options",
    [
        ("--in", "soon"),
        ("--not-before", "2h"),
        ("--not-before", "tomorrow"),
        ("--in", "2h", "--not-before", "2026-03-02"),
    ],
)
def test_a_time_that_is_none_is_wrong_usage(
    signalbox: CommandLine, served: Served, options: tuple[str, ...]
) -> None:
    assert signalbox("tasks", "create", "Tidy up", *options).code == 2
    assert served.all() == []


def test_what_is_not_told_of_a_task_is_left_to_the_api(
    signalbox: CommandLine, served: Served
) -> None:
    assert signalbox("tasks", "create", "Tidy up").code == 0

    (task,) = served.all()
    assert (task.kind, task.priority, task.labels) == ("task", Priority.NORMAL, ())


def test_the_same_key_makes_one_task(signalbox: CommandLine, served: Served) -> None:
    for _ in range(2):
        signalbox("tasks", "create", "Tidy up", "--idempotency-key", "monday")

    other = signalbox("tasks", "create", "Something else", "--idempotency-key", "monday")

    assert len(served.all()) == 1
    assert other.code == 1
    assert "422 idempotency_key_reused" in other.err


@pytest.mark.parametrize("key", ["", "two words", 'a"quote', "é"])
def test_a_key_that_no_header_holds_is_wrong_usage(signalbox: CommandLine, key: str) -> None:
    assert signalbox("tasks", "create", "Tidy up", "--idempotency-key", key).code == 2


def test_a_task_that_cannot_be_is_refused_by_the_name_of_what_is_wrong(
    signalbox: CommandLine, served: Served
) -> None:
    result = signalbox("tasks", "create", 201 * "x", "--priority", "odd")

    assert result.code == 1
    assert "title: " in result.err
    assert "priority: " in result.err
    assert served.all() == []


def test_what_is_not_named_stays_as_it_is(signalbox: CommandLine, served: Served) -> None:
    task = served.add(a_task())

    result = signalbox("tasks", "edit", task.id, "--priority=low", "--description=")

    after = served.now(task)
    assert result.code == 0
    assert (after.priority, after.title, after.labels) == (Priority.LOW, task.title, task.labels)


def test_labels_take_the_place_of_those_that_were_there(
    signalbox: CommandLine, served: Served
) -> None:
    task = served.add(a_task(labels=("bug",)))

    signalbox("tasks", "edit", task.id, "--label=a", "--label=b")
    between = served.now(task).labels
    signalbox("tasks", "edit", task.id, "--label=")

    assert between == ("a", "b")
    assert served.now(task).labels == ()


def test_a_change_of_nothing_is_wrong_usage(signalbox: CommandLine) -> None:
    assert signalbox("tasks", "edit", NO_TASK).code == 2


def test_what_somebody_else_has_changed_meanwhile_is_not_overwritten(served: Served) -> None:
    api, task = api_of(served), served.add(a_task())
    read = api.task(task.id)
    served.put(held(task))

    with pytest.raises(ApiError, match="412 precondition_failed"):
        api.edit(task.id, UpdateTaskRequest(title="Mine"), read.version)

    assert served.now(task).title == task.title


def test_a_cancelled_task_says_why_and_can_be_retried(
    signalbox: CommandLine, served: Served
) -> None:
    task = served.add(a_task())

    cancelled = signalbox("tasks", "cancel", task.id, "--reason", "not needed", "--json")
    retried = signalbox("tasks", "retry", task.id, "--json")

    assert json.loads(cancelled.out)["reason"] == "not needed"
    assert json.loads(retried.out)["status"] == "pending"


@pytest.mark.parametrize(
    ("verb", "status"),
    [("cancel", TaskStatus.SUCCEEDED), ("retry", TaskStatus.SUCCEEDED)],
)
def test_what_has_succeeded_stays_so(
    signalbox: CommandLine, served: Served, verb: str, status: TaskStatus
) -> None:
    result = signalbox("tasks", verb, ended(served, status).id)

    assert result.code == 1
    assert "409 conflict" in result.err


@pytest.mark.parametrize(
    "words", [("edit", NO_TASK, "--title=x"), ("cancel", NO_TASK), ("retry", NO_TASK),
              ("changes", NO_TASK), ("logs", NO_TASK), ("logs", NO_TASK, "--follow")]
)  # fmt: skip
def test_a_task_that_is_not_there_is_said_so(signalbox: CommandLine, words: tuple[str]) -> None:
    result = signalbox("tasks", *words)

    assert result.code == 1
    assert "404 not_found: there is no such task" in result.err


def test_the_changes_of_a_task_are_told_in_their_order(
    signalbox: CommandLine, served: Served
) -> None:
    task = served.add(a_task())
    served.put(held(task))

    rows = json.loads(signalbox("tasks", "changes", task.id, "--json").out)
    table = signalbox("tasks", "changes", task.id).out

    assert [row["data"]["type"] for row in rows] == ["created", "started"]
    assert "worker-1" in table


def test_a_new_task_can_run_after_others(signalbox: CommandLine, served: Served) -> None:
    signalbox("tasks", "create", "Build")
    (first,) = served.all()

    result = signalbox("tasks", "create", "Test", "--after", first.id, "--on-failure", "run")
    listed = signalbox("tasks", "list")

    assert result.code == 0
    (second,) = (task for task in served.all() if task.title == "Test")
    assert second.waits_for == (first.id,)
    assert first.id in result.out
    assert "Waits for" in listed.out


def test_a_task_is_cancelled_with_those_that_wait_for_it(
    signalbox: CommandLine, served: Served
) -> None:
    signalbox("tasks", "create", "Build")
    (first,) = served.all()
    signalbox("tasks", "create", "Test", "--after", first.id)

    result = signalbox("tasks", "cancel", first.id, "--subtree", "--reason", "put off")

    assert result.code == 0
    assert {task.status for task in served.all()} == {TaskStatus.CANCELLED}
    assert all(task.id in result.out for task in served.all())


def test_the_tasks_that_wait_for_a_task_are_listed(signalbox: CommandLine, served: Served) -> None:
    signalbox("tasks", "create", "Build")
    (first,) = served.all()
    for number in range(LISTED_DEPENDENTS):
        signalbox("tasks", "create", f"Deploy {number}", "--after", first.id)
    some = signalbox("tasks", "dependents", first.id)
    signalbox("tasks", "create", "Announce", "--after", first.id)

    many = signalbox("tasks", "dependents", first.id)

    assert (some.code, many.code) == (0, 0)
    assert all(f"Deploy {number} " in some.out for number in range(LISTED_DEPENDENTS))
    assert "there may be more" in many.err
    assert "there may be more" not in some.err


def test_a_new_task_can_take_the_place_of_its_group(signalbox: CommandLine, served: Served) -> None:
    options = ("--group", "preview", "--group-policy", "latest", "--cancel-running")

    result = signalbox("tasks", "create", "Build", *options)

    (task,) = served.all()
    assert result.code == 0
    assert "preview" in result.out
    assert task.relations
    assert (task.relations.group, task.relations.cancel_running) == ("preview", True)
