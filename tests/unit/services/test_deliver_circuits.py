from collections.abc import Callable
from datetime import timedelta

import pytest

from signalbox.models.circuit import CircuitState
from signalbox.models.delivery_policy import DEFAULT_RETRY, MAX_ATTEMPTS
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.notification import Notification, SendResult, redelivered
from signalbox.models.notification_status import NotificationStatus
from signalbox.services.notifications.outcomes import Done, Later, Outcome
from tests.builders import a_connection, a_notification
from tests.contract.circuits import OPEN, TEAM
from tests.unit.services.delivering import Rig

TIMEOUT = SendDelayed("there was no whole answer in 10 seconds")
TOLD = SendDelayed("Slack answered 503", timedelta(minutes=1))
TOO_MANY = SendDelayed("Slack answered 429", timedelta(minutes=1))
REFUSED = SendRefused("Slack answered 404 channel_not_found")


def another(rig: Rig) -> Callable[[], Outcome]:
    """Delivers another notification, as often as it is called."""
    note = a_notification()
    note = note.model_copy(update={"queued_at": rig.clock()})
    rig.store.create(note)
    rig.note = note
    return lambda: rig.deliver(note.task_id, note.id)


def opened(*later: Exception | None) -> Rig:
    """Five timeouts, and what comes after them."""
    rig = Rig(*[TIMEOUT] * 5, *later)
    for _ in range(5):
        another(rig)()
    assert rig.circuits.kept[TEAM].state is CircuitState.OPEN
    return rig


def until_probe(rig: Rig) -> None:
    until = rig.circuits.kept[TEAM].blocked_until
    assert until
    rig.clock.now = max(rig.clock.now, until)


def test_five_timeouts_open_the_circuit_and_nothing_is_attempted_or_counted() -> None:
    rig = opened()
    deliver = another(rig)
    before = rig.kept
    writes = len(rig.store.written)

    outcome = deliver()

    assert isinstance(outcome, Later)
    assert outcome.result == SendResult.CIRCUIT_OPEN
    assert timedelta(seconds=4) <= outcome.after <= timedelta(seconds=8)
    assert rig.kept == before
    assert (rig.tries, len(rig.store.written)) == (5, writes)


def test_after_two_probes_that_went_well_all_are_delivered() -> None:
    rig = opened()
    until_probe(rig)

    states = []
    for _ in range(3):
        assert another(rig)() == Done(result=SendResult.DELIVERED)
        states.append(rig.circuits.kept[TEAM].state)

    assert states == [CircuitState.HALF_OPEN, CircuitState.CLOSED, CircuitState.CLOSED]


def test_a_probe_that_times_out_is_an_attempt_and_all_others_wait_for_longer() -> None:
    rig = opened(TIMEOUT)
    until_probe(rig)

    assert another(rig)().result == SendResult.DELAYED

    assert rig.kept.number == 1
    assert another(rig)().result == SendResult.CIRCUIT_OPEN
    assert rig.circuits.kept[TEAM].streak == 2


@pytest.mark.parametrize("answer", [TOLD, TOO_MANY, REFUSED, None])
def test_whatever_the_far_side_says_never_opens_it(answer: Exception | None) -> None:
    rig = Rig(*[answer] * 30)

    for _ in range(30):
        another(rig)()

    assert rig.tries == 30
    assert not rig.circuits.kept
    assert "replace" not in rig.circuits.calls


@pytest.mark.parametrize("answer", [TOLD, TOO_MANY, REFUSED, None])
def test_whatever_the_far_side_says_a_probe_has_heard(answer: Exception | None) -> None:
    rig = opened(answer, answer)

    for _ in range(2):
        until_probe(rig)
        another(rig)()

    assert rig.circuits.kept[TEAM].state is CircuitState.CLOSED


def test_trouble_of_our_own_neither_opens_nor_closes_it() -> None:
    well, ill = Rig(), Rig()
    ill.circuits.kept[TEAM] = OPEN
    until_probe(ill)

    for rig in (well, ill):
        rig.secrets.down = True
        for _ in range(9):
            another(rig)()
        rig.secrets.down = False
        rig.config.put(a_connection(enabled=False))
        for _ in range(9):
            another(rig)()

    assert not well.circuits.kept
    assert ill.circuits.kept[TEAM].state is CircuitState.HALF_OPEN
    assert (well.tries, ill.tries) == (0, 0)


def test_a_probe_that_loses_its_notification_leaves_the_place_to_the_next() -> None:
    rig = opened()
    until_probe(rig)
    rig.store.loses_at = len(rig.store.written) + 1
    assert another(rig)().result == SendResult.ATTEMPT_IN_PROGRESS

    assert another(rig)() == Done(result=SendResult.DELIVERED)


def test_a_store_of_circuits_that_is_down_stops_nothing() -> None:
    rig = opened()
    rig.circuits.down = True
    rig.clock.advance(seconds=10)

    assert another(rig)() == Done(result=SendResult.DELIVERED)


def test_while_nothing_is_heard_each_notification_ends_after_72_hours() -> None:
    rig = Rig(*[TIMEOUT] * 10_000)
    started = rig.clock()
    due = {another(rig): started for _ in range(20)}
    kept = list(rig.store.kept)

    while due:
        deliver = min(due, key=lambda each: due[each])
        rig.clock.now = max(rig.clock.now, due.pop(deliver))
        outcome = deliver()
        if isinstance(outcome, Later):
            due[deliver] = rig.clock() + outcome.after

    ended = [rig.store.kept[place] for place in kept][1:]
    assert {note.status for note in ended} == {NotificationStatus.DEAD}
    assert rig.clock() - started <= DEFAULT_RETRY.give_up_after
    assert max(note.number for note in ended) <= MAX_ATTEMPTS
    assert rig.tries < 1_000


def test_a_message_that_waits_for_72_hours_comes_fewer_times_than_its_queue_allows() -> None:
    rig = Rig(*[TIMEOUT] * 10_000)
    received = 0
    waiting = another(rig)
    for _ in range(5):
        another(rig)()

    outcome = waiting()
    while isinstance(outcome, Later):
        received += 1
        rig.clock.advance(outcome.after)
        if rig.circuits.kept[TEAM].state is CircuitState.OPEN:
            another(rig)()  # somebody else probes first
        outcome = waiting()

    assert outcome.reason == "the circuit was open until the end"
    assert 500 < received < 1_000


def test_what_is_owed_once_more_gets_through_when_the_circuit_may_be_probed() -> None:
    rig = opened()
    deliver = another(rig)
    ended: Notification = rig.kept.model_copy(update={"status": NotificationStatus.DEAD})
    rig.store.kept[ended.task_id, ended.id] = redelivered(ended, rig.clock())

    outcome = deliver()
    assert isinstance(outcome, Later)
    rig.clock.advance(outcome.after)

    assert deliver() == Done(result=SendResult.DELIVERED)
