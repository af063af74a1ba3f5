from datetime import timedelta
from itertools import pairwise

import pytest

from signalbox.models.burst import BurstWindow
from signalbox.models.delivery_policy import RetryPolicy, SendRate
from signalbox.models.errors import SendDelayed
from signalbox.models.notification import SendResult
from signalbox.models.notification_status import NotificationStatus
from signalbox.services.notifications.deliver import DeliverNotification
from signalbox.services.notifications.outcomes import Done, Later
from tests.builders import NOW, a_connection, a_notification
from tests.contract.circuits import OPEN, TEAM
from tests.unit.services.delivering import Rig

TWO_SECONDS = SendRate(rate=30, per=BurstWindow.MINUTE)
SECOND = timedelta(seconds=1)


def limited(*outcomes: Exception | None, **policy: object) -> Rig:
    rig = Rig(*outcomes)
    rig.config.put(a_connection(rate_limit=TWO_SECONDS, **policy))
    return rig


def test_under_the_limit_a_notification_is_sent_at_once() -> None:
    rig = limited()

    assert rig() == Done(result=SendResult.DELIVERED)
    assert len(rig.store.written) == 2  # as without a limit


def test_over_the_limit_each_waits_for_a_slot_of_its_own_and_no_attempt_is_counted() -> None:
    rig = limited()
    rig()
    others = [a_notification() for _ in range(3)]
    for note in others:
        rig.store.create(note)

    outcomes = [rig.deliver(note.task_id, note.id) for note in others]

    assert outcomes == [
        Later(result=SendResult.RATE_LIMITED, after=seconds * SECOND) for seconds in (2, 4, 6)
    ]
    kept = [rig.store.get(note.task_id, note.id) for note in others]
    assert {(note.status, note.number) for note in kept} == {(NotificationStatus.QUEUED, 0)}
    assert rig.tries == 1


def test_whoever_comes_in_its_slot_is_sent_without_another_one() -> None:
    rig = limited()
    rig()
    note = a_notification()
    rig.store.create(note)
    rig.deliver(note.task_id, note.id)
    free_at = dict(rig.send_slots.free_at)

    rig.clock.advance(3 * SECOND)

    assert rig.deliver(note.task_id, note.id) == Done(result=SendResult.DELIVERED)
    assert rig.send_slots.free_at == free_at


def test_a_crowd_is_sent_at_the_rate_of_its_connection_with_two_messages_each() -> None:
    rig = limited()
    notes = [a_notification() for _ in range(100)]
    for note in notes:
        rig.store.create(note)
    received, due = 0, {note.id: NOW for note in notes}
    sent = []

    while due:
        note = min(notes, key=lambda note: due.get(note.id, NOW + timedelta(days=9)))
        rig.clock.now = max(rig.clock.now, due[note.id])
        received += 1
        outcome = rig.deliver(note.task_id, note.id)
        if isinstance(outcome, Later):
            due[note.id] = rig.clock() + outcome.after
        else:
            sent.append(rig.clock())
            del due[note.id]

    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert set(gaps) == {2 * SECOND}
    assert received <= 2 * len(notes)


def test_whoever_comes_long_after_its_slot_takes_another_one() -> None:
    rig = limited()
    rig()
    note = a_notification()
    rig.store.create(note)
    rig.deliver(note.task_id, note.id)

    rig.clock.advance(timedelta(hours=1))
    rig.send_slots.free_at[TEAM] = rig.clock() + 5 * SECOND

    assert rig.deliver(note.task_id, note.id) == Later(
        result=SendResult.RATE_LIMITED, after=5 * SECOND
    )


def test_each_attempt_needs_a_slot() -> None:
    rig = limited(SendDelayed("Slack answered 503"), None)
    first = rig()
    assert isinstance(first, Later)
    rig.send_slots.free_at[TEAM] = rig.clock() + timedelta(minutes=1)

    rig.clock.advance(first.after)

    assert rig().result == SendResult.RATE_LIMITED


