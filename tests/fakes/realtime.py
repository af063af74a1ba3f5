"""Live updates in memory."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from signalbox.models.errors import NotFound
from signalbox.models.ids import SocketId
from signalbox.models.principal import Principal
from signalbox.models.realtime import (
    CHANNEL_LIFETIME,
    ChannelState,
    EventBatch,
    Socket,
    TopicSubscription,
    first_number,
    parse_topic,
)
from signalbox.services.ports.realtime import (
    ChannelStore,
    FrameOutcome,
    FrameSender,
    SocketStore,
    TicketStore,
)


@dataclass
class FakeTickets(TicketStore):
    kept: dict[str, tuple[Principal, datetime]] = field(default_factory=dict)

    def put(self, digest: str, principal: Principal, expires_at: datetime) -> None:
        self.kept[digest] = (principal, expires_at)

    def take(self, digest: str, now: datetime) -> Principal | None:
        principal, expires_at = self.kept.pop(digest, (None, now))
        return principal if now < expires_at else None


@dataclass
class FakeSockets(SocketStore):
    kept: dict[SocketId, Socket] = field(default_factory=dict)
    subscriptions: dict[tuple[SocketId, str], TopicSubscription] = field(default_factory=dict)

    def add(self, socket: Socket) -> None:
        self.kept[socket.id] = socket

    def get(self, socket: SocketId, now: datetime) -> Socket | None:
        found = self.kept.get(socket)
        return found if found and now < found.expires_at else None

    def count(self, principal: str, now: datetime) -> int:
        return sum(
            each.principal.name == principal and now < each.expires_at
            for each in self.kept.values()
        )

    def remove(self, socket: SocketId) -> None:
        self.kept.pop(socket, None)
        for topic in self.topics(socket):
            self.unsubscribe(socket, topic)

    def topics(self, socket: SocketId) -> Sequence[str]:
        return sorted(topic for owner, topic in self.subscriptions if owner == socket)

    def subscribe(self, subscription: TopicSubscription) -> None:
        self.subscriptions[subscription.socket, subscription.topic] = subscription

    def unsubscribe(self, socket: SocketId, topic: str) -> None:
        self.subscriptions.pop((socket, topic), None)

    def settle(self, subscription: TopicSubscription) -> bool:
        key = (subscription.socket, subscription.topic)
        found = self.subscriptions.get(key)
        if found is None or found.settled or found.after != subscription.after:
            return False
        self.subscriptions[key] = found.model_copy(update={"settled": True})
        return True

    def subscribers(self, channel: str, now: datetime) -> Sequence[TopicSubscription]:
        return [
            each
            for each in self.subscriptions.values()
            if parse_topic(each.topic).channel == channel and now < each.expires_at
        ]


@dataclass
class FakeChannels(ChannelStore):
    states: dict[str, ChannelState] = field(default_factory=dict)
    kept: dict[str, dict[int, EventBatch]] = field(default_factory=lambda: defaultdict(dict))

    def state(self, channel: str) -> ChannelState | None:
        return self.states.get(channel)

    def open(self, channel: str, now: datetime) -> ChannelState:
        known = self.states.get(channel)
        until = now + CHANNEL_LIFETIME
        if known is None:
            first = first_number(now)
            self.states[channel] = ChannelState(started=first, sent=first, live_until=until)
        elif not known.is_live(now):
            first = first_number(now, known.sent)
            self._change(channel, started=first, sent=first, live_until=until)
        elif not known.is_live(now + CHANNEL_LIFETIME / 2):
            self._change(channel, live_until=until)
        return self.states[channel]

    def touch(self, channel: str) -> ChannelState:
        if channel not in self.states:
            raise NotFound("the record is gone")
        return self._change(channel, subscribers=self.states[channel].subscribers + 1)

    def append(self, channel: str, batch: EventBatch) -> bool:
        return self.kept[channel].setdefault(batch.number, batch) is batch

    def batches(self, channel: str, after: int, *, limit: int) -> Sequence[EventBatch]:
        found = sorted(self.kept[channel].items())
        return [batch for number, batch in found if number > after][:limit]

    def newest(self, channel: str, *, limit: int) -> Iterator[EventBatch]:
        return (batch for _, batch in sorted(self.kept[channel].items(), reverse=True))

    def acquire(
        self, channel: str, sender: str, now: datetime, until: datetime
    ) -> ChannelState | None:
        known = self.states.get(channel)
        if known is None or known.is_sending(now):
            return None
        return self._change(channel, sender=sender, sender_until=until)

    def advance(self, channel: str, sender: str, sent: int, until: datetime) -> ChannelState | None:
        if self.states[channel].sender != sender:
            return None
        return self._change(channel, sent=sent, sender_until=until)

    def release(self, channel: str, sender: str, sent: int, subscribers: int) -> bool:
        known = self.states[channel]
        if known.sender != sender or known.subscribers != subscribers:
            return False
        self._change(channel, sent=sent, settled=subscribers, sender=None, sender_until=None)
        return True

    def _change(self, channel: str, **changes: Any) -> ChannelState:
        self.states[channel] = replace(self.states[channel], **changes)
        return self.states[channel]


class SenderDied(Exception):
    """The process has died before a call."""


@dataclass
class FakeFrameSender(FrameSender):
    """Sends to the connections in `open`; those in `slow` take no frame in time.

    The process dies after `calls_left` calls.
    """

    open: set[SocketId] = field(default_factory=set)
    slow: set[SocketId] = field(default_factory=set)
    sent: dict[SocketId, list[str]] = field(default_factory=lambda: defaultdict(list))
    closed: list[SocketId] = field(default_factory=list)
    calls_left: int | None = None

    def send(self, frames: Mapping[SocketId, Sequence[str]], *, seconds: float) -> FrameOutcome:
        if self.calls_left == 0:
            raise SenderDied
        if self.calls_left:
            self.calls_left -= 1
        gone = {socket for socket in frames if socket not in self.open}
        failed = (frames.keys() - gone) & self.slow
        for socket in frames.keys() - gone - failed:
            self.sent[socket] += frames[socket]
        return FrameOutcome(gone=gone, failed=failed)

    def close(self, socket: SocketId) -> None:
        self.closed.append(socket)
        self.open.discard(socket)
