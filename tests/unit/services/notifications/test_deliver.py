from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from signalbox.models.connection import Connection
from signalbox.models.delivery_policy import DEFAULT_RETRY, MAX_ATTEMPTS
from signalbox.models.errors import SendDelayed, SendRefused, Unavailable
from signalbox.models.hold import DISABLED, held, released_from_hold
from signalbox.models.ids import ConnectionId
from signalbox.models.notification import Hold, Notification, SendResult, begun, delayed, delivered
from signalbox.models.notification_status import NotificationStatus
from signalbox.services.notifications.deliver import ATTEMPT_TIMEOUT
from signalbox.services.notifications.outcomes import Done, Later
from tests.builders import NOW, a_connection, a_notification
from tests.fakes.config import FakeConfigStore, FakeSecretStore
from tests.fakes.delivery import SECRET, SECRET_NAME
from tests.fakes.edges import FakeConnector
from tests.unit.services.delivering import Rig

MINUTE = timedelta(minutes=1)


def test_a_notification_is_sent_and_recorded_as_delivered() -> None:
    rig = Rig()

    outcome = rig()

    assert outcome == Done(result=SendResult.DELIVERED)
    assert rig.kept.status is NotificationStatus.DELIVERED
    assert [attempt.outcome for attempt in rig.kept.attempts] == ["delivered"]
    ((sent, connection, secrets),) = rig.connector.sent
    assert (sent.id, connection, secrets) == (rig.note.id, a_connection(), (SECRET,))


def test_a_second_message_finds_nothing_to_do() -> None:
    rig = Rig()
    rig()

    outcome = rig()

    assert outcome == Done(result=SendResult.FINISHED, reason="delivered")
    assert rig.tries == 1


def test_a_forgotten_notification_is_done_with() -> None:
    rig = Rig()
    rig.store.kept.clear()

    assert rig() == Done(result=SendResult.EXPIRED)
    assert rig.tries == 0


def test_while_another_attempt_is_under_way_the_message_waits() -> None:
    rig = Rig(note=begun(a_notification(), NOW, NOW + MINUTE))

    outcome = rig()

    assert outcome == Later(result=SendResult.NOT_DUE, after=MINUTE)
    assert rig.tries == 0


def test_a_message_that_comes_before_its_time_waits() -> None:
    first = begun(a_notification(), NOW, NOW + ATTEMPT_TIMEOUT)
    rig = Rig(note=delayed(first, "later", NOW + MINUTE, NOW, counts=True))

    assert rig() == Later(result=SendResult.NOT_DUE, after=MINUTE)
    assert rig.tries == 0
    rig.clock.advance(MINUTE)
    assert rig() == Done(result=SendResult.DELIVERED)


def test_a_refusal_is_final() -> None:
    rig = Rig(SendRefused("Slack answered 404 channel_not_found"))

    outcome = rig()

    assert outcome == Done(result=SendResult.FAILED, reason="Slack answered 404 channel_not_found")
    assert rig.kept.status is NotificationStatus.FAILED
    assert rig.tries == 1


def test_trouble_is_an_attempt_and_comes_back() -> None:
    rig = Rig(SendDelayed("Slack answered 503"))

    outcome = rig()

    assert isinstance(outcome, Later)
    assert outcome.result == SendResult.DELAYED
    assert outcome.reason == "Slack answered 503"
    assert timedelta(seconds=1) <= outcome.after <= timedelta(seconds=5)
    assert rig.kept.next_at == NOW + outcome.after
    assert rig.kept.number == 1


def test_being_told_to_wait_is_no_attempt() -> None:
    rig = Rig(SendDelayed("Slack answered 429", MINUTE))

    outcome = rig()

    assert isinstance(outcome, Later)
    assert MINUTE <= outcome.after <= 1.1 * MINUTE
    assert rig.kept.number == 0
    assert rig.kept.status is NotificationStatus.QUEUED


