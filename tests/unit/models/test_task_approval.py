from datetime import timedelta

import pytest

from signalbox.models.errors import Conflict
from signalbox.models.lifecycle import (
    approval_expired,
    approved,
    cancelled,
    leased,
    rejected,
    retried,
)
from signalbox.models.task import UNSENT_AFTER, ChangeType, Task, TaskApproval, TaskStatus
from tests.builders import NOW, a_lease, a_task

HOUR = timedelta(hours=1)
OCTOCAT = "github:octocat"


def waiting(requester: str | None = OCTOCAT, **changes: object) -> Task:
    approval = TaskApproval(seconds=3_600, expires_at=NOW + HOUR, requester=requester)
    return a_task(status=TaskStatus.AWAITING_APPROVAL, approval=approval, **changes)


def test_nobody_may_work_on_it_before_it_is_approved() -> None:
    with pytest.raises(Conflict, match="awaits approval"):
        leased(waiting(), a_lease(), NOW)


def test_an_approved_task_is_pending_and_its_history_says_who_approved_it() -> None:
    task = approved(waiting(), NOW, by="ada")

    assert task.status is TaskStatus.PENDING
    assert (task.last_step.type, task.last_step.by) == (ChangeType.APPROVED, "ada")
    assert task.approval
    assert task.approval.by == "ada"
    assert leased(task, a_lease(), NOW).status is TaskStatus.RUNNING


@pytest.mark.parametrize("name", [OCTOCAT, "GitHub:Octocat"])
def test_who_requested_it_may_not_approve_it(name: str) -> None:
    with pytest.raises(Conflict, match="who requested"):
        approved(waiting(), NOW, by=name)


def test_the_requester_may_where_the_source_says_so() -> None:
    assert approved(waiting(requester=None), NOW, by=OCTOCAT).status is TaskStatus.PENDING


def test_an_approval_comes_too_late() -> None:
    with pytest.raises(Conflict, match="over"):
        approved(waiting(), NOW + HOUR, by="ada")


@pytest.mark.parametrize("task", [a_task(), approved(waiting(), NOW, by="ada")])
def test_what_awaits_no_approval_can_be_neither_approved_nor_rejected(task: Task) -> None:
    with pytest.raises(Conflict, match="pending"):
        approved(task, NOW, by="bob")
    with pytest.raises(Conflict, match="pending"):
        rejected(task, None, NOW, by="bob")
    with pytest.raises(Conflict, match="pending"):
        approval_expired(task, NOW + HOUR, by="maintenance")


def test_a_rejected_task_is_cancelled_with_the_reason() -> None:
    task = rejected(waiting(), "not on a Friday", NOW, by="ada")

    assert (task.status, task.reason) == (
        TaskStatus.CANCELLED,
        "rejected by ada: not on a Friday",
    )


def test_a_task_that_nobody_approves_is_cancelled_in_time_and_not_before() -> None:
    task = approval_expired(waiting(), NOW + HOUR, by="maintenance")

    assert (task.status, task.reason) == (TaskStatus.CANCELLED, "nobody approved it in time")
    with pytest.raises(Conflict):
        approval_expired(waiting(), NOW + HOUR - timedelta(seconds=1), by="maintenance")


def test_a_retry_asks_for_approval_again_unless_it_was_given() -> None:
    later = NOW + HOUR
    refused = retried(rejected(waiting(), None, NOW, by="ada"), later, by="bob")
    agreed = retried(cancelled(approved(waiting(), NOW, by="ada"), None, NOW, by="x"), later, "bob")

    assert refused.status is TaskStatus.AWAITING_APPROVAL
    assert refused.approval
    assert refused.approval.expires_at == later + HOUR
    assert agreed.status is TaskStatus.PENDING


def test_maintenance_looks_at_it_when_its_time_is_over() -> None:
    task = waiting()

    assert task.due_at == NOW + UNSENT_AFTER
    assert task.model_copy(update={"dispatched": task.version}).due_at == NOW + HOUR
