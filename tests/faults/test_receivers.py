"""Faults of the receiver of a notification: rows 11 to 17 of the table."""

import gzip
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from signalbox.models.circuit import CircuitState
from signalbox.models.notification_status import NotificationStatus
from tests.fakes.certificates import FakeAuthority
from tests.fakes.http_server import FakeHttpServer, Fault, Reply
from tests.faults.cases import LONG, some
from tests.faults.conftest import Survive
from tests.faults.scene import Scene, after_effect, trust

HURRY = 0.4
"""Seconds for a whole call where the receiver does not end it."""

NEVER = (Fault.HANG, Fault.DRIP, Fault.DRIP_HEADERS, Fault.ENDLESS)


@pytest.mark.parametrize(
    ("status", "header", "least"),
    some(
        [
            pytest.param(429, "7", 7, id="429 in 7 seconds"),
            pytest.param(429, None, 1, id="429 without a time"),
            pytest.param(429, "-30", 1, id="429 in -30 seconds"),
            pytest.param(429, "999999999999", 43_200, id="429 in 30,000 years"),
            pytest.param(429, "date", 90, id="429 until a date"),
            pytest.param(503, "20", 20, id="503 in 20 seconds"),
        ]
    ),
)
def test_a_receiver_that_asks_to_wait_is_called_again_no_earlier_and_no_attempt_is_used_up(
    scene: Scene, survive: Survive, status: int, header: str | None, least: int
) -> None:
    at = scene.box.clock() + timedelta(seconds=least)
    value = format_datetime(at, usegmt=True) if header == "date" else header
    scene.receiver.replies(Reply(status=status, headers={"Retry-After": value} if value else {}))
    scene.webhook()

    scene.run()

    (note,) = scene.notifications()
    survive(f"{len(scene.receiver.arrivals)} calls, the second after {scene.waits()[0]:.0f} s")
    assert [each >= least for each in scene.waits()] == [True]
    assert note.number == 1


def test_a_receiver_that_always_asks_to_wait_leaves_the_circuit_closed(
    scene: Scene, survive: Survive
) -> None:
    scene.receiver.replies(*[Reply(status=429, headers={"Retry-After": "5"})] * (12 if LONG else 3))
    scene.webhook()

    scene.run()

    survive(f"{len(scene.receiver.arrivals)} calls, no attempt used up")
    assert scene.circuit.state is CircuitState.CLOSED


@pytest.mark.parametrize(
    "reply",
    some(
        [
            pytest.param(Reply(status=500), id="500"),
            pytest.param(Reply(status=502, body=b"<html>"), id="502"),
            pytest.param(Reply(status=504), id="504"),
            pytest.param(Reply(status=500, fault=Fault.RESET), id="reset before the effect"),
            pytest.param(Reply(status=500, fault=Fault.HALF), id="half a response"),
            pytest.param(Reply(status=500, fault=Fault.GARBAGE), id="no HTTP"),
        ]
    ),
)
def test_a_receiver_with_a_fault_that_passes_is_called_again(
    scene: Scene, survive: Survive, reply: Reply
) -> None:
    scene.receiver.replies(reply, reply)
    scene.webhook()

    scene.run()

    waits = ", ".join(f"{wait:.0f} s" for wait in scene.waits())
    survive(f"{len(scene.receiver.arrivals)} calls, after {waits}")
    assert len(scene.receiver.arrivals) == 3


def test_a_receiver_that_is_not_there_is_called_when_it_is_back(
    scene: Scene, survive: Survive
) -> None:
    with FakeHttpServer().running() as gone:
        url = gone.url
    trust(scene, url)
    scene.restart()
    scene.point_to(url)
    scene.webhook()
    scene.attempt()
    scene.point_to(scene.receiver.url)
    scene.box.clock.advance(seconds=60)

    scene.run()

    (note,) = scene.notifications()
    survive(f"{note.number} attempts")
    assert note.number > 1


def test_an_outage_opens_the_circuit_which_recovers_and_nothing_is_given_up(
    scene: Scene, survive: Survive
) -> None:
    before = scene.circuit.version
    scene.receiver.replies(*[Reply(status=500)] * 7)
    for _ in range(2):
        scene.webhook()

    scene.run()

    survive(f"{len(scene.receiver.arrivals)} calls for 2 notifications")
    assert scene.circuit.state is CircuitState.CLOSED
    assert scene.circuit.version > before


