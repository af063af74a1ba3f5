"""The ports of live updates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from signalbox.models.frozen import frozen
from signalbox.models.principal import Principal

if TYPE_CHECKING:
    from datetime import datetime

    from signalbox.models.ids import SocketId
    from signalbox.models.realtime import ChannelState, EventBatch, Socket, TopicSubscription

CurrentPrincipal = Callable[[Principal], Principal | None]
"""Return what a principal may do now, None if its credentials are no longer valid."""


class TicketStore(Protocol):
    """Stores tickets by their hash."""

    def put(self, digest: str, principal: Principal, expires_at: datetime) -> None:
        """Store a ticket."""

    def take(self, digest: str, now: datetime) -> Principal | None:
        """Remove a ticket and return its principal, None if there is none that is valid."""


class SocketStore(Protocol):
    """Stores connections and the topics that they subscribe to."""

    def add(self, socket: Socket) -> None:
        """Store a new connection."""

    def get(self, socket: SocketId, now: datetime) -> Socket | None:
        """Return the connection, or None."""

    def count(self, principal: str, now: datetime) -> int:
        """Return how many connections a principal has."""

    def remove(self, socket: SocketId) -> None:
        """Remove a connection and all of its subscriptions, if it exists."""

    def topics(self, socket: SocketId) -> Sequence[str]:
        """Return the topics that a connection subscribes to."""

    def subscribe(self, subscription: TopicSubscription) -> None:
        """Store a subscription, replacing one of the same topic."""

    def unsubscribe(self, socket: SocketId, topic: str) -> None:
        """Remove a subscription, if it exists."""

    def settle(self, subscription: TopicSubscription) -> bool:
        """Mark a subscription as settled; return False if it was already, or is gone."""

    def subscribers(self, channel: str, now: datetime) -> Sequence[TopicSubscription]:
        """Return every subscription of a channel."""


class ChannelStore(Protocol):
    """Stores the recent events of channels, and who sends them."""

    def state(self, channel: str) -> ChannelState | None:
        """Return the state, None if nobody has ever subscribed."""

    def open(self, channel: str, now: datetime) -> ChannelState:
        """Store events from now on, if they are not stored yet, and return the state."""

    def touch(self, channel: str) -> ChannelState:
        """Count a change of the list of subscribers and return the state.

        Raises:
            NotFound: The channel was never opened.
        """

    def append(self, channel: str, batch: EventBatch) -> bool:
        """Store a batch; return False if there is one with its number."""

    def batches(self, channel: str, after: int, *, limit: int) -> Sequence[EventBatch]:
        """Return the batches after a number, the oldest first."""

    def newest(self, channel: str, *, limit: int) -> Iterator[EventBatch]:
        """Yield the batches, the newest first."""

    def acquire(
        self, channel: str, sender: str, now: datetime, until: datetime
    ) -> ChannelState | None:
        """Become the sender and return the state, None while there is another."""

    def advance(self, channel: str, sender: str, sent: int, until: datetime) -> ChannelState | None:
        """Store what was sent and stay the sender; return None if there is another by now."""

    def release(self, channel: str, sender: str, sent: int, subscribers: int) -> bool:
        """Store what was sent and end being the sender.

        Returns False if the list of subscribers has changed, or there is another sender.
        """


@frozen
class FrameOutcome:
    """Connections that are gone, and connections to which a frame could not be sent in time."""

    gone: Collection[SocketId] = ()
    failed: Collection[SocketId] = ()


class FrameSender(Protocol):
    """Sends frames to connections."""

    def send(self, frames: Mapping[SocketId, Sequence[str]], *, seconds: float) -> FrameOutcome:
        """Send frames, in order for each connection, for so many seconds at most."""

    def close(self, socket: SocketId) -> None:
        """Close a connection, if it is open. It never raises."""
