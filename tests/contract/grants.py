"""What every store of grants and of their locks promises."""

import pytest

from signalbox.models.errors import WriteConflict
from signalbox.models.grants import Grants, RefreshLock, TokenChain
from signalbox.models.ids import ConnectionId
from signalbox.services.ports.grants import GrantStore, RefreshLockStore
from tests.builders import NOW, a_connection

TEAM = ConnectionId("team")
CHAIN = TokenChain(
    origin="o", refresh_token="r" * 1_000, access_token="a", issued_at=NOW, expires_at=NOW
)


class GrantStoreContract:
    @pytest.fixture
    def store(self) -> GrantStore:
        raise NotImplementedError

    def test_the_last_grants_of_a_connection_are_returned(self, store: GrantStore) -> None:
        connection = a_connection(id="rail", connector="jira")
        grants = Grants(generation=2, chains=(CHAIN,))

        store.put(connection, Grants(generation=1))
        store.put(connection, grants)

        assert store.get(connection) == grants
        assert store.get(a_connection(id="rail", connector="linear")) == Grants()


class RefreshLockStoreContract:
    @pytest.fixture
    def store(self) -> RefreshLockStore:
        raise NotImplementedError

    def test_what_is_stored_is_returned_with_the_next_version(
        self, store: RefreshLockStore
    ) -> None:
        lock = RefreshLock(locked_until=NOW, generation=3, refreshed_at=NOW)

        store.replace(TEAM, store.get(TEAM), lock)
        store.replace(TEAM, store.get(TEAM), lock)

        assert store.get(TEAM) == lock.model_copy(update={"version": 2})
        assert store.get(ConnectionId("other")) == RefreshLock()

    @pytest.mark.parametrize("writes", [1, 2])
    def test_one_of_those_who_saw_the_same_lock_takes_it(
        self, store: RefreshLockStore, writes: int
    ) -> None:
        seen = RefreshLock()
        for _ in range(writes):
            seen = store.get(TEAM)
            store.replace(TEAM, seen, RefreshLock(locked_until=NOW))

        with pytest.raises(WriteConflict):
            store.replace(TEAM, seen, RefreshLock())

        assert store.get(TEAM).locked_until == NOW
