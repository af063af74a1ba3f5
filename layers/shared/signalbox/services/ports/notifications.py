"""The ports of notifications: connectors, stores and queues."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, Self

from signalbox.models.frozen import frozen
from signalbox.models.span import current_traceparent

if TYPE_CHECKING:
    from datetime import datetime

    from signalbox.models.base import JsonObject
    from signalbox.models.circuit import Circuit
    from signalbox.models.connection import Connection
    from signalbox.models.delivery_policy import SendRate
    from signalbox.models.digest import DigestBuckets
    from signalbox.models.ids import ConnectionId, NotificationId, SubscriptionId, TaskId
    from signalbox.models.notification import Notification, NotificationRef
    from signalbox.models.notification_status import NotificationStatus
    from signalbox.models.reference import Reference
    from signalbox.models.sequence import SequenceBounds, SequenceEntry
    from signalbox.services.pagination import Window
    from signalbox.services.ports.tasks import DueItem


class Connector(Protocol):
    """A kind of target."""

    @property
    def name(self) -> str:
        """Return the name in a connection and in the name of its queue."""

    def check(self, connection: Connection) -> None:
        """Check the settings of a connection.

        Raises:
            PayloadInvalid: They are not valid for this connector.
        """

    def uses_secret(self, connection: Connection) -> bool:
        """Return whether the connection needs a secret.

        Raises:
            PayloadInvalid: Its settings are not valid for this connector.
        """

    def check_secret(self, connection: Connection, secret: str) -> None:
        """Check that the connection can use a secret.

        Raises:
            Conflict: It cannot.
        """

    def reply_settings(self, source: JsonObject) -> JsonObject:
        """Return the settings of a connection that answers for a source with these settings."""

    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        """Send the notification.

        Raises:
            SendRefused: The target will never accept it.
            SendDelayed: A later attempt may succeed.
        """


Connectors = Mapping[str, Callable[[], Connector]]
"""The connectors of this installation by name; each is created on demand."""


class NotificationStore(Protocol):
    """Stores notifications, beside their task."""

    def create(self, notification: Notification) -> bool:
        """Store a new notification; return False if its id exists."""

    def get(self, task: TaskId, notification: NotificationId) -> Notification:
        """Return the notification.

        Raises:
            NotFound: There is no such notification.
        """

    def replace(self, before: Notification, after: Notification) -> None:
        """Replace `before` by `after`.

        Raises:
            WriteConflict: `before` is not what is stored.
        """

    def of_task(self, task: TaskId) -> Sequence[Notification]:
        """Return every notification of a task."""

    def newest(
        self, statuses: Sequence[NotificationStatus], window: Window
    ) -> Iterator[NotificationRef]:
        """Yield references to notifications, newest first, read lazily.

        Some may have another status, since the index does not distinguish notifications that
        succeed. The list may be some seconds old.
        """

    def batch_get(self, refs: Iterable[NotificationRef]) -> Mapping[NotificationId, Notification]:
        """Return the notifications that exist; they may be a second old."""


class HeldIndex(Protocol):
    """Finds held notifications. It may be a second old."""

    def connections(self) -> Iterator[ConnectionId]:
        """Yield every connection with held notifications once, read lazily."""

    def of_connection(
        self, connection: ConnectionId, until: datetime | None = None
    ) -> Iterator[DueItem]:
        """Yield its held notifications, oldest first, read lazily: those held before `until`."""


@frozen
class NotificationToSend:
    """A message for a notification, and the trace that it belongs to."""

    notification: Notification
    traceparent: str | None = None

    @classmethod
    def of(cls, notification: Notification) -> Self:
        """Return the message for a notification, in the trace of the current span or its task."""
        traceparent = current_traceparent(notification.change.data.traceparent)
        return cls(notification=notification, traceparent=traceparent)


class NotificationQueue(Protocol):
    """The queues of the connectors."""

    def has_queue(self, connector: str) -> bool:
        """Return whether this connector has a queue."""

    def send(self, connector: str, notification: Notification) -> None:
        """Put a message for the notification into the queue of its connector.

        Raises:
            Unavailable: The queue did not answer.
        """

    def send_batch(self, connector: str, batch: Sequence[NotificationToSend]) -> None:
        """Put up to ten messages into the queue of their connector, by one request.

        Raises:
            Unavailable: The queue did not answer, or did not take all of them.
        """


class CircuitStore(Protocol):
    """Stores the circuits of connections."""

    def get(self, connection: ConnectionId) -> Circuit:
        """Return the circuit, a closed one if none is stored; it may be a second old.

        Raises:
            Unavailable: The store did not answer.
        """

    def batch_get(self, connections: Iterable[ConnectionId]) -> Mapping[ConnectionId, Circuit]:
        """Return the circuits that are stored; they may be a second old.

        Raises:
            Unavailable: The store did not answer.
        """

    def replace(self, connection: ConnectionId, before: Circuit, after: Circuit) -> None:
        """Replace `before` by `after`.

        Raises:
            WriteConflict: `before` is not what is stored.
            Unavailable: The store did not answer.
        """


class TakeSendSlot(Protocol):
    """Takes the next slot of a connection with a rate limit."""

    def __call__(
        self, connection: ConnectionId, rate: SendRate, now: datetime, latest: datetime
    ) -> datetime | None:
        """Return the slot, now or later; take none and return None if it is after `latest`.

        Raises:
            Unavailable: The store did not answer.
        """


class SequenceStore(Protocol):
    """Stores the sequences of connections. What it returns is never old.

    Every method raises Unavailable if the store did not answer.
    """

    def append(self, connection: ConnectionId, entry: SequenceEntry) -> int:
        """Return a new position with this entry, after every position that was given before."""

    def bounds(self, connection: ConnectionId) -> SequenceBounds:
        """Return the bounds of the sequence, of an empty one if there is none."""

    def entry(self, connection: ConnectionId, position: int) -> SequenceEntry | None:
        """Return the entry at a position, None if it was given and nothing was stored yet."""

    def close(self, connection: ConnectionId, position: int) -> bool:
        """Store that nothing is at a position; return False if it has an entry."""

    def advance(self, connection: ConnectionId, first: int) -> None:
        """Store the first position that may be unfinished, unless a later one is stored."""


class ReferenceStore(Protocol):
    """Stores which object of a target stands for a task, for each connection and task."""

    def get(self, connection: ConnectionId, task: TaskId) -> Reference:
        """Return the reference, an empty one if none is stored; it is never an old one.

        Raises:
            Unavailable: The store did not answer.
        """

    def replace(
        self, connection: ConnectionId, task: TaskId, before: Reference, after: Reference
    ) -> None:
        """Replace `before` by `after`, which gets the next version.

        Raises:
            WriteConflict: `before` is not what is stored.
            Unavailable: The store did not answer.
        """


class DigestStore(Protocol):
    """Stores the digests that are collected, for each connection and subscription."""

    def get(self, connection: ConnectionId, subscription: SubscriptionId) -> DigestBuckets:
        """Return the digests, none if none are stored; they are never old ones.

        Raises:
            Unavailable: The store did not answer.
        """

    def replace(
        self,
        connection: ConnectionId,
        subscription: SubscriptionId,
        before: DigestBuckets,
        after: DigestBuckets,
    ) -> None:
        """Replace `before` by `after`, which gets the next version.

        Raises:
            WriteConflict: `before` is not what is stored.
            Unavailable: The store did not answer.
        """
