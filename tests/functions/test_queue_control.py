"""Pausing queues, their status, dead letters and redriving them."""

import pytest
from pydantic import JsonValue

from signalbox.models.ids import TaskId
from signalbox.models.lifecycle import attempt_failed, given_up, succeeded
from signalbox.models.notification import Notification, exhausted, refused
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import Task, TaskStatus
from tests.builders import a_lease, a_notification, a_result, a_task, held
from tests.functions.system import ApiResponse, System
from tests.functions.test_work import claim, waiting

QUEUE = "/api/v1/queue"
DEAD = f"{QUEUE}/dead-letters"
REDRIVE = f"{QUEUE}/redrive"


def queue(system: System, priority: str) -> dict[str, JsonValue]:
    rows = system.ask("GET", QUEUE, key=system.key("viewer")).rows("queues")
    [found] = [row for row in rows if row["priority"] == priority]
    return found


def control(system: System, verb: str, priority: str = "normal", **body: JsonValue) -> ApiResponse:
    path = f"{QUEUE}/{priority}/{verb}"
    return system.ask("POST", path, body or None, key=system.key("operator"))


def kept(system: System, task: Task) -> Task:
    assert system.wiring.tasks.create(task)
    return task


def dead(system: System, **facts: object) -> Task:
    """A task whose only attempt has failed."""
    system.clock.advance(seconds=1)
    now = system.clock()
    running = held(a_task(created_at=now, max_attempts=1, **facts))
    reason = "the tests are red"
    return kept(system, attempt_failed(running, a_lease().id, running.fence, reason, None, now))


def failed(system: System) -> Task:
    """A task that was failed for good while it had attempts left."""
    system.clock.advance(seconds=1)
    now = system.clock()
    running = held(a_task(created_at=now, max_attempts=3))
    return kept(system, attempt_failed(running, a_lease().id, running.fence, "no", None, now))


def lost(system: System, **facts: object) -> Notification:
    """A notification without attempts."""
    system.clock.advance(seconds=1)
    now = system.clock()
    note = a_notification(a_task(), created_at=now, queued_at=now, updated_at=now, **facts)
    after = exhausted(note, "Slack answered 500", now)
    assert system.wiring.notifications.create(after)
    return after


def listed(system: System, query: str = "") -> list[JsonValue]:
    answer = system.ask("GET", f"{DEAD}?{query}", key=system.key("viewer"))
    assert answer.status == 200, answer.text
    return [item.get("notification_id") or item["task_id"] for item in answer.items]


def redriven(system: System, *, query: str = "", **body: JsonValue) -> ApiResponse:
    return system.ask("POST", REDRIVE + query, body, key=system.key("operator"))


def named(answer: ApiResponse) -> list[JsonValue]:
    return [letter_id(row) for row in answer.rows("redriven")]


def letter_id(letter: JsonValue) -> JsonValue:
    assert isinstance(letter, dict)
    return letter.get("notification_id") or letter["task_id"]


def status_of(system: System, task: Task) -> TaskStatus:
    return system.wiring.tasks.get(task.id).status


def test_nothing_is_given_from_a_paused_queue_and_all_of_it_when_it_is_resumed(
    system: System,
) -> None:
    first, second = waiting(system), waiting(system, "low")

    paused = control(system, "pause", reason="the database is down")
    claimed = claim(system).part("task")["id"]
    nothing = claim(system).json_body["task"]
    control(system, "resume")
    then = claim(system).part("task")["id"]

    pause = paused.part("pause")
    assert (pause["reason"], str(pause["by"])[:4]) == ("the database is down", "key:")
    assert (claimed, nothing, then) == (second, None, first)


def test_a_paused_queue_says_so_and_keeps_its_backlog(system: System) -> None:
    waiting(system)
    control(system, "pause")

    found = queue(system, "normal")

    assert isinstance(found["pause"], dict)
    assert found["pause"]["at"] == "2026-03-01T12:00:00Z"
    assert (found["waiting"], found["drain_seconds"]) == (1, None)
    assert queue(system, "high")["pause"] is None


def test_pausing_twice_keeps_the_first_pause_and_resuming_twice_is_no_matter(
    system: System,
) -> None:
    control(system, "pause", reason="first")
    system.clock.advance(seconds=60)

    again = control(system, "pause", reason="second")
    resumed = [control(system, "resume"), control(system, "resume")]

    assert again.part("pause")["reason"] == "first"
    assert [answer.json_body["pause"] for answer in resumed] == [None, None]


