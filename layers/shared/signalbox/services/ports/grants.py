"""The ports of grants: the tokens of connections, and the lock of those who renew them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from signalbox.models.connection import Connection
    from signalbox.models.grants import Grants, RefreshLock
    from signalbox.models.ids import ConnectionId


class GrantStore(Protocol):
    """Stores the tokens of connections, encrypted. Reads may be a second old."""

    def get(self, connection: Connection) -> Grants:
        """Return the grants of a connection, empty ones if none are stored.

        Raises:
            Unavailable: The store did not answer.
        """

    def put(self, connection: Connection, grants: Grants) -> None:
        """Store the grants, replacing those of the connection.

        Raises:
            Unavailable: They may not be stored.
        """


class RefreshLockStore(Protocol):
    """Stores who may use the refresh tokens of a connection."""

    def get(self, connection: ConnectionId) -> RefreshLock:
        """Return the lock, an open one if none is stored; it is never an old one.

        Raises:
            Unavailable: The store did not answer.
        """

    def replace(self, connection: ConnectionId, before: RefreshLock, after: RefreshLock) -> None:
        """Replace `before` by `after`, which gets the next version.

        Raises:
            WriteConflict: `before` is not what is stored.
            Unavailable: The store did not answer.
        """
