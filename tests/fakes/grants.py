"""Grants and their locks in memory."""

from collections.abc import Callable

from signalbox.models.connection import Connection
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.grants import Grants, RefreshLock
from signalbox.models.ids import ConnectionId


class FakeGrantStore:
    """A GrantStore. `failures` puts fail; `lags` makes reads show what was there before."""

    def __init__(self) -> None:
        self.stored: dict[str, Grants] = {}
        self.before: dict[str, Grants] = {}
        self.failures = 0
        self.lags = False
        self.on_put: Callable[[], None] = lambda: None

    def get(self, connection: Connection) -> Grants:
        shown = self.before if self.lags else self.stored
        return shown.get(connection.grants_name, Grants())

    def put(self, connection: Connection, grants: Grants) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the parameter store did not answer")
        name = connection.grants_name
        self.before[name] = self.stored.get(name, Grants())
        self.stored[name] = Grants.model_validate_json(grants.model_dump_json())
        self.on_put()


class FakeRefreshLockStore:
    """A RefreshLockStore."""

    def __init__(self) -> None:
        self.stored: dict[ConnectionId, RefreshLock] = {}

    def get(self, connection: ConnectionId) -> RefreshLock:
        return self.stored.get(connection, RefreshLock())

    def replace(self, connection: ConnectionId, before: RefreshLock, after: RefreshLock) -> None:
        if self.get(connection).version != before.version:
            raise WriteConflict("the record has changed meanwhile")
        stored = after.model_copy(update={"version": before.version + 1})
        self.stored[connection] = stored