def test_the_attempts_run_out() -> None:
    rig = Rig(*[SendDelayed("Slack answered 503")] * MAX_ATTEMPTS)

    outcome = rig()
    while isinstance(outcome, Later):
        rig.clock.advance(outcome.after)
        outcome = rig()

    assert outcome == Done(result=SendResult.DEAD, reason="Slack answered 503")
    assert rig.tries == MAX_ATTEMPTS


def test_the_time_runs_out_for_those_who_are_told_to_wait() -> None:
    rig = Rig(*[SendDelayed("Slack answered 429", timedelta(hours=11))] * 10)

    outcome = rig()
    while isinstance(outcome, Later):
        rig.clock.advance(outcome.after)
        outcome = rig()

    assert outcome.result == SendResult.DEAD
    assert rig.clock() - NOW <= DEFAULT_RETRY.give_up_after


def test_those_who_are_told_to_come_back_at_once_for_days_do_not_wear_out_their_message() -> None:
    rig = Rig(*[SendDelayed("Slack answered 429", timedelta(seconds=1))] * 2_000)
    received = 0

    while rig.kept.open:
        received += 1
        outcome = rig()
        if isinstance(outcome, Later):
            rig.clock.advance(seconds=outcome.after.total_seconds())

    assert received < 900  # the queue hands a message out 1,000 times
    assert rig.clock() - rig.note.queued_at > timedelta(hours=71)


def test_however_late_it_is_one_attempt_is_made() -> None:
    rig = Rig()
    rig.clock.advance(2 * DEFAULT_RETRY.give_up_after)

    assert rig() == Done(result=SendResult.DELIVERED)


@pytest.mark.parametrize(
    ("connection", "reason"),
    [
        (None, "no longer exists"),
        (a_connection(connector="jira"), "jira"),
    ],
)
def test_a_connection_that_cannot_be_used_refuses(
    connection: Connection | None, reason: str
) -> None:
    rig = Rig()
    rig.config.remove(a_connection())
    if connection:
        rig.config.put(connection)

    outcome = rig()

    assert isinstance(outcome, Done)
    assert outcome.result == SendResult.FAILED
    assert reason in (outcome.reason or "")
    assert rig.tries == 0


def test_secrets_that_cannot_be_read_are_waited_for() -> None:
    rig = Rig()
    rig.secrets.down = True

    outcome = rig()

    assert isinstance(outcome, Later)
    assert rig.kept.number == 1
    assert rig.tries == 0


def test_a_secret_changed_meanwhile_is_read_again() -> None:
    rig = Rig(None, SendRefused("invalid_auth"))
    rig()
    other = a_notification()
    rig.store.create(other)
    rig.secrets.put(SECRET_NAME, ["the-new-one", SECRET])

    outcome = rig.deliver(other.task_id, other.id)

    assert outcome == Done(result=SendResult.DELIVERED)
    assert [secrets for _, _, secrets in rig.connector.sent] == [
        (SECRET,),
        (SECRET,),
        ("the-new-one", SECRET),
    ]


def test_a_refusal_that_may_be_for_an_old_secret_is_not_final_while_nobody_can_tell() -> None:
    rig = Rig(SendRefused("invalid_auth"))

    class Silent(FakeSecretStore):
        def refresh(self, name: str) -> Sequence[str]:
            raise Unavailable(f"{name} did not answer")

    silent = Silent(rig.clock, {SECRET_NAME: [SECRET]})
    rig.deliver = replace(rig.deliver, attempt=replace(rig.deliver.attempt, secrets=silent))

    assert isinstance(rig(), Later)
    assert rig.kept.open


@pytest.mark.parametrize(
    "error",
    [
        SendRefused(f"they said {SECRET} and xoxb-1-abc"),
        SendDelayed(f"they said {SECRET} and xoxb-1-abc"),
        SendDelayed("long " * 1_000),
        SendRefused("long " * 1_000),
    ],
)
def test_a_reason_holds_no_secret_and_is_short(error: Exception) -> None:
    rig = Rig(error)

    outcome = rig()

    for text in (outcome.reason or "", rig.kept.model_dump_json()):
        assert SECRET not in text
        assert "xoxb-1" not in text
    assert len(outcome.reason or "") <= 300


