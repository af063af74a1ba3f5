"""What every store of live updates promises."""

from datetime import timedelta

import pytest

from signalbox.models.errors import NotFound
from signalbox.models.ids import SocketId
from signalbox.models.principal import Principal, Scope
from signalbox.models.realtime import (
    CHANNEL_LIFETIME,
    SOCKET_LIFETIME,
    EventBatch,
    RealtimeEvent,
    Socket,
    TopicSubscription,
)
from signalbox.services.ports.realtime import ChannelStore, SocketStore, TicketStore
from tests.builders import NOW

ANNA = Principal(name="key:anna", scopes=frozenset({Scope.TASKS_READ}), roles=("viewer",))
FIRST, SECOND = SocketId("first"), SocketId("second")
LATER = NOW + timedelta(seconds=5)
UNTIL = NOW + timedelta(seconds=10)


def a_socket(id_: SocketId = FIRST) -> Socket:
    return Socket(id=id_, principal=ANNA, connected_at=NOW)


def a_topic(
    socket: SocketId = FIRST, topic: str = "tasks", after: str = "1.9999"
) -> TopicSubscription:
    return TopicSubscription(
        socket=socket,
        topic=topic,
        principal=ANNA,
        after=after,
        expires_at=NOW + SOCKET_LIFETIME,
    )


def an_event(key: str, **facets: str) -> RealtimeEvent:
    return RealtimeEvent(
        key=key, type="signalbox.test", subject=key, time=NOW, facets=facets, data={"key": key}
    )


def a_batch(number: int, *keys: str) -> EventBatch:
    return EventBatch(number=number, at=NOW, events=tuple(map(an_event, keys or ("e",))))


class TicketStoreContract:
    @pytest.fixture
    def tickets(self) -> TicketStore:
        raise NotImplementedError

    def test_a_ticket_is_taken_once(self, tickets: TicketStore) -> None:
        tickets.put("d1", ANNA, UNTIL)

        assert tickets.take("d1", NOW) == ANNA
        assert tickets.take("d1", NOW) is None

    def test_an_expired_ticket_is_worth_nothing(self, tickets: TicketStore) -> None:
        tickets.put("d1", ANNA, UNTIL)

        assert tickets.take("d1", UNTIL) is None
        assert tickets.take("unknown", NOW) is None


class SocketStoreContract:
    @pytest.fixture
    def sockets(self) -> SocketStore:
        raise NotImplementedError

    def test_a_connection_is_found_until_it_ends(self, sockets: SocketStore) -> None:
        sockets.add(a_socket())

        assert sockets.get(FIRST, NOW) == a_socket()
        assert sockets.get(FIRST, NOW + SOCKET_LIFETIME) is None
        assert sockets.get(SECOND, NOW) is None

    def test_the_connections_of_a_principal_are_counted(self, sockets: SocketStore) -> None:
        sockets.add(a_socket(FIRST))
        sockets.add(a_socket(SECOND))

        assert sockets.count(ANNA.name, NOW) == 2
        assert sockets.count(ANNA.name, NOW + SOCKET_LIFETIME) == 0
        assert sockets.count("key:other", NOW) == 0

    def test_subscribers_are_found_by_channel(self, sockets: SocketStore) -> None:
        task = "task/tsk_" + "a" * 24
        for topic in (a_topic(), a_topic(SECOND, task), a_topic(SECOND, f"{task}/log")):
            sockets.subscribe(topic)

        found = {each.topic for each in sockets.subscribers("tasks", NOW)}

        assert found == {"tasks", task}
        assert [each.socket for each in sockets.subscribers(f"{task}/log", NOW)] == [SECOND]
        assert sockets.subscribers("tasks", NOW + SOCKET_LIFETIME) == []

    def test_a_topic_is_subscribed_to_once(self, sockets: SocketStore) -> None:
        sockets.subscribe(a_topic(after="1.1"))
        sockets.subscribe(a_topic(after="2.2"))

        assert [each.after for each in sockets.subscribers("tasks", NOW)] == ["2.2"]
        assert sockets.topics(FIRST) == ["tasks"]

    def test_a_subscription_is_settled_once(self, sockets: SocketStore) -> None:
        sockets.subscribe(a_topic())

        assert [sockets.settle(a_topic()) for _ in range(2)] == [True, False]
        assert [each.settled for each in sockets.subscribers("tasks", NOW)] == [True]
        assert not sockets.settle(a_topic(SECOND))

    def test_a_later_subscription_is_not_settled_by_an_earlier_one(
        self, sockets: SocketStore
    ) -> None:
        sockets.subscribe(a_topic(after="2.2"))

        assert not sockets.settle(a_topic(after="1.1"))
        assert [each.settled for each in sockets.subscribers("tasks", NOW)] == [False]

    def test_nothing_is_left_of_a_connection_that_is_removed(self, sockets: SocketStore) -> None:
        sockets.add(a_socket())
        for name in ("tasks", "queue"):
            sockets.subscribe(a_topic(topic=name))

        for _ in range(2):
            sockets.remove(FIRST)

        assert sockets.get(FIRST, NOW) is None
        assert sockets.count(ANNA.name, NOW) == 0
        assert not sockets.topics(FIRST)
        assert not sockets.subscribers("tasks", NOW)

    def test_one_topic_can_be_left(self, sockets: SocketStore) -> None:
        for name in ("tasks", "queue"):
            sockets.subscribe(a_topic(topic=name))

        sockets.unsubscribe(FIRST, "tasks")

        assert sockets.topics(FIRST) == ["queue"]
        assert not sockets.subscribers("tasks", NOW)


