"""Events reach every subscriber in order, and whoever is gone or slow delays nobody."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest

from signalbox.models.errors import Conflict, Forbidden, PayloadInvalid
from signalbox.models.ids import SocketId
from signalbox.models.principal import Principal, Scope
from signalbox.models.realtime import (
    CHANNEL_LIFETIME,
    MAX_FRAME_BYTES,
    MAX_TOPICS,
    RESUME_WINDOW,
    EventPosition,
    RealtimeEvent,
    TopicSubscription,
)
from signalbox.services.ports.realtime import FrameOutcome
from signalbox.services.realtime.frames import event_frame
from signalbox.services.realtime.send import SENDER_LEASE, SOCKETS_AT_ONCE
from tests.builders import NOW
from tests.fakes.realtime import FakeSockets
from tests.unit.services.live import LiveUpdates, a_change

TASK = "tsk_" + "a" * 24
OTHER = "tsk_" + "b" * 24


@pytest.fixture
def live() -> LiveUpdates:
    return LiveUpdates()


def test_every_subscriber_receives_every_event_in_order(live: LiveUpdates) -> None:
    for name in ("first", "second"):
        live.subscribe(live.connect(name))

    live.change(a_change("a"), a_change("b"))
    live.change(a_change("c"))

    assert live.keys("first") == live.keys("second") == ["a", "b", "c"]
    ids = [frame["id"] for frame in live.frames()]
    assert len(set(ids)) == 3


def test_a_frame_is_a_cloud_event_of_its_topic(live: LiveUpdates) -> None:
    live.subscribe(live.connect(), f"task/{TASK}")

    live.change(a_change("a"))

    (frame,) = live.frames()
    assert frame.pop("id").startswith("tasks:")
    assert frame == {
        "specversion": "1.0",
        "source": "/signalbox/test",
        "type": "signalbox.task.created",
        "subject": TASK,
        "time": "2026-03-01T12:00:00.000000Z",
        "datacontenttype": "application/json",
        "topic": f"task/{TASK}",
        "data": {"key": "a"},
    }


def test_filters_and_the_task_of_a_topic_leave_out_other_events(live: LiveUpdates) -> None:
    live.subscribe(live.connect("first"), "tasks", status="failed", priority="high")
    live.subscribe(live.connect("second"), f"task/{OTHER}")

    live.change(
        a_change("a", status="failed", priority="high"),
        a_change("b", status="failed", priority="low"),
        a_change("c", status="pending", priority="high", subject=OTHER),
    )

    assert live.keys("first") == ["a"]
    assert live.keys("second") == ["c"]


def test_nothing_is_stored_while_nobody_subscribes(live: LiveUpdates) -> None:
    live.change(a_change("a"))
    live.subscribe(live.connect())
    live.clock.advance(CHANNEL_LIFETIME)
    live.change(a_change("b"))

    assert not live.channels.kept["tasks"]


def test_a_change_that_the_stream_delivers_again_is_sent_once(live: LiveUpdates) -> None:
    live.subscribe(live.connect())

    for _ in range(2):
        live.change(a_change("a"), a_change("b"))
    live.change(a_change("b"), a_change("c"))

    assert live.keys() == ["a", "b", "c"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_what_is_sent_while_a_client_subscribes_reaches_it_once(
    live: LiveUpdates, moment: str
) -> None:
    class Busy(FakeSockets):
        def subscribe(self, subscription: TopicSubscription) -> None:
            if moment == "after":
                super().subscribe(subscription)
            live.change(a_change("a"))
            if moment == "before":
                super().subscribe(subscription)

    live.subscribe(live.connect("other"))
    live.sockets = Busy(kept=live.sockets.kept, subscriptions=live.sockets.subscriptions)

    live.subscribe(live.connect("first"))

    assert live.keys("first") == live.keys("other") == ["a"]


def test_two_processes_that_write_by_turns_repeat_nothing(live: LiveUpdates) -> None:
    live.subscribe(live.connect())
    (one, send), (other, _) = live.process(), live.process()

    for publish, key in ((one, "a"), (other, "b"), (one, "b"), (other, "a"), (one, "c")):
        publish("tasks", [a_change(key)])
    send("tasks", lambda _: False)

    assert live.keys() == ["a", "b", "c"]


def test_a_client_resumes_after_its_last_event(live: LiveUpdates) -> None:
    live.subscribe(live.connect("first"))
    live.change(a_change("a"), a_change("b"), a_change("c"))
    live.sockets.remove(SocketId("first"))
    live.change(a_change("d"))
    last = live.frames("first")[1]["id"]

    result = live.subscribe(live.connect("second"), after=last)
    live.change(a_change("e"))

    assert result.resumed
    assert live.keys("second") == ["c", "d", "e"]


def test_a_client_that_received_nothing_yet_resumes_after_its_subscription(
    live: LiveUpdates,
) -> None:
    after = live.subscribe(live.connect("first")).after
    live.sockets.remove(SocketId("first"))
    live.change(a_change("a"))

    result = live.subscribe(live.connect("second"), after=after)

    assert result.resumed
    assert live.keys("second") == ["a"]


def test_after_a_quiet_time_there_is_nothing_to_miss(live: LiveUpdates) -> None:
    live.subscribe(live.connect("first"))
    live.change(a_change("a"))
    last = live.frames("first")[0]["id"]
    live.clock.advance(timedelta(hours=1))

    assert live.subscribe(live.connect("second"), after=last).resumed


@pytest.mark.parametrize("after", ["tasks:1.0", "tasks:99", "-1.0", "x" * 90, ""])
def test_an_id_that_is_unknown_does_not_resume(live: LiveUpdates, after: str) -> None:
    live.subscribe(live.connect("first"))
    live.change(a_change("a"))

    result = live.subscribe(live.connect("second"), after=after or "0")
    live.change(a_change("b"))

    assert not result.resumed
    assert live.keys("second") == ["b"]


def test_who_was_away_for_too_long_learns_that_events_were_missed(live: LiveUpdates) -> None:
    live.subscribe(live.connect("first"))
    live.change(a_change("a"))
    last = live.frames("first")[0]["id"]
    live.change(a_change("b"))
    live.clock.advance(RESUME_WINDOW + timedelta(seconds=1))

    result = live.subscribe(live.connect("second"), after=last)

    assert not result.resumed
    assert live.keys("second") == []


def test_an_id_from_before_a_pause_of_the_channel_does_not_resume(live: LiveUpdates) -> None:
    live.subscribe(live.connect("first"))
    live.change(a_change("a"))
    last = live.frames("first")[0]["id"]
    live.clock.advance(CHANNEL_LIFETIME)
    live.change(a_change("b"))

    assert not live.subscribe(live.connect("second"), after=last).resumed


def test_connections_that_are_gone_are_removed(live: LiveUpdates) -> None:
    for name in ("first", "second"):
        live.subscribe(live.connect(name))
    live.sender.open.remove(SocketId("first"))

    live.change(a_change("a"))

    assert set(live.sockets.kept) == {SocketId("second")}
    assert live.keys("second") == ["a"]


def test_a_slow_connection_is_closed_and_resumes(live: LiveUpdates) -> None:
    for name in ("first", "second"):
        live.subscribe(live.connect(name))
    live.change(a_change("a"))
    last = live.frames("first")[0]["id"]
    live.sender.slow.add(SocketId("first"))

    live.change(a_change("b"))
    live.subscribe(live.connect("third"), after=last)

    assert live.sender.closed == [SocketId("first")]
    assert live.keys("second") == ["a", "b"]
    assert live.keys("third") == ["b"]


def test_who_loses_a_scope_gets_an_error_and_no_more_events(live: LiveUpdates) -> None:
    live.subscribe(live.connect(), "tasks")
    live.subscribe(live.connect(), "queue")
    live.principals["key:anna"] = Principal(name="key:anna", scopes=frozenset({Scope.QUEUE_READ}))

    live.change(a_change("a"))
    live.change(a_change("b"), channel="queue")

    error, event = live.frames()
    assert error["type"] == "signalbox.realtime.error"
    assert error["data"] == {"code": "forbidden", "topic": "tasks"}
    assert event["topic"] == "queue"
    assert live.sockets.topics(SocketId("first")) == ["queue"]


def test_the_connection_of_an_ended_session_is_closed_and_others_of_its_key_are_not(
    live: LiveUpdates,
) -> None:
    anna = live.connect("first")
    own = anna.principal.model_copy(update={"session": "ended"})
    live.subscribe(live.connect("second", own))
    live.subscribe(anna)
    live.principals["ended"] = None

    live.change(a_change("a"))

    assert live.keys("first") == ["a"]
    assert live.frames("second") == []
    assert live.sender.closed == [SocketId("second")]


def test_the_connections_of_a_revoked_key_are_closed(live: LiveUpdates) -> None:
    live.subscribe(live.connect())
    live.principals["key:anna"] = None

    live.change(a_change("a"))

    assert live.frames() == []
    assert live.sender.closed == [SocketId("first")]
    assert not live.sockets.kept


def test_a_sender_that_died_is_replaced_after_its_lease(live: LiveUpdates) -> None:
    live.subscribe(live.connect())
    live.channels.acquire("tasks", "dead", live.clock(), live.clock() + SENDER_LEASE)

    live.change(a_change("a"))

    assert live.keys() == ["a"]
    assert live.clock() >= NOW + SENDER_LEASE


def test_what_another_sender_has_sent_is_not_waited_for(live: LiveUpdates) -> None:
    live.subscribe(live.connect())
    live.channels.acquire("tasks", "other", live.clock(), live.clock() + timedelta(hours=1))
    _, send = live.process()

    assert send("tasks", lambda _: True)
    assert not send("tasks", lambda _: False)
    assert live.keys() == []


def test_a_sender_of_many_connections_keeps_its_lease(live: LiveUpdates) -> None:
    names = [f"s{number}" for number in range(2 * SOCKETS_AT_ONCE + 1)]
    for name in names:
        live.subscribe(live.connect(name))
    send = live.sender.send

    def slowly(frames: Mapping[SocketId, Sequence[str]], *, seconds: float) -> FrameOutcome:
        live.clock.advance(seconds=SENDER_LEASE.total_seconds() - 1)
        assert len(frames) <= SOCKETS_AT_ONCE
        assert live.channels.acquire("tasks", "other", live.clock(), live.clock()) is None
        return send(frames, seconds=seconds)

    live.sender.send = slowly  # type: ignore[method-assign]  # a slow one

    live.change(a_change("a"))

    assert all(live.keys(name) == ["a"] for name in names)


def test_a_sender_that_was_replaced_stops(live: LiveUpdates) -> None:
    names = [f"s{number}" for number in range(SOCKETS_AT_ONCE + 1)]
    for name in names:
        live.subscribe(live.connect(name))
    send = live.sender.send

    def too_slowly(frames: Mapping[SocketId, Sequence[str]], *, seconds: float) -> FrameOutcome:
        live.sender.send = send  # type: ignore[method-assign]  # only once
        now = live.clock.advance(SENDER_LEASE)
        live.channels.acquire("tasks", "other", now, now + SENDER_LEASE)
        return send(frames, seconds=seconds)

    live.sender.send = too_slowly  # type: ignore[method-assign]  # a slow one

    live.change(a_change("a"))

    counts = {len(live.keys(name)) for name in names}
    assert counts == {1, 2}, "its successor sends again what is not stored as sent"


def test_many_batches_are_sent_in_order(live: LiveUpdates) -> None:
    live.subscribe(live.connect())
    publish, send = live.process()
    keys = [f"{number:03}" for number in range(1_200)]

    publish("tasks", [a_change(key) for key in keys])
    send("tasks", lambda _: False)

    assert live.keys() == keys


def test_an_event_that_is_too_long_has_a_link_in_place_of_its_data() -> None:
    event = RealtimeEvent(
        key="a",
        type="signalbox.task.created",
        subject=TASK,
        time=NOW,
        dataref=f"/api/v1/tasks/{TASK}",
        data={"text": "ü" * MAX_FRAME_BYTES},
    )

    frame = event_frame("/signalbox/test", "tasks", "tasks", EventPosition(1, 0), event)

    assert len(frame.encode()) < MAX_FRAME_BYTES
    assert '"data"' not in frame
    assert f'"dataref":"/api/v1/tasks/{TASK}"' in frame


def test_a_topic_needs_its_scope_at_once(live: LiveUpdates) -> None:
    with pytest.raises(Forbidden):
        live.subscribe(live.connect(), "incidents")

    assert not live.sockets.subscriptions


@pytest.mark.parametrize(
    ("topic", "filters"),
    [
        ("nothing", {}),
        ("task/../x", {}),
        ("tasks", {"title": "x"}),
        ("tasks", {"status": ""}),
        ("tasks", {"status": "x" * 201}),
        (f"task/{TASK}/log", {"status": "failed"}),
    ],
)
def test_what_is_no_topic_or_filter_is_refused(
    live: LiveUpdates, topic: str, filters: dict[str, str]
) -> None:
    with pytest.raises(PayloadInvalid):
        live.subscribe(live.connect(), topic, None, None, **filters)


def test_a_connection_has_so_many_topics_and_no_more(live: LiveUpdates) -> None:
    socket = live.connect()
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(MAX_TOPICS):
        name = letters[number % 26] + letters[number // 26]
        live.subscribe(socket, f"task/tsk_{name * 12}")

    with pytest.raises(Conflict):
        live.subscribe(socket, "tasks")
    live.subscribe(socket, "task/tsk_" + "aa" * 12)


def test_a_subscription_can_be_replaced_by_one_with_other_filters(live: LiveUpdates) -> None:
    socket = live.connect()
    live.subscribe(socket, status="failed")
    live.subscribe(socket, status="pending")

    live.change(a_change("a", status="failed"), a_change("b", status="pending"))

    assert live.keys() == ["b"]
