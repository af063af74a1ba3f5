from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.connection import Connection
from signalbox.models.delivery_policy import MAX_ATTEMPTS
from signalbox.models.errors import Unavailable
from signalbox.models.notification import Notification, SendResult, begun
from signalbox.models.notification_status import NotificationStatus
from signalbox.services.notifications.deliver import ATTEMPT_TIMEOUT
from signalbox.services.notifications.outcomes import RETRY_SOON, Done, Later, Outcome
from tests.builders import NOW, a_notification
from tests.fakes.edges import FakeConnector
from tests.fakes.tasks import FakeNotificationStore
from tests.unit.services.delivering import Rig


def test_the_attempt_is_on_record_before_it_is_made() -> None:
    rig = Rig()

    rig()

    ((sent, _, _),) = rig.connector.sent
    assert rig.store.written[0] == sent
    assert sent.status is NotificationStatus.SENDING
    assert sent.busy_until == NOW + ATTEMPT_TIMEOUT


def test_who_loses_the_beginning_does_not_send() -> None:
    rig = Rig()
    rig.store.loses_at = 1

    outcome = rig()

    assert outcome == Later(result=SendResult.ATTEMPT_IN_PROGRESS, after=RETRY_SOON)
    assert rig.tries == 0


def test_an_attempt_that_died_is_taken_up_after_its_time() -> None:
    rig = Rig(note=begun(a_notification(), NOW, NOW + ATTEMPT_TIMEOUT))
    rig.clock.advance(ATTEMPT_TIMEOUT)

    outcome = rig()

    assert outcome == Done(result=SendResult.DELIVERED)
    assert [attempt.outcome for attempt in rig.kept.attempts] == ["unknown", "delivered"]


def test_attempts_that_die_again_and_again_run_out_too() -> None:
    rig = Rig()
    note = rig.note
    for _ in range(MAX_ATTEMPTS):
        note = begun(note, rig.clock(), rig.clock() + ATTEMPT_TIMEOUT)
        rig.clock.advance(ATTEMPT_TIMEOUT)
    rig.store.kept[note.task_id, note.id] = note

    outcome = rig()

    assert outcome == Done(result=SendResult.DEAD, reason="no attempts are left")
    assert rig.tries == 0


def test_an_end_that_cannot_be_written_down_is_met_again() -> None:
    rig = Rig()
    rig.store.loses_at = 2

    outcome = rig()

    assert outcome == Later(result=SendResult.SUPERSEDED, after=RETRY_SOON)
    assert rig.tries == 1


def test_where_not_even_the_beginning_can_be_written_nothing_is_sent() -> None:
    rig = Rig()
    rig.store.down = True

    with pytest.raises(Unavailable):
        rig()

    assert rig.tries == 0


def test_a_defect_of_a_connector_is_not_hidden() -> None:
    rig = Rig(KeyError("oops"))

    with pytest.raises(KeyError):
        rig()

    assert rig.kept.status is NotificationStatus.SENDING


class Crash(BaseException):
    """The process is gone."""


class Doom:
    """Dies at one of the steps to come."""

    def __init__(self) -> None:
        self.left = 0

    def step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Crash


class DoomedStore(FakeNotificationStore):
    """Dies before or after a write."""

    def __init__(self, doom: Doom, note: Notification) -> None:
        super().__init__(note)
        self._doom = doom

    def replace(self, before: Notification, after: Notification) -> None:
        self._doom.step()
        super().replace(before, after)
        self._doom.step()


class DoomedConnector(FakeConnector):
    """Dies before or after the effect."""

    def __init__(self, doom: Doom) -> None:
        super().__init__(name="slack")
        self._doom = doom

    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        self._doom.step()
        super().send(notification, connection, secrets)
        self._doom.step()


@given(crashes=st.lists(st.integers(0, 5), max_size=MAX_ATTEMPTS - 1))
def test_whatever_dies_whenever_it_ends_delivered(crashes: list[int]) -> None:
    rig, doom = Rig(), Doom()
    far, store = DoomedConnector(doom), DoomedStore(doom, rig.note)
    rig.deliver = replace(
        rig.deliver, attempt=replace(rig.deliver.attempt, connector=far), notifications=store
    )
    outcome: Outcome | None = None

    for doom.left in [*crashes, 100]:
        try:
            outcome = rig()
        except Crash:
            rig.clock.advance(ATTEMPT_TIMEOUT)

    assert isinstance(outcome, Done)
    assert "delivered" in {outcome.result, outcome.reason}
    assert outcome.result in {SendResult.DELIVERED, SendResult.FINISHED}
    assert 1 <= len(far.sent) <= 1 + len(crashes)
