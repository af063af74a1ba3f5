"""Send the events of a channel to its subscribers, in order, by one sender at a time."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.frozen import frozen
from signalbox.models.ids import SocketId
from signalbox.models.realtime import (
    ChannelState,
    EventBatch,
    EventPosition,
    RealtimeEvent,
    TopicSubscription,
    parse_topic,
)
from signalbox.services.pagination import chunked
from signalbox.services.ports.realtime import (
    ChannelStore,
    CurrentPrincipal,
    FrameSender,
    SocketStore,
)
from signalbox.services.ports.time import Clock, Sleep
from signalbox.services.realtime.frames import control_frame, event_frame

SENDER_LEASE: Final = timedelta(seconds=10)
"""For how long a sender that has died holds up the others."""

SOCKETS_AT_ONCE: Final = 200
"""To how many connections frames are sent before the lease is renewed."""

SEND_SECONDS: Final = 5.0
_WAIT_SECONDS: Final = 12.0
_PAUSE_SECONDS: Final = 0.2
_BATCHES: Final = 10
_CACHE_TTL: Final = timedelta(seconds=60)

IsDone = Callable[[ChannelState], bool]


class _SenderReplacedError(Exception):
    """The lease of the channel has ended, and another sender holds it."""


@frozen
class _Subscribers:
    """The subscribers of a channel when its list had changed `version` times."""

    version: int
    read_at: datetime
    by_socket: tuple[TopicSubscription, ...]


@frozen
class SendEvents:
    """Send what was written to a channel and not sent yet.

    The sender of a channel is whoever holds its lease. It sends in the order of the channel and
    catches up with each new subscriber first, so a client receives rising positions. A sender that
    dies is replaced after its lease; the next one may repeat what it sent last.
    """

    channels: ChannelStore
    sockets: SocketStore
    sender: FrameSender
    current: CurrentPrincipal
    clock: Clock
    sleep: Sleep
    source: str
    name: str
    _cache: dict[str, _Subscribers] = field(default_factory=dict)

    def __call__(self, channel: str, done: IsDone) -> bool:
        """Send until nothing is left, or another sender has made it `done`.

        Returns False if another sender holds the lease for too long.
        """
        waits = int(_WAIT_SECONDS / _PAUSE_SECONDS)
        while True:
            now = self.clock()
            state = self.channels.acquire(channel, self.name, now, now + SENDER_LEASE)
            if state is not None:
                if self._drain(channel, state):
                    return True
                continue
            current = self.channels.state(channel)
            if current is None or done(current):
                return True
            if not waits:
                return False
            waits -= 1
            self.sleep(_PAUSE_SECONDS)

    def _drain(self, channel: str, state: ChannelState) -> bool:
        """Send as the sender of the channel; return False if something may be left to send."""
        while True:
            subscribers = self._caught_up(channel, state)
            batches = self.channels.batches(channel, state.sent, limit=_BATCHES)
            try:
                sent = self._send(channel, subscribers, batches, state.sent)
            except _SenderReplacedError:
                return False
            if len(batches) < _BATCHES and self.channels.release(
                channel, self.name, sent, state.subscribers
            ):
                return not self.channels.batches(channel, sent, limit=1)
            next_state = self.channels.advance(
                channel, self.name, sent, self.clock() + SENDER_LEASE
            )
            if next_state is None:
                return False
            state = next_state

    def _send(
        self,
        channel: str,
        subscribers: Iterable[TopicSubscription],
        batches: Sequence[EventBatch],
        sent: int,
    ) -> int:
        """Send batches to all; return the number of the last one.

        Raises:
            _SenderReplacedError: Another sender holds the lease by now.
        """
        frames: dict[SocketId, list[str]] = defaultdict(list)
        texts: dict[tuple[str, EventPosition], str] = {}
        for subscription in subscribers:
            for position, event in _events(batches, EventPosition(sent)):
                if subscription.fits(event):
                    key = (subscription.topic, position)
                    if key not in texts:
                        texts[key] = event_frame(
                            self.source, subscription.topic, channel, position, event
                        )
                    frames[subscription.socket].append(texts[key])
        for number, part in enumerate(chunked(frames.items(), SOCKETS_AT_ONCE)):
            until = self.clock() + SENDER_LEASE
            if number and self.channels.advance(channel, self.name, sent, until) is None:
                raise _SenderReplacedError
            self._post(channel, dict(part))
        return batches[-1].number if batches else sent

    def _caught_up(self, channel: str, state: ChannelState) -> Sequence[TopicSubscription]:
        """Return the subscribers, each of which has received all up to `state.sent`."""
        found = self._subscribers(channel, state.subscribers)
        subscribers = self._permitted(channel, found)
        ready = [
            each.model_copy(update={"settled": True})
            for each in subscribers
            if each.settled or self._catch_up(channel, each, state.sent)
        ]
        self._remember(channel, state.subscribers, ready)
        return ready

    def _catch_up(self, channel: str, subscription: TopicSubscription, sent: int) -> bool:
        """Send what a new subscriber has missed; return False if it is gone."""
        start, before = subscription.start, subscription.start.batch - 1
        while before < sent and (batches := self.channels.batches(channel, before, limit=_BATCHES)):
            known = [batch for batch in batches if batch.number <= sent]
            frames = [
                event_frame(self.source, subscription.topic, channel, position, event)
                for position, event in _events(known, start)
                if subscription.fits(event)
            ]
            if frames and self._post(channel, {subscription.socket: frames}):
                return False
            before = batches[-1].number
        self.sockets.settle(subscription)
        return True

    def _permitted(
        self, channel: str, subscribers: Sequence[TopicSubscription]
    ) -> Sequence[TopicSubscription]:
        """Return the subscribers that still have the scope, and drop the others."""
        permitted = []
        # one name can have several tokens and sessions, which end apart
        callers = {subscription.principal for subscription in subscribers}
        allowed = {caller: self.current(caller) for caller in callers}
        for subscription in subscribers:
            principal = allowed[subscription.principal]
            if principal is None:
                self._drop(subscription.socket)
            elif parse_topic(subscription.topic).scope in principal.scopes:
                permitted.append(subscription)
            else:
                self.sockets.unsubscribe(subscription.socket, subscription.topic)
                refusal = control_frame(
                    self.source,
                    "error",
                    self.clock(),
                    {"code": "forbidden", "topic": subscription.topic},
                )
                self._post(channel, {subscription.socket: [refusal]})
        return permitted

    def _subscribers(self, channel: str, version: int) -> Sequence[TopicSubscription]:
        now, known = self.clock(), self._cache.get(channel)
        if known and known.version == version and now - known.read_at < _CACHE_TTL:
            return known.by_socket
        self._cache.pop(channel, None)
        return self.sockets.subscribers(channel, now)

    def _remember(
        self, channel: str, version: int, subscribers: Sequence[TopicSubscription]
    ) -> None:
        known = self._cache.get(channel)
        read_at = known.read_at if known else self.clock()
        self._cache[channel] = _Subscribers(
            version=version, read_at=read_at, by_socket=tuple(subscribers)
        )

    def _post(self, channel: str, frames: Mapping[SocketId, Sequence[str]]) -> Collection[SocketId]:
        """Send frames; drop the connections that are gone or too slow, and return them."""
        if not frames:
            return ()
        result = self.sender.send(frames, seconds=SEND_SECONDS)
        for socket in result.gone:
            self.sockets.remove(socket)
        for socket in result.failed:
            self._drop(socket)
        lost = {*result.gone, *result.failed}
        known = self._cache.get(channel)
        if known and lost:
            left = [each for each in known.by_socket if each.socket not in lost]
            self._remember(channel, known.version, left)
        return lost

    def _drop(self, socket: SocketId) -> None:
        """Close a connection; its client reconnects and resumes."""
        self.sender.close(socket)
        self.sockets.remove(socket)


def _events(
    batches: Iterable[EventBatch], after: EventPosition
) -> Iterator[tuple[EventPosition, RealtimeEvent]]:
    for batch in batches:
        yield from batch.after(after)