def test_who_waits_for_work_while_all_is_paused_is_not_answered_at_once(system: System) -> None:
    for priority in ("high", "normal", "low"):
        control(system, "pause", priority)
    before = system.clock()
    body: JsonValue = {"worker": "w1", "wait_seconds": 20}

    answer = system.ask("POST", f"{QUEUE}/claim", body, key=system.key("worker"))

    assert answer.json_body["task"] is None
    assert (system.clock() - before).total_seconds() == 20


def test_another_process_knows_of_a_pause_within_half_a_minute(system: System) -> None:
    waiting(system)
    elsewhere = System(system.clock)
    claim(elsewhere)
    waiting(system)
    control(system, "pause")

    system.clock.advance(seconds=31)

    assert claim(elsewhere).json_body["task"] is None


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_queue_that_is_none_is_not_paused(system: System, verb: str) -> None:
    assert control(system, verb, "urgent").status == 422


def test_a_viewer_pauses_and_redrives_nothing(system: System) -> None:
    viewer = system.key("viewer")

    for path in (f"{QUEUE}/high/pause", f"{QUEUE}/high/resume", REDRIVE):
        assert system.ask("POST", path, {}, key=viewer).status == 403


def test_the_outlook_follows_the_pace_of_the_last_ten_minutes(system: System) -> None:
    for _ in range(30):
        running = held(a_task(created_at=system.clock()))
        done = succeeded(running, a_lease().id, running.fence, a_result(), system.clock())
        kept(system, done)
    system.clock.advance(seconds=599)
    for _ in range(4):
        waiting(system)

    assert queue(system, "normal")["drain_seconds"] == 80
    assert queue(system, "low")["drain_seconds"] == 0


def test_where_nothing_ended_lately_there_is_no_outlook(system: System) -> None:
    waiting(system)

    assert queue(system, "normal")["drain_seconds"] is None


def test_dead_letters_are_tasks_and_notifications_without_attempts(system: System) -> None:
    spent = dead(system)
    note = lost(system)
    buried = kept(
        system, given_up(a_task(), "the queue gave up", system.clock(), system.clock(), by="queue")
    )
    failed(system)
    refusal = a_notification(a_task())
    system.wiring.notifications.create(refused(refusal, "404", system.clock()))

    assert listed(system) == [note.id, spent.id, buried.id]
    assert listed(system, "kind=task") == [spent.id, buried.id]
    assert listed(system, "kind=notification") == [note.id]
    assert listed(system, "connection=team-slack") == [note.id]
    assert listed(system, "priority=low") == []
    assert listed(system, "since=2026-03-01T12:00:02Z") == [note.id]


def test_a_dead_letter_says_why(system: System) -> None:
    dead(system)
    lost(system)

    items = system.ask("GET", DEAD, key=system.key("viewer")).items

    assert [item["reason"] for item in items] == ["Slack answered 500", "the tests are red"]
    assert [item["kind"] for item in items] == ["notification", "task"]


def test_pages_of_dead_letters_hold_each_once(system: System) -> None:
    expected = [dead(system).id, lost(system).id, dead(system).id, lost(system).id, dead(system).id]
    key = system.key("viewer")

    found: list[JsonValue] = []
    cursor = ""
    for _ in range(3):
        page = system.ask("GET", f"{DEAD}?limit=2{cursor}", key=key)
        found += [item.get("notification_id") or item["task_id"] for item in page.items]
        cursor = f"&cursor={page.json_body['next']}"

    assert found == expected[::-1]
    assert page.json_body["next"] is None


def test_a_dry_run_redrives_nothing(system: System) -> None:
    task = dead(system)

    answer = redriven(system, query="?dry_run=true", kind="task")

    assert (named(answer), answer.json_body["dry_run"]) == ([task.id], True)
    assert status_of(system, task) is TaskStatus.FAILED


def test_many_tasks_are_redriven_as_far_as_the_limit_goes(system: System) -> None:
    tasks = [dead(system) for _ in range(3)]

    first = redriven(system, kind="task", limit=2)
    second = redriven(system, kind="task", limit=2, cursor=first.word("next"))

    assert named(first) == [tasks[2].id, tasks[1].id]
    assert (named(second), second.json_body["next"]) == ([tasks[0].id], None)
    assert {status_of(system, task) for task in tasks} == {TaskStatus.PENDING}
    again = system.wiring.tasks.get(tasks[0].id)
    assert (again.attempt, again.last_step.by[:4]) == (0, "key:")