@pytest.mark.parametrize("status", some([400, 401, 403, 404, 410, 422]))
def test_a_refusal_is_final_after_one_call_and_an_operator_can_redeliver(
    scene: Scene, survive: Survive, status: int
) -> None:
    scene.receiver.replies(Reply(status=status))
    scene.webhook()
    scene.run()
    (refused,) = scene.notifications()
    calls = len(scene.receiver.arrivals)

    scene.redeliver()

    survive(f"{calls} call, failed: {refused.attempts[-1].reason}; redelivered")
    assert (calls, refused.status) == (1, NotificationStatus.FAILED)


@pytest.mark.parametrize(
    "fault", some([Fault.HANG, Fault.RESET, Fault.HALF, Fault.GARBAGE, *NEVER[1:]])
)
def test_an_effect_whose_response_is_lost_is_repeated_under_the_same_id(
    scene: Scene, survive: Survive, fault: Fault
) -> None:
    scene.receiver.replies(after_effect(fault))
    scene.restart(HURRY if fault in NEVER else 2.0)
    scene.webhook()
    scene.attempt()
    scene.restart()

    scene.run()

    # an endless body with a good status is a success: no more than the limit is read
    survive(f"{len(scene.receiver.arrivals)} calls with one id", repeats=1)


@pytest.mark.parametrize("fault", some(NEVER))
def test_a_response_that_does_not_end_ends_at_the_deadline(
    scene: Scene, survive: Survive, fault: Fault
) -> None:
    scene.receiver.replies(Reply(status=500, fault=fault))
    scene.restart(HURRY)
    scene.webhook()
    scene.attempt()
    scene.restart()

    scene.run()

    survive(f"{len(scene.receiver.arrivals)} calls")
    assert len(scene.receiver.arrivals) == 2


def test_a_response_that_is_a_bomb_is_not_unpacked(scene: Scene, survive: Survive) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    scene.receiver.replies(
        Reply(status=500, headers={"Content-Encoding": "gzip"}, body=bomb),
        Reply(status=200, headers={"Content-Encoding": "gzip"}, body=bomb),
    )
    scene.webhook()

    scene.run()

    survive(f"{len(scene.receiver.arrivals)} calls, 20 MB in {len(bomb) // 1000} KB")


def test_a_redirect_is_not_followed_and_an_operator_can_redeliver(
    scene: Scene, survive: Survive
) -> None:
    with FakeHttpServer().running() as elsewhere:
        trust(scene, elsewhere.url)
        scene.restart()
        scene.receiver.replies(Reply(status=307, headers={"Location": f"{elsewhere.url}/in"}))
        scene.webhook()
        scene.run()
        (refused,) = scene.notifications()

        scene.redeliver()

        survive(f"failed: {refused.attempts[-1].reason}; redelivered")
        assert refused.status is NotificationStatus.FAILED
        assert not elsewhere.received


@pytest.mark.parametrize(
    ("host", "days"),
    some(
        [
            pytest.param("127.0.0.1", 1, id="unknown authority"),
            pytest.param("example.com", 1, id="another host"),
            pytest.param("127.0.0.1", -1, id="expired"),
        ]
    ),
)
def test_a_bad_certificate_is_refused_before_anything_is_sent(
    scene: Scene, survive: Survive, tmp_path: Path, host: str, days: int
) -> None:
    tls = FakeAuthority(tmp_path).server(host, left=timedelta(days=days))
    with FakeHttpServer(tls).running() as stranger:
        trust(scene, stranger.url)
        scene.restart()
        scene.point_to(stranger.url)
        scene.webhook()
        scene.run()
        (refused,) = scene.notifications()
        scene.point_to(scene.receiver.url)
        scene.box.clock.advance(seconds=60)

        scene.redeliver()

        survive(f"failed: {refused.attempts[-1].reason}; redelivered")
        assert refused.status is NotificationStatus.FAILED
        assert "certificate" in str(refused.attempts[-1].reason)
        assert not stranger.received
