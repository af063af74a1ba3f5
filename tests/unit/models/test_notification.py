from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.delivery_policy import DEFAULT_RETRY, MAX_ATTEMPTS
from signalbox.models.errors import Conflict
from signalbox.models.notification import (
    Notification,
    begun,
    delayed,
    delivered,
    exhausted,
    redelivered,
    refused,
    sent,
)
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.task import RESEND_AFTER, UNSENT_AFTER
from tests.builders import NOW, a_notification, a_task

BUSY = NOW + timedelta(minutes=2)
LATER = NOW + timedelta(minutes=10)

QUEUED = a_notification()
SENDING = begun(QUEUED, NOW, BUSY)
DELAYED = delayed(SENDING, "busy", LATER, NOW, counts=True)
ENDED = [
    delivered(SENDING, NOW),
    refused(SENDING, "no such channel", NOW),
    exhausted(SENDING, "too often", NOW),
]


def test_an_attempt_is_written_down_before_it_is_made() -> None:
    assert SENDING.status is NotificationStatus.SENDING
    assert (SENDING.number, SENDING.busy_until, SENDING.attempts) == (1, BUSY, ())


def test_nobody_begins_an_attempt_while_another_is_under_way() -> None:
    with pytest.raises(Conflict, match="under way"):
        begun(SENDING, NOW, BUSY)


def test_an_attempt_that_ended_without_a_word_counts_and_is_told() -> None:
    again = begun(SENDING, BUSY, LATER)

    assert again.number == 2
    assert [attempt.outcome for attempt in again.attempts] == ["unknown"]


@pytest.mark.parametrize("ended", ENDED)
def test_what_has_ended_is_not_attempted_and_not_busy(ended: Notification) -> None:
    assert not ended.open
    assert (ended.busy_until, ended.next_at, ended.due_at) == (None, None, None)
    assert ended.expires_at == NOW + timedelta(hours=24)
    with pytest.raises(Conflict):
        begun(ended, LATER, LATER)


def test_how_an_attempt_ended_is_logged_with_its_reason() -> None:
    outcomes = [(note.attempts[-1].outcome, note.attempts[-1].reason) for note in ENDED]

    assert outcomes == [
        ("delivered", None),
        ("refused", "no such channel"),
        ("dead", "too often"),
    ]


def test_a_delayed_attempt_waits_for_its_time() -> None:
    assert DELAYED.status is NotificationStatus.QUEUED
    assert (DELAYED.next_at, DELAYED.busy_until, DELAYED.number) == (LATER, None, 1)


def test_being_told_to_wait_is_no_attempt() -> None:
    assert delayed(SENDING, "rate limit", LATER, NOW, counts=False).number == 0


def test_the_last_attempt_is_the_last() -> None:
    note = a_notification()
    for _ in range(MAX_ATTEMPTS):
        note = delayed(begun(note, NOW, BUSY), "busy", NOW, NOW, counts=True)

    assert note.status is NotificationStatus.DEAD
    assert len(note.attempts) == MAX_ATTEMPTS


@pytest.mark.parametrize("counts", [True, False])
def test_what_could_only_be_tried_after_three_days_is_given_up(*, counts: bool) -> None:
    in_time, too_late = (
        delayed(SENDING, "busy", NOW + DEFAULT_RETRY.give_up_after + late, NOW, counts=counts)
        for late in (timedelta(), timedelta(seconds=1))
    )

    assert (in_time.status, too_late.status) == ("queued", "dead")


@pytest.mark.parametrize("ended", ENDED)
def test_what_has_ended_may_be_owed_once_more_with_new_attempts(ended: Notification) -> None:
    again = redelivered(ended, LATER)

    assert (again.open, again.number, again.queued_at) == (True, 0, LATER)
    assert again.attempts == ended.attempts
    assert begun(again, LATER, LATER + timedelta(minutes=2)).number == 1


@pytest.mark.parametrize("note", [QUEUED, SENDING, DELAYED])
def test_what_is_still_owed_cannot_be_owed_once_more(note: Notification) -> None:
    with pytest.raises(Conflict):
        redelivered(note, LATER)


@pytest.mark.parametrize(
    ("note", "due_at"),
    [
        (QUEUED, NOW + UNSENT_AFTER),
        (sent(QUEUED, NOW), NOW + RESEND_AFTER),
        (SENDING, BUSY + UNSENT_AFTER),
        (DELAYED, LATER + UNSENT_AFTER),
        (sent(DELAYED, LATER), LATER + RESEND_AFTER),
    ],
)
def test_maintenance_looks_at_what_does_not_move(note: Notification, due_at: datetime) -> None:
    assert note.due_at == due_at


def test_every_step_but_the_message_raises_the_version() -> None:
    steps = [QUEUED, SENDING, DELAYED, begun(DELAYED, LATER, LATER)]

    assert [note.version for note in steps] == [1, 2, 3, 4]
    assert sent(DELAYED, LATER).version == DELAYED.version


def test_a_long_log_keeps_its_latest_attempts() -> None:
    note = a_notification()
    for number in range(50):
        note = begun(note, NOW, NOW)
        note = delayed(note, f"try {number}", NOW, NOW, counts=False)

    assert len(note.attempts) == 30
    assert note.attempts[-1].reason == "try 49"


def test_a_notification_that_is_kept_for_ever_never_expires() -> None:
    kept = a_notification(a_task(retention=0), retention=0)

    assert delivered(begun(kept, NOW, BUSY), NOW).expires_at is None
    assert QUEUED.expires_at is None


@pytest.mark.parametrize("note", [QUEUED, SENDING, DELAYED, *ENDED])
def test_a_notification_survives_its_journey_through_json(note: Notification) -> None:
    assert Notification.model_validate_json(note.model_dump_json()) == note


def test_a_first_attempt_that_begins_soon_stays_where_it_is_in_the_index() -> None:
    note = a_notification()
    soon = begun(note, NOW + timedelta(seconds=30), NOW + timedelta(seconds=150))

    assert soon.indexed_due_at == note.indexed_due_at == note.due_at
    assert soon.due_at == NOW + timedelta(seconds=270)


@pytest.mark.parametrize("late", [60, 119, 600])
def test_an_attempt_that_begins_late_is_moved_in_the_index(late: int) -> None:
    begin = NOW + timedelta(seconds=late)
    note = begun(a_notification(), begin, begin + timedelta(seconds=120))

    assert note.indexed_due_at == note.due_at


def test_an_attempt_that_is_not_the_first_is_moved_in_the_index() -> None:
    again = begun(delayed(SENDING, "busy", NOW, NOW, counts=True), NOW, BUSY)

    assert again.indexed_due_at == again.due_at


@given(st.integers(0, 400), st.integers(1, 900), st.sampled_from([None, "delayed", "redelivered"]))
def test_the_index_never_has_a_notification_later_than_it_is_due(
    start: int, busy: int, before: str | None
) -> None:
    note = a_notification()
    if before == "delayed":
        note = delayed(begun(note, NOW, BUSY), "busy", NOW, NOW, counts=False)
    if before == "redelivered":
        note = redelivered(delivered(begun(note, NOW, BUSY), NOW), NOW + timedelta(hours=1))
    begin = NOW + timedelta(seconds=start)

    sending = begun(note, begin, begin + timedelta(seconds=busy))

    assert sending.indexed_due_at is not None
    assert sending.due_at is not None
    assert sending.indexed_due_at <= sending.due_at