def test_where_the_slots_cannot_be_read_there_is_no_limit() -> None:
    rig = limited()
    rig.send_slots.down = True
    rig.send_slots.free_at[TEAM] = NOW + timedelta(hours=1)

    assert rig() == Done(result=SendResult.DELIVERED)


def test_a_notification_without_a_slot_in_time_is_dead_with_the_reason() -> None:
    rig = limited(retry=RetryPolicy(give_up_hours=1))
    rig.send_slots.free_at[TEAM] = NOW + timedelta(hours=2)

    reason = "the rate limit of the connection leaves no time"
    assert rig() == Done(result=SendResult.DEAD, reason=reason)
    assert rig.kept.attempts[-1].reason == reason


def test_a_flood_that_is_given_up_leaves_the_slots_after_it_to_others() -> None:
    rig = limited(retry=RetryPolicy(give_up_hours=1))
    rig.send_slots.free_at[TEAM] = NOW + timedelta(hours=2)
    for _ in range(100):
        flooding = a_notification()
        rig.store.create(flooding)
        rig.deliver(flooding.task_id, flooding.id)

    rig.clock.advance(timedelta(hours=1.5))
    later = a_notification(created_at=rig.clock(), queued_at=rig.clock())
    rig.store.create(later)

    assert rig.deliver(later.task_id, later.id) == Later(
        result=SendResult.RATE_LIMITED, after=timedelta(hours=0.5)
    )


def test_a_slot_that_is_later_than_a_queue_can_hide_a_message_is_waited_for() -> None:
    rig = limited()
    rig.send_slots.free_at[TEAM] = NOW + timedelta(hours=30)
    rig()

    rig.clock.advance(timedelta(hours=12))
    early = rig()
    rig.clock.advance(timedelta(hours=18))

    assert early == Later(result=SendResult.NOT_DUE, after=timedelta(hours=18))
    assert rig() == Done(result=SendResult.DELIVERED)


def test_whoever_loses_the_race_for_its_notification_comes_again() -> None:
    rig = limited()
    rig.send_slots.free_at[TEAM] = NOW + timedelta(minutes=1)
    rig.store.loses_at = 1

    assert rig().result == SendResult.ATTEMPT_IN_PROGRESS


def test_a_probe_that_waits_for_a_slot_leaves_its_place_to_the_next() -> None:
    rig = limited()
    rig.circuits.kept[TEAM] = OPEN
    assert OPEN.open_until
    rig.clock.now = OPEN.open_until
    rig.send_slots.free_at[TEAM] = rig.clock() + 5 * SECOND

    waiting = rig()
    probe = rig.circuits.kept[TEAM]

    assert waiting.result == SendResult.RATE_LIMITED
    assert probe.blocked_until == rig.clock()


@pytest.mark.parametrize(
    ("policy", "attempts"),
    [(RetryPolicy(max_attempts=1), 1), (RetryPolicy(waits=(10, 60)), 3), (RetryPolicy(), 12)],
)
def test_a_connection_has_attempts_of_its_own(policy: RetryPolicy, attempts: int) -> None:
    rig = Rig(*[SendDelayed("it answered 503")] * 20)
    rig.config.put(a_connection(retry=policy))

    waits = exhaust(rig, rig.deliver)

    assert rig.kept.status is NotificationStatus.DEAD
    assert rig.tries == attempts
    for wait, seconds in zip(waits, policy.waits, strict=False):
        assert 0.9 * seconds * SECOND <= wait <= 1.1 * seconds * SECOND


def test_a_connection_gives_up_when_it_says() -> None:
    rig = Rig(*[SendDelayed("it answered 429", timedelta(minutes=20))] * 20)
    rig.config.put(a_connection(retry=RetryPolicy(give_up_hours=1)))

    exhaust(rig, rig.deliver)

    assert rig.kept.status is NotificationStatus.DEAD
    assert rig.clock() - NOW <= timedelta(hours=1)


def exhaust(rig: Rig, deliver: DeliverNotification) -> list[timedelta]:
    """The waits until nothing is left to do."""
    waits = []
    while isinstance(outcome := deliver(rig.note.task_id, rig.note.id), Later):
        waits.append(outcome.after)
        rig.clock.advance(outcome.after)
    return waits
