"""The life of a deferral."""

from datetime import timedelta

from signalbox.models.deferral import (
    ATTEMPT_LEASE,
    MAX_FOLLOW_UP_ATTEMPTS,
    attempt_completed,
    attempt_postponed,
    attempt_started,
    follow_up_ended,
    follow_up_postponed,
    follow_up_started,
    is_due,
)
from signalbox.models.delivery import Deferral, DeliveryStatus, FollowUpStatus, reinterpreted
from tests.builders import NOW, a_deferred, a_delivery, a_task

SECOND = timedelta(seconds=1)
NEW = Deferral(reason="there is no time to ask", due_at=NOW)


def test_a_delivery_is_not_due_while_an_attempt_may_be_running() -> None:
    started = attempt_started(NEW, NOW)

    assert is_due(NEW, NOW)
    assert not is_due(started, NOW + ATTEMPT_LEASE - 2 * SECOND)
    assert is_due(started, NOW + ATTEMPT_LEASE)


def test_clocks_may_differ_by_a_second() -> None:
    assert is_due(NEW, NOW - SECOND)
    assert not is_due(NEW, NOW - 2 * SECOND)


def test_the_wait_doubles_with_every_attempt_that_counts() -> None:
    waits, deferral = [], NEW

    for _ in range(3):
        deferral = attempt_postponed(attempt_started(deferral, NOW), NOW, "busy", counts=True)
        assert deferral.due_at is not None
        waits.append((deferral.due_at - NOW).total_seconds())

    assert waits == [30, 60, 120]
    assert (deferral.attempts, deferral.error) == (3, "busy")


def test_an_attempt_that_does_not_count_is_repeated_without_limit() -> None:
    deferral = NEW

    for _ in range(100):
        deferral = attempt_postponed(attempt_started(deferral, NOW), NOW, "busy", counts=False)

    assert deferral.attempts == 0
    assert deferral.due_at == NOW + 30 * SECOND


def test_with_the_interpretation_nothing_is_left_to_do_where_nobody_waits() -> None:
    completed = attempt_completed(attempt_started(NEW, NOW), NOW, "Task tsk_1")

    assert (completed.due_at, completed.follow_up) == (None, None)
    assert completed.interpreted_at == NOW


def test_with_the_interpretation_the_first_attempt_to_send_the_outcome_begins() -> None:
    awaited = NEW.model_copy(update={"awaited": True})

    completed = attempt_completed(awaited, NOW, "Task tsk_1")

    assert completed.due_at == NOW + ATTEMPT_LEASE
    assert completed.follow_up is not None
    assert (completed.follow_up.text, completed.follow_up.attempts) == ("Task tsk_1", 1)


def test_an_outcome_that_cannot_be_sent_is_given_up_after_a_few_attempts() -> None:
    deferral = attempt_completed(NEW.model_copy(update={"awaited": True}), NOW, "Task tsk_1")

    attempts = 0
    while deferral.due_at and deferral.follow_up:
        attempts = deferral.follow_up.attempts
        deferral = follow_up_postponed(deferral, deferral.follow_up, NOW, "no answer")
        if deferral.due_at and deferral.follow_up:
            deferral = follow_up_started(deferral, deferral.follow_up, NOW)

    assert attempts == MAX_FOLLOW_UP_ATTEMPTS
    assert deferral.follow_up is not None
    assert deferral.follow_up.status is FollowUpStatus.FAILED
    assert deferral.follow_up.error == "no answer"


def test_an_outcome_that_was_sent_leaves_nothing_to_do() -> None:
    deferral = attempt_completed(NEW.model_copy(update={"awaited": True}), NOW, "Task tsk_1")
    assert deferral.follow_up is not None

    sent = follow_up_ended(deferral, deferral.follow_up, NOW)

    assert sent.due_at is None
    assert sent.follow_up is not None
    assert sent.follow_up.status is FollowUpStatus.SENT


class TestADeliveryThatIsInterpretedAgain:
    def test_is_pending_no_more(self) -> None:
        before = a_deferred()

        after = reinterpreted(before, a_delivery(key=before.key, task_ids=(a_task().id,)))

        assert after.status is DeliveryStatus.ACCEPTED
        assert after.due_at is None
        assert after.deferral is not None

    def test_is_pending_again_if_its_new_copy_is(self) -> None:
        task = a_task()
        before = a_delivery(status=DeliveryStatus.FAILED, task_ids=(task.id,))

        after = reinterpreted(before, a_deferred(key=before.key))

        assert after.status is DeliveryStatus.PENDING
        assert after.due_at == NOW
        assert after.task_ids == (task.id,)
