"""Subscribe a connection to topics."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from signalbox.models.errors import Conflict, PayloadInvalid
from signalbox.models.frozen import frozen
from signalbox.models.realtime import (
    LAST_INDEX,
    MAX_TOPICS,
    RESUME_WINDOW,
    ChannelState,
    EventPosition,
    Socket,
    Topic,
    TopicSubscription,
    event_id,
    parse_position,
    parse_topic,
)
from signalbox.services.ports.realtime import ChannelStore, SocketStore
from signalbox.services.ports.time import Clock

SendChannel = Callable[[str, Callable[[ChannelState], bool]], bool]

MAX_FILTER_LENGTH: Final = 200


@frozen
class SubscribeResult:
    """The id after which events are sent, and whether that is the one that was asked for."""

    after: str
    resumed: bool


@frozen
class ManageSubscriptions:
    """Subscribe connections to topics, and end that."""

    sockets: SocketStore
    channels: ChannelStore
    send: SendChannel
    clock: Clock

    def subscribe(
        self, socket: Socket, topic_name: str, filters: Mapping[str, str], after: str | None
    ) -> SubscribeResult:
        """Subscribe a connection to a topic, from now on or after an event.

        The subscription is stored before the change is counted, so that every event after `after`
        is sent: either its sender sees the subscription, or it was sent before.

        Raises:
            PayloadInvalid: There is no such topic, or it has no such filter.
            Forbidden: The principal lacks the scope of the topic.
            Conflict: The connection has too many subscriptions.
            Unavailable: The store did not answer.
        """
        topic = parse_topic(topic_name)
        socket.principal.require(topic.scope)
        _check_filters(topic, filters)
        others = set(self.sockets.topics(socket.id)) - {topic.text}
        if len(others) >= MAX_TOPICS:
            raise Conflict(f"a connection has at most {MAX_TOPICS} subscriptions")
        now = self.clock()
        before = self.channels.open(topic.channel, now)
        start = self._start(topic.channel, before, after, now)
        position = start or EventPosition(before.sent)
        subscription = TopicSubscription(
            socket=socket.id,
            topic=topic.text,
            principal=socket.principal,
            filters=dict(filters),
            after=position.text,
            expires_at=socket.expires_at,
        )
        self.sockets.subscribe(subscription)
        self._settle(topic.channel, subscription, before)
        return SubscribeResult(
            after=event_id(topic.channel, position), resumed=after is None or start is not None
        )

    def unsubscribe(self, socket: Socket, topic_name: str) -> None:
        """End a subscription, if there is one.

        Raises:
            PayloadInvalid: There is no such topic.
            Unavailable: The store did not answer.
        """
        topic = parse_topic(topic_name)
        if topic.text in self.sockets.topics(socket.id):
            self.sockets.unsubscribe(socket.id, topic.text)
            self.channels.touch(topic.channel)

    def _settle(self, channel: str, subscription: TopicSubscription, before: ChannelState) -> None:
        """Let the subscriber catch up, which takes a sender only if something was sent."""
        state = self.channels.touch(channel)
        is_quiet = state.sent == before.sent and not state.is_sending(self.clock())
        if is_quiet and subscription.start == EventPosition(state.sent):
            self.sockets.settle(subscription)
        else:
            version = state.subscribers
            self.send(channel, lambda now: now.settled >= version)

    def _start(
        self, channel: str, state: ChannelState, after: str | None, now: datetime
    ) -> EventPosition | None:
        """Return the position of an id if everything after it is stored, else None."""
        position = parse_position(after) if after else None
        if position is None or position.batch < state.started:
            return None
        stored = self.channels.batches(channel, position.batch - 1, limit=2)
        own = [batch for batch in stored if batch.number == position.batch]
        later = [batch for batch in stored if batch.number > position.batch]
        if not own and position.index != LAST_INDEX:
            return None
        if own and position.index >= len(own[0].events) - 1:
            position = EventPosition(position.batch)
        is_next = not later or later[0].number == position.batch + 1
        is_recent = not later or now - later[0].at <= RESUME_WINDOW
        return position if is_next and is_recent else None


def _check_filters(topic: Topic, filters: Mapping[str, str]) -> None:
    """Check the filters.

    Raises:
        PayloadInvalid: The topic has no such filter.
    """
    for name, value in filters.items():
        if name not in topic.filters:
            known = ", ".join(sorted(topic.filters)) or "no filters"
            raise PayloadInvalid(f"{topic.text} has {known}")
        if not 0 < len(value) <= MAX_FILTER_LENGTH:
            raise PayloadInvalid(f"a filter has 1 to {MAX_FILTER_LENGTH} characters")
