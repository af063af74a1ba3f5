"""What every store of configuration, API keys and secrets promises."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from signalbox.models.connection import Connection
from signalbox.models.errors import NotFound, WriteConflict
from signalbox.models.ids import ConnectionId, KeyId
from signalbox.models.principal import Scope
from signalbox.models.source import Source
from signalbox.models.subscription import Subscription
from signalbox.services.ports.config import ConfigStore, ConfigWriter, KeyStore, SecretStore
from tests.builders import NOW, a_connection, a_source, a_subscription, an_api_key
from tests.fakes.clock import FakeClock

PutThing = Callable[[Source | Connection | Subscription], None]
PutSecrets = Callable[[str, Sequence[str]], None]

ASK_AGAIN_AFTER = timedelta(seconds=30)
NAME = "sources/github/default"


class ConfigStoreContract:
    """Inherit and say what `store` is, and `put`, which configures as an operator does."""

    @pytest.fixture
    def store(self) -> ConfigStore:
        raise NotImplementedError

    @pytest.fixture
    def put(self) -> PutThing:
        raise NotImplementedError

    def test_a_source_is_found_by_provider_and_name(
        self, store: ConfigStore, put: PutThing
    ) -> None:
        mine = a_source(name="mine", events=("issues.*",))
        for source in (a_source(), mine, a_source(provider="gitea", name="mine")):
            put(source)

        assert store.source("github", "mine") == mine

    def test_an_unknown_source_is_none(self, store: ConfigStore) -> None:
        assert store.source("github", "default") is None

    def test_a_connection_is_found_with_its_settings(
        self, store: ConfigStore, put: PutThing
    ) -> None:
        settings = {"channel": "C1", "deep": {"list": [1, 2.5, None, True]}}
        connection = a_connection(settings=settings)
        put(connection)

        assert store.connection(connection.id) == connection

    def test_an_unknown_connection_is_not_found(self, store: ConfigStore) -> None:
        with pytest.raises(NotFound):
            store.connection(ConnectionId("nobody"))

    def test_every_thing_is_listed_with_its_kind(self, store: ConfigStore, put: PutThing) -> None:
        things = (a_source(), a_connection(), a_subscription(), a_subscription(id="other"))
        for thing in things:
            put(thing)

        assert list(store.sources()) == [things[0]]
        assert list(store.connections()) == [things[1]]
        assert sorted(each.id for each in store.subscriptions()) == ["other", "to-slack"]

    def test_the_same_name_is_kept_once(self, store: ConfigStore, put: PutThing) -> None:
        put(a_subscription(enabled=True))
        put(a_subscription(enabled=False))

        assert list(store.subscriptions()) == [a_subscription(enabled=False)]


class ConfigKeeperContract:
    """Inherit and say what `keeper` is: a ConfigStore that is written by what was read."""

    @pytest.fixture
    def keeper(self) -> ConfigWriter:
        raise NotImplementedError

    def test_a_thing_is_made_changed_and_removed(self, keeper: ConfigWriter) -> None:
        first, second = a_connection(), a_connection(enabled=False)

        keeper.replace(None, first)
        made = list(keeper.connections())
        keeper.replace(first, second)
        changed = list(keeper.connections())
        keeper.replace(second, None)

        assert (made, changed, list(keeper.connections())) == ([first], [second], [])

    def test_who_read_something_else_changes_nothing(self, keeper: ConfigWriter) -> None:
        kept, other = a_source(), a_source(events=("issues.*",))
        keeper.replace(None, kept)

        for before in (None, other):
            with pytest.raises(WriteConflict):
                keeper.replace(before, other)
        with pytest.raises(WriteConflict):
            keeper.replace(other, None)

        assert list(keeper.sources()) == [kept]


class KeyStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> KeyStore:
        raise NotImplementedError

    def test_a_key_is_found_as_it_was_kept(self, store: KeyStore) -> None:
        key = an_api_key(expires_at=NOW, scopes=(Scope.TASKS_READ,))

        store.put(key)

        assert store.find(key.id) == key

    def test_an_unknown_key_is_none(self, store: KeyStore) -> None:
        assert store.find(KeyId("unknown")) is None

    def test_a_new_key_takes_nobodys_place(self, store: KeyStore) -> None:
        key = an_api_key()

        first, second = store.put_new(key), store.put_new(an_api_key(revoked_at=NOW))

        assert (first, second, store.find(key.id)) == (True, False, key)

    def test_a_key_takes_the_place_of_the_one_that_was_read(self, store: KeyStore) -> None:
        store.put(an_api_key())

        store.replace(an_api_key(), an_api_key(revoked_at=NOW))

        with pytest.raises(WriteConflict):
            store.replace(an_api_key(), an_api_key(name="late"))
        assert list(store.all()) == [an_api_key(revoked_at=NOW)]

    def test_a_key_takes_the_place_of_one_of_its_id(self, store: KeyStore) -> None:
        store.put(an_api_key())
        revoked = an_api_key(revoked_at=NOW)

        store.put(revoked)

        assert list(store.all()) == [revoked]


class SecretStoreContract:
    """Inherit and say what `store`, its `clock` and `put` are; `put` writes as others do."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def store(self, clock: FakeClock) -> SecretStore:
        raise NotImplementedError

    @pytest.fixture
    def put(self) -> PutSecrets:
        raise NotImplementedError

    def test_secrets_are_a_list_with_the_current_one_first(
        self, store: SecretStore, put: PutSecrets
    ) -> None:
        put(NAME, ["new", "old"])

        assert list(store.secrets(NAME)) == ["new", "old"]

    def test_an_unknown_name_has_no_secrets(self, store: SecretStore) -> None:
        assert list(store.secrets(NAME)) == []
        assert list(store.refresh(NAME)) == []

    def test_an_empty_secret_is_no_secret(self, store: SecretStore, put: PutSecrets) -> None:
        put(NAME, ["", "real", ""])

        assert list(store.secrets(NAME)) == ["real"]

    def test_a_rotated_secret_is_known_after_a_refresh(
        self, store: SecretStore, put: PutSecrets
    ) -> None:
        put(NAME, ["old"])
        store.secrets(NAME)
        put(NAME, ["new", "old"])

        refreshed = store.refresh(NAME)

        assert list(refreshed) == list(store.secrets(NAME)) == ["new", "old"]

    def test_a_refresh_asks_once_in_half_a_minute(
        self, store: SecretStore, put: PutSecrets, clock: FakeClock
    ) -> None:
        put(NAME, ["one"])
        store.refresh(NAME)
        put(NAME, ["two"])
        clock.advance(ASK_AGAIN_AFTER / 2)
        too_soon = list(store.refresh(NAME))
        clock.advance(ASK_AGAIN_AFTER)
        in_time = list(store.refresh(NAME))

        assert (too_soon, in_time) == (["one"], ["two"])

    def test_a_name_that_was_unknown_is_found_half_a_minute_later(
        self, store: SecretStore, put: PutSecrets, clock: FakeClock
    ) -> None:
        store.secrets(NAME)
        put(NAME, ["here"])
        clock.advance(ASK_AGAIN_AFTER)

        assert list(store.secrets(NAME)) == ["here"]