def test_a_delivered_one_is_left_alone_however_often_it_comes() -> None:
    rig = Rig(note=delivered(begun(a_notification(), NOW, NOW + ATTEMPT_TIMEOUT), NOW))
    before = rig.kept

    outcomes = {rig() for _ in range(3)}

    assert outcomes == {Done(result=SendResult.FINISHED, reason="delivered")}
    assert rig.kept == before


def test_a_notification_of_a_disabled_connection_is_held_without_an_attempt() -> None:
    rig = Rig()
    rig.config.put(a_connection(enabled=False))

    outcome = rig()

    assert outcome == Done(result=SendResult.HELD, reason="the connection is disabled")
    assert (rig.kept.status, rig.kept.number) == (NotificationStatus.QUEUED, 0)
    assert rig.kept.hold == Hold(reason="the connection is disabled", since=NOW)
    assert (rig.tries, rig.kept.due_at) == (0, None)


def test_a_held_one_that_comes_again_is_not_written_again() -> None:
    rig = Rig()
    rig.config.put(a_connection(enabled=False))
    rig()

    outcomes = {rig() for _ in range(3)}

    assert outcomes == {Done(result=SendResult.HELD, reason="the connection is disabled")}
    assert len(rig.store.written) == 1


def test_a_held_one_whose_connection_is_enabled_is_sent() -> None:
    rig = Rig(note=held(a_notification(), DISABLED, NOW))

    assert rig() == Done(result=SendResult.DELIVERED)
    assert rig.kept.hold is None


def test_a_connection_that_was_enabled_a_moment_ago_is_read_again() -> None:
    rig = Rig()
    stale = [a_connection(enabled=False)]

    class Cached(FakeConfigStore):
        def connection(self, connection: ConnectionId) -> Connection:
            return stale[0] if stale else super().connection(connection)

        def invalidate(self) -> None:
            stale.clear()

    rig.deliver = replace(rig.deliver, config=Cached(a_connection()))

    assert rig() == Done(result=SendResult.DELIVERED)


def test_a_connection_that_is_disabled_during_an_attempt_holds_it_without_counting() -> None:
    class Disabling(FakeConnector):
        def send(
            self, notification: Notification, connection: Connection, secrets: Sequence[str]
        ) -> None:
            rig.config.put(a_connection(enabled=False))
            super().send(notification, connection, secrets)

    rig = Rig()
    disabling = Disabling(SendRefused("channel_not_found"), name="slack")
    rig.deliver = replace(rig.deliver, attempt=replace(rig.deliver.attempt, connector=disabling))

    outcome = rig()

    assert outcome == Done(result=SendResult.HELD, reason="the connection is disabled")
    assert (rig.kept.status, rig.kept.number) == (NotificationStatus.QUEUED, 0)


def test_an_attempt_without_an_end_is_on_record_when_its_notification_is_held() -> None:
    rig = Rig(note=begun(a_notification(), NOW, NOW + MINUTE))
    rig.config.put(a_connection(enabled=False))
    rig.clock.advance(2 * MINUTE)

    rig()

    assert [(each.outcome, each.at) for each in rig.kept.attempts] == [("unknown", NOW)]
    assert rig.kept.number == 1


def test_a_released_one_has_all_of_the_time_for_its_attempts() -> None:
    later = NOW + 2 * DEFAULT_RETRY.give_up_after
    rig = Rig(
        SendDelayed("Slack answered 503"),
        note=released_from_hold(held(a_notification(), DISABLED, NOW), later),
    )
    rig.clock.now = later

    outcome = rig()

    assert outcome.result == SendResult.DELAYED
    assert rig.kept.open