class ChannelStoreContract:
    @pytest.fixture
    def channels(self) -> ChannelStore:
        raise NotImplementedError

    def test_a_channel_begins_when_it_is_opened(self, channels: ChannelStore) -> None:
        assert channels.state("tasks") is None

        first = channels.open("tasks", NOW)

        assert first.started == first.sent
        assert channels.open("tasks", LATER) == first == channels.state("tasks")

    def test_a_channel_that_ended_begins_again_at_a_higher_number(
        self, channels: ChannelStore
    ) -> None:
        first = channels.open("tasks", NOW)

        again = channels.open("tasks", NOW + CHANNEL_LIFETIME)

        assert again.started == again.sent > first.sent

    def test_a_channel_in_use_lives_on(self, channels: ChannelStore) -> None:
        first = channels.open("tasks", NOW)

        again = channels.open("tasks", NOW + CHANNEL_LIFETIME / 2 + timedelta(minutes=1))

        assert again.live_until > first.live_until
        assert again.started == first.started

    def test_changes_of_subscribers_are_counted(self, channels: ChannelStore) -> None:
        channels.open("tasks", NOW)

        assert [channels.touch("tasks").subscribers for _ in range(2)] == [1, 2]
        with pytest.raises(NotFound):
            channels.touch("unknown")

    def test_a_number_is_given_once(self, channels: ChannelStore) -> None:
        assert channels.append("tasks", a_batch(5, "a"))
        assert not channels.append("tasks", a_batch(5, "b"))
        assert list(channels.batches("tasks", 4, limit=9)) == [a_batch(5, "a")]

    def test_batches_are_in_order(self, channels: ChannelStore) -> None:
        for number in (10, 9, 11, 100):
            channels.append("tasks", a_batch(number))

        after_nine = [batch.number for batch in channels.batches("tasks", 9, limit=2)]
        newest = [batch.number for batch in channels.newest("tasks", limit=3)]

        assert after_nine == [10, 11]
        assert newest == [100, 11, 10, 9]
        assert not channels.batches("queue", 0, limit=1)

    def test_there_is_one_sender_at_a_time(self, channels: ChannelStore) -> None:
        channels.open("tasks", NOW)

        mine = channels.acquire("tasks", "me", NOW, UNTIL)

        assert mine
        assert mine.sender == "me"
        assert channels.acquire("tasks", "you", LATER, UNTIL) is None
        assert channels.acquire("unknown", "me", NOW, UNTIL) is None

    def test_a_sender_that_died_is_replaced(self, channels: ChannelStore) -> None:
        sent = channels.open("tasks", NOW).sent + 3
        channels.acquire("tasks", "me", NOW, UNTIL)

        yours = channels.acquire("tasks", "you", UNTIL, UNTIL + timedelta(seconds=10))

        assert yours
        assert channels.advance("tasks", "me", sent, UNTIL) is None
        assert not channels.release("tasks", "me", sent, 0)
        assert channels.state("tasks") == yours

    def test_a_sender_stores_what_it_sent(self, channels: ChannelStore) -> None:
        sent = channels.open("tasks", NOW).sent
        channels.acquire("tasks", "me", NOW, UNTIL)

        advanced = channels.advance("tasks", "me", sent + 1, UNTIL)
        released = channels.release("tasks", "me", sent + 2, 0)

        assert advanced
        assert advanced.sent == sent + 1
        assert released
        state = channels.state("tasks")
        assert state
        assert (state.sent, state.sender) == (sent + 2, None)
        assert channels.acquire("tasks", "you", NOW, UNTIL)

    def test_a_sender_does_not_end_while_subscribers_changed(self, channels: ChannelStore) -> None:
        sent = channels.open("tasks", NOW).sent
        channels.acquire("tasks", "me", NOW, UNTIL)
        channels.touch("tasks")

        assert not channels.release("tasks", "me", sent, 0)
        assert channels.release("tasks", "me", sent, 1)
        state = channels.state("tasks")
        assert state
        assert state.settled == 1