def test_redriving_goes_on_behind_tasks_that_failed_with_attempts_left(system: System) -> None:
    task = dead(system)
    for _ in range(11):
        failed(system)

    first = redriven(system, kind="task", limit=1)
    second = redriven(system, kind="task", limit=1, cursor=first.word("next"))

    assert (named(first), named(second)) == ([], [task.id])
    assert status_of(system, task) is TaskStatus.PENDING


def test_redriving_goes_on_behind_what_is_refused_each_time(system: System) -> None:
    note, stuck = lost(system), lost(system, connector="nowhere")

    first = redriven(system, kind="notification", limit=1)
    second = redriven(system, kind="notification", limit=1, cursor=first.word("next"))

    [refusal] = first.rows("refused")
    assert refusal["reason"] == "this installation has no connector nowhere"
    assert letter_id(refusal["letter"]) == stuck.id
    assert (named(first), named(second)) == ([], [note.id])
    assert second.json_body["next"] is None


@pytest.mark.parametrize("other", [{"kind": "notification"}, {"limit": 2}, {"task_id": "tsk_one"}])
def test_a_cursor_of_redriving_holds_for_the_same_body_alone(
    system: System, other: dict[str, JsonValue]
) -> None:
    dead(system)
    dead(system)
    cursor = redriven(system, query="?dry_run=true", kind="task", limit=1).word("next")
    body: dict[str, JsonValue] = {"kind": "task", "limit": 1, "cursor": cursor}
    key = system.key("operator")

    wrong, good = (system.ask("POST", REDRIVE, sent, key=key) for sent in (body | other, body))

    assert (wrong.status, good.status) == (400, 200)


def test_a_redriven_task_can_be_claimed_again(system: System) -> None:
    task = dead(system)
    redriven(system, kind="task", task_id=task.id)
    again = system.wiring.tasks.get(task.id)
    system.wiring.dispatch(again, [again.last_step])

    assert claim(system).part("task")["id"] == task.id


def test_notifications_are_redriven_by_connection(system: System) -> None:
    mine, other = lost(system), lost(system, connection="other")

    answer = redriven(system, kind="notification", connection="team-slack")

    store = system.wiring.notifications
    assert named(answer) == [mine.id]
    assert store.get(mine.task_id, mine.id).status is NotificationStatus.QUEUED
    assert store.get(other.task_id, other.id).status is NotificationStatus.DEAD


def test_one_is_redriven_by_its_id_whatever_it_failed_for(system: System) -> None:
    task = failed(system)
    note = refused(a_notification(a_task()), "404", system.clock())
    system.wiring.notifications.create(note)

    one = redriven(system, kind="task", task_id=task.id)
    two = redriven(system, kind="notification", task_id=note.task_id, notification_id=note.id)
    of_task = redriven(system, kind="notification", task_id=note.task_id)

    assert (named(one), named(two), named(of_task)) == ([task.id], [note.id], [])


def test_what_has_not_failed_is_not_redriven(system: System) -> None:
    task = TaskId(waiting(system))
    note = a_notification(a_task())
    system.wiring.notifications.create(note)

    answers = [
        redriven(system, kind="task", task_id=task),
        redriven(system, kind="notification", task_id=note.task_id, notification_id=note.id),
        redriven(system, kind="task", task_id="tsk_none"),
        redriven(system, kind="task", task_id=task, notification_id=note.id),
        redriven(system),
    ]

    assert [answer.status for answer in answers] == [409, 409, 404, 409, 422]


def test_what_moves_on_meanwhile_is_refused_and_the_others_are_redriven(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = dead(system), dead(system)
    many = type(system.wiring.tasks).batch_get

    def then_retried(*given: object) -> object:
        found = many(*given)  # type: ignore[arg-type]  # as they came
        system.ask("POST", f"/api/v1/tasks/{second.id}/retry", key=system.key("operator"))
        return found

    monkeypatch.setattr(type(system.wiring.tasks), "batch_get", then_retried)
    answer = redriven(system, kind="task")

    [refusal] = answer.rows("refused")
    assert named(answer) == [first.id]
    assert refusal["reason"] == "the task is pending"
