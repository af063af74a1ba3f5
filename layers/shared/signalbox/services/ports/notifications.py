"""The ports of notifications: connectors, stores and queues."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from signalbox.models.circuit import (
    Circuit,
)
from signalbox.models.config import Connection
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification, NotificationRef, NotificationStatus
from signalbox.services.pagination import Window


class Connector(Protocol):
    """Whom we call."""

    @property
    def name(self) -> str:
        """The word in a connection and in the name of its queue."""

    def check(self, connection: Connection) -> None:
        """Raises PayloadInvalid where the settings are not those of this connector."""

    def check_secret(self, connection: Connection, secret: str) -> None:
        """Raises Conflict where the connection cannot be used with such a secret."""

    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        """Makes the far side know. Raises SendRefused or SendDelayed."""


Connectors = Mapping[str, Callable[[], Connector]]
"""The connectors of this installation by name; each is made when it is asked for."""


class NotificationStore(Protocol):
    """Where notifications are kept, beside their task."""

    def create(self, notification: Notification) -> bool:
        """Keeps a new notification; False where one of its id is there already."""

    def get(self, task: TaskId, notification: NotificationId) -> Notification:
        """The notification as it is now. Raises NotFound."""

    def replace(self, before: Notification, after: Notification) -> None:
        """Keeps `after`. Raises WriteConflict where `before` is no longer what is kept."""

    def of_task(self, task: TaskId) -> Sequence[Notification]:
        """Every notification of a task."""

    def newest(
        self, statuses: Sequence[NotificationStatus], window: Window
    ) -> Iterator[NotificationRef]:
        """Where to find notifications, newest first, read as they are consumed.

        Among them are some in other states: what goes well is not told apart. May be seconds old.
        """

    def batch_get(self, owed: Iterable[NotificationRef]) -> Mapping[NotificationId, Notification]:
        """Those of these notifications that are there; may be a second old."""


class NotificationQueue(Protocol):
    """The connectors' queues."""

    def has_queue(self, connector: str) -> bool:
        """Whether there is a queue for this connector."""

    def send(self, connector: str, notification: Notification) -> None:
        """Puts a message for the notification in its connector's queue. Raises Unavailable."""


class CircuitStore(Protocol):
    """Where circuits are kept."""

    def get(self, connection: ConnectionId) -> Circuit:
        """The circuit, a closed one where nothing is kept; may be a second old.

        Raises Unavailable.
        """

    def batch_get(self, connections: Iterable[ConnectionId]) -> Mapping[ConnectionId, Circuit]:
        """Those of these circuits that are kept; may be a second old. Raises Unavailable."""

    def replace(self, connection: ConnectionId, before: Circuit, after: Circuit) -> None:
        """Keeps `after`. Raises WriteConflict where `before` is not what is kept, Unavailable."""
