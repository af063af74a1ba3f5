"""The rules of a task's life."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from signalbox.models.errors import Conflict, LeaseLost
from signalbox.models.ids import LeaseId
from signalbox.models.lifecycle import (
    attempt_failed,
    cancelled,
    dispatched,
    extended,
    given_up,
    holder_until,
    lease_ended,
    leased,
    notified,
    released,
    retried,
    succeeded,
)
from signalbox.models.task import (
    LEASE_GRACE,
    MAX_SEND_DELAY,
    RESEND_AFTER,
    UNSENT_AFTER,
    ChangeType,
    Task,
    TaskStatus,
)
from tests.builders import NOW, a_lease, a_result, a_task, held

LATER = NOW + timedelta(minutes=10)
LEASE = a_lease().id
RESULT = a_result()

PENDING = a_task()
RUNNING = held(PENDING)
LOST = held(PENDING, expires_at=NOW - timedelta(seconds=1))
SUCCEEDED = succeeded(RUNNING, LEASE, 1, RESULT, NOW)
FAILED = attempt_failed(RUNNING, LEASE, 1, "broken", None, NOW)
CANCELLED = cancelled(PENDING, "no need", NOW, by="somebody")
STATES = {
    "pending": PENDING,
    "running": RUNNING,
    "lost": LOST,
    "succeeded": SUCCEEDED,
    "failed": FAILED,
    "cancelled": CANCELLED,
}
ANOTHER = a_lease(id="lse_two", expires_at=NOW + timedelta(hours=1))

Step = Callable[[Task], Task]
STEPS: dict[str, tuple[Step, dict[str, TaskStatus]]] = {
    "leased": (
        lambda task: leased(task, ANOTHER, NOW),
        {"pending": TaskStatus.RUNNING, "lost": TaskStatus.RUNNING},
    ),
    "extended": (
        lambda task: extended(task, LEASE, 1, LATER, "half way", NOW),
        {"running": TaskStatus.RUNNING, "lost": TaskStatus.RUNNING},
    ),
    "succeeded": (
        lambda task: succeeded(task, LEASE, 1, RESULT, NOW),
        dict.fromkeys(("running", "lost", "succeeded"), TaskStatus.SUCCEEDED),
    ),
    "failed for good": (
        lambda task: attempt_failed(task, LEASE, 1, "broken", None, NOW),
        dict.fromkeys(("running", "lost", "failed"), TaskStatus.FAILED),
    ),
    "failed for now": (
        lambda task: attempt_failed(task, LEASE, 1, "another reason", LATER, NOW),
        dict.fromkeys(("running", "lost"), TaskStatus.PENDING),
    ),
    "released": (
        lambda task: released(task, LEASE, 1, None, NOW),
        dict.fromkeys(("running", "lost"), TaskStatus.PENDING),
    ),
    "lease ended": (
        lambda task: lease_ended(task, NOW, by="maintenance"),
        {"lost": TaskStatus.PENDING},
    ),
    "given up": (
        lambda task: given_up(task, "too often", NOW, NOW, by="queue"),
        dict.fromkeys(("pending", "lost"), TaskStatus.FAILED),
    ),
    "cancelled": (
        lambda task: cancelled(task, None, NOW, by="somebody"),
        dict.fromkeys(("pending", "running", "lost"), TaskStatus.CANCELLED),
    ),
    "retried": (
        lambda task: retried(task, NOW, by="somebody"),
        dict.fromkeys(("failed", "cancelled"), TaskStatus.PENDING),
    ),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", STATES)
def test_every_step_leads_where_it_may_and_is_a_conflict_elsewhere(state: str, step: str) -> None:
    take, leads = STEPS[step]

    if state in leads:
        assert take(STATES[state]).status is leads[state]
    else:
        with pytest.raises(Conflict):
            take(STATES[state])


def test_a_new_task_begins_its_history() -> None:
    assert [(step.version, step.type) for step in PENDING.history] == [(1, ChangeType.CREATED)]
    assert PENDING.last_step.by == "github/default"


def test_a_step_raises_the_version_and_says_who_took_it_when_and_why() -> None:
    step = FAILED.last_step

    assert (FAILED.version, step.version) == (3, 3)
    assert (step.type, step.status, step.attempt) == (ChangeType.FAILED, TaskStatus.FAILED, 1)
    assert (step.by, step.at, step.reason) == ("worker:worker-1", NOW, "broken")


def test_a_heartbeat_is_no_step() -> None:
    longer = extended(RUNNING, LEASE, 1, LATER, None, NOW)

    assert (longer.version, longer.history) == (RUNNING.version, RUNNING.history)
    assert holder_until(longer, NOW) == LATER


def test_a_heartbeat_without_progress_keeps_what_was_said_before() -> None:
    response = extended(RUNNING, LEASE, 1, LATER, "half way", NOW)

    assert extended(response, LEASE, 1, LATER, None, NOW).progress == "half way"


@pytest.mark.parametrize(("lease", "fence"), [("lse_other", 1), (LEASE, 0), (LEASE, 2), ("", 1)])
def test_only_the_lease_with_its_fence_counts(lease: LeaseId, fence: int) -> None:
    with pytest.raises(LeaseLost):
        extended(RUNNING, lease, fence, LATER, None, NOW)
    with pytest.raises(LeaseLost):
        succeeded(RUNNING, lease, fence, RESULT, NOW)
    with pytest.raises(LeaseLost):
        attempt_failed(RUNNING, lease, fence, "broken", None, NOW)
    with pytest.raises(LeaseLost):
        released(RUNNING, lease, fence, None, NOW)


def test_the_same_completion_again_changes_nothing() -> None:
    assert succeeded(SUCCEEDED, LEASE, 1, RESULT, LATER) is SUCCEEDED


def test_another_result_after_the_end_is_refused() -> None:
    with pytest.raises(LeaseLost):
        succeeded(SUCCEEDED, LEASE, 1, a_result(summary="something else"), LATER)


def test_the_same_failure_again_changes_nothing() -> None:
    assert attempt_failed(FAILED, LEASE, 1, "broken", None, LATER) is FAILED


def test_each_lease_costs_an_attempt_and_raises_the_fence() -> None:
    second = leased(LOST, ANOTHER, NOW)

    assert (LOST.attempt, LOST.fence) == (1, 1)
    assert (second.attempt, second.fence) == (2, 2)
    assert second.started_at == LOST.started_at


def test_a_task_given_back_gets_its_attempt_back_but_not_its_fence() -> None:
    back = released(RUNNING, LEASE, 1, "wrong machine", NOW)

    assert (back.attempt, back.fence, back.lease) == (0, 1, None)


def test_a_task_out_of_attempts_cannot_be_leased() -> None:
    with pytest.raises(Conflict, match="no attempts left"):
        leased(a_task(max_attempts=1, attempt=1), ANOTHER, NOW)


def test_the_last_attempt_fails_for_good_even_where_a_retry_might_help() -> None:
    last = held(a_task(max_attempts=1))

    assert attempt_failed(last, LEASE, 1, "broken", LATER, NOW).status is TaskStatus.FAILED


def test_the_last_attempt_of_a_lost_worker_fails_the_task() -> None:
    last = held(a_task(max_attempts=1), expires_at=NOW)

    assert lease_ended(last, NOW, by="maintenance").status is TaskStatus.FAILED


def test_a_task_that_waits_cannot_be_leased_before_its_time() -> None:
    waiting = attempt_failed(RUNNING, LEASE, 1, "broken", LATER, NOW)

    with pytest.raises(Conflict, match="may not start yet"):
        leased(waiting, ANOTHER, LATER - timedelta(seconds=1))
    assert leased(waiting, ANOTHER, LATER).not_before is None


def test_a_retried_task_starts_with_new_attempts_and_no_message() -> None:
    again = retried(dispatched(FAILED, NOW), LATER, by="somebody")

    assert (again.attempt, again.sent_at, again.result, again.reason) == (0, None, None, None)
    assert (again.finished_at, again.fence) == (None, 1)


@pytest.mark.parametrize("task", [SUCCEEDED, FAILED, CANCELLED])
def test_a_finished_task_is_forgotten_after_its_retention(task: Task) -> None:
    assert task.finished
    assert task.expires_at is None  # as long as its end may not have been handed on
    assert dispatched(task, NOW).expires_at == NOW + timedelta(hours=24)


def test_a_task_that_is_kept_for_ever_or_not_finished_never_expires() -> None:
    kept = succeeded(held(a_task(retention=0)), LEASE, 1, RESULT, NOW)

    assert (kept.expires_at, RUNNING.expires_at, PENDING.expires_at) == (None, None, None)


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("task", "due_at"),
    [
        (PENDING, NOW + UNSENT_AFTER),
        (dispatched(PENDING, NOW), NOW + RESEND_AFTER),
        (dispatched(PENDING, NOW + DAY), NOW + 2 * DAY),
        (a_task(not_before=NOW + DAY), NOW + UNSENT_AFTER),
        (notified(a_task(not_before=NOW + DAY)), NOW + DAY - MAX_SEND_DELAY),
        (dispatched(a_task(not_before=NOW + DAY), NOW), NOW + DAY + RESEND_AFTER),
        (RUNNING, NOW + timedelta(minutes=5) + LEASE_GRACE),
        (SUCCEEDED, NOW + UNSENT_AFTER),
        (dispatched(SUCCEEDED, NOW), None),
        (dispatched(CANCELLED, NOW), None),
    ],
)
def test_maintenance_looks_at_what_is_not_at_rest(task: Task, due_at: datetime | None) -> None:
    assert task.due_at == due_at


def test_what_was_dispatched_is_not_dispatched_again() -> None:
    once = held(dispatched(PENDING, NOW))

    assert [step.version for step in PENDING.undispatched] == [1]
    assert [step.version for step in once.undispatched] == [2]
    assert dispatched(once, NOW).undispatched == ()
    assert dispatched(once, NOW).sent_at == NOW


def test_a_long_history_keeps_its_beginning_and_its_latest_steps() -> None:
    task = a_task(max_attempts=1_000)

    for _ in range(150):
        task = held(task)
        task = released(task, LEASE, task.fence, None, NOW)

    assert len(task.history) == 50
    assert task.history[0].type is ChangeType.CREATED
    assert [step.version for step in task.history[-3:]] == [299, 300, 301]


def test_a_task_survives_its_journey_through_json() -> None:
    for task in STATES.values():
        assert Task.model_validate_json(task.model_dump_json(exclude_none=True)) == task
