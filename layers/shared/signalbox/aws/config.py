"""The Config table: the configuration, and API keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Final, TypeVar, cast

from pydantic import ValidationError
from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, text_attribute
from signalbox.models.config_resource import ConfigResource
from signalbox.models.errors import ConfigurationUnreadable, NotFound, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.source import DEFAULT_SOURCE, Source
from signalbox.services.ports.config import ConfigWriter, KeyStore, PauseStore, RoleStore
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item
    from signalbox.models.connection import Connection
    from signalbox.models.ids import ConnectionId, KeyId
    from signalbox.models.issuer import Issuer
    from signalbox.models.networks import NetworkPreset, PublishedNetworks
    from signalbox.models.pause import Pause
    from signalbox.models.principal import ApiKey, Role, Scope
    from signalbox.models.rate_limits import Limits
    from signalbox.models.subscription import Subscription

CONFIG_CACHE_TTL: Final = timedelta(seconds=30)
"""For how long the configuration is cached."""

_MISS_TTL: Final = timedelta(seconds=1)
"""For how long a name that it does not have is taken not to exist."""

_MAX_SOURCE_KEYS: Final = 256
R = TypeVar("R", bound=ConfigResource)


@frozen
class DynamoConfig(ConfigWriter, PauseStore, RoleStore):
    """Stores the configuration.

    It reads each kind as a whole and caches it for 30 seconds. A source or connection that it does
    not have may just have been created: it is looked for again, at most once a second.

    Items of another version that cannot be parsed are skipped, and reported to `unreadable` with
    kind and name.
    """

    table: Table
    clock: Clock
    unreadable: Callable[[str, str], None] = lambda _kind, _name: None
    _read: dict[str, tuple[datetime, dict[str, ConfigResource | None]]] = field(
        default_factory=dict
    )
    _reading: RLock = field(default_factory=RLock)

    @override
    def source(self, provider: str, name: str) -> Source | None:
        key = _source_key(provider, name)
        return self._one(Source, key, may_be_new=name != DEFAULT_SOURCE) if key else None

    @override
    def connection(self, connection: ConnectionId) -> Connection:
        from signalbox.models.connection import Connection

        found = self._one(Connection, connection, may_be_new=True)
        if found is None:
            raise NotFound("there is no such connection")
        return found

    @override
    def published_networks(self, service: NetworkPreset) -> PublishedNetworks | None:
        from signalbox.models.networks import PublishedNetworks

        return self._one(PublishedNetworks, service)

    @override
    def sources(self) -> Sequence[Source]:
        return self.all(Source)

    @override
    def connections(self) -> Sequence[Connection]:
        from signalbox.models.connection import Connection

        return self.all(Connection)

    @override
    def subscriptions(self) -> Sequence[Subscription]:
        from signalbox.models.subscription import Subscription

        return self.all(Subscription)

    @override
    def issuers(self) -> Sequence[Issuer]:
        """Return the trusted issuers of tokens."""
        from signalbox.models.issuer import Issuer

        return self.all(Issuer)

    def limits(self) -> Limits:
        """Return the rate limits; the defaults if none are configured."""
        configured = self.configured_limits()
        return configured[0] if configured else _default_limits()

    @override
    def configured_limits(self) -> Sequence[Limits]:
        """Return the configured limits: none or one."""
        return self.all(type(_default_limits()))

    @override
    def roles(self) -> Sequence[Role]:
        from signalbox.models.principal import Role

        return self.all(Role)

    def role_scopes(self) -> Mapping[str, frozenset[Scope]]:
        """Return the scopes of each role."""
        from signalbox.models.principal import BUILT_IN_ROLES

        return {role.name: frozenset(role.scopes) for role in self.roles()} | dict(BUILT_IN_ROLES)

    @override
    def pauses(self) -> Sequence[Pause]:
        from signalbox.models.pause import Pause

        return self.all(Pause)

    @override
    def invalidate(self) -> None:
        with self._reading:  # what is being read may be older than this call
            self._read.clear()

    @override
    def replace(self, before: ConfigResource | None, after: ConfigResource | None) -> None:
        named = after or before
        if named is None:
            return
        key = _resource_key(named)
        item = self.table.get(key)
        if (self._parsed(item, type(named)) if item else None) != before:
            raise WriteConflict("the record has changed meanwhile")
        if after:
            # who runs a schedule meanwhile moves what is stored beside it
            names = ("doc", "done_until") if _has_state(after) else ("doc",)
            expected = {name: item.get(name) for name in names} if item else {"pk": None}
            self.table.put_if(_item(after, item, self.clock()), expected)
        elif item:
            self.table.delete_if(key, {"doc": item["doc"]})
        self.invalidate()

    @override
    def put(self, resource: ConfigResource) -> None:
        """Store the resource, replacing one with the same name."""
        stored = self.table.get(_resource_key(resource)) if _has_state(resource) else None
        self.table.put(_item(resource, stored, self.clock()))
        self._read.pop(_partition(type(resource)), None)

    @override
    def remove(self, resource: ConfigResource) -> None:
        """Remove the resource, if it exists."""
        self.table.delete(_resource_key(resource))
        self._read.pop(_partition(type(resource)), None)

    @override
    def all(self, kind: type[R]) -> Sequence[R]:
        return [cast("R", resource) for resource in self._resources(kind).values() if resource]

    def _one(self, kind: type[R], key: str, *, may_be_new: bool = False) -> R | None:
        """Return the resource with this key.

        Raises:
            ConfigurationUnreadable: The stored item cannot be parsed.
        """
        resources = self._resources(kind)
        if may_be_new and key not in resources:
            resources = self._resources(kind, _MISS_TTL)
        resource = resources.get(key)
        if resource is None and key in resources:
            raise ConfigurationUnreadable(f"this {kind.kind} cannot be read")
        return cast("R | None", resource)

    def _resources(
        self, kind: type[ConfigResource], ttl: timedelta = CONFIG_CACHE_TTL
    ) -> Mapping[str, ConfigResource | None]:
        """Return every resource of this kind by its key, None if it cannot be parsed."""
        partition = _partition(kind)
        with self._reading:
            now, cached = self.clock(), self._read.get(partition)
            if cached is None or now - cached[0] >= ttl:
                rows = _rows(self.table, partition)
                cached = (now, {text_attribute(row, "sk"): self._parsed(row, kind) for row in rows})
                self._read[partition] = cached
            return cached[1]

    def _parsed(self, row: Item, model: type[R]) -> R | None:
        try:
            return model.model_validate_json(text_attribute(row, "doc"))
        except ValidationError:
            self.unreadable(text_attribute(row, "pk"), text_attribute(row, "sk"))
            return None


@frozen
class DynamoKeys(KeyStore):
    """Stores API keys."""

    table: Table

    @override
    def find(self, key: KeyId) -> ApiKey | None:
        item = self.table.get(_key(table_keys.API_KEY, key))
        return _api_key(item) if item else None

    @override
    def put(self, key: ApiKey) -> None:
        self.table.put(_key_item(key))

    @override
    def put_new(self, key: ApiKey) -> bool:
        return self.table.put_new(_key_item(key))

    @override
    def replace(self, before: ApiKey, after: ApiKey) -> None:
        item = self.table.get(_key(table_keys.API_KEY, before.id))
        if item is None or _api_key(item) != before:
            raise WriteConflict("the record has changed meanwhile")
        self.table.put_if(_key_item(after), {"doc": item["doc"]})

    @override
    def all(self) -> Sequence[ApiKey]:
        return [key for row in _rows(self.table, table_keys.API_KEY) if (key := _api_key(row))]


@cache
def _default_limits() -> Limits:
    """Return the default limits, whose model is imported once, where limits are used."""
    from signalbox.models.rate_limits import Limits

    return Limits()


@lru_cache(maxsize=_MAX_SOURCE_KEYS)
def _source_key(provider: str, name: str) -> str | None:
    """Return the key of a source, None if no source can have this name."""
    try:
        return Source(provider=provider, name=name).key
    except ValidationError:
        return None


def _api_key(item: Item) -> ApiKey | None:
    """Return the key, or None if it cannot be parsed completely: a restriction may be missing."""
    from signalbox.models.principal import ApiKey

    try:
        return ApiKey.model_validate_json(text_attribute(item, "doc"))
    except ValidationError:
        return None


def _rows(table: Table, kind: str) -> Iterator[Item]:
    return table.query("pk = :pk", {":pk": {"S": kind}})


def _key(kind: str, name: str) -> Item:
    return {"pk": {"S": kind}, "sk": {"S": name}}


def _key_item(key: ApiKey) -> Item:
    return {**_key(table_keys.API_KEY, key.id), "doc": {"S": key.model_dump_json()}}


def _item(resource: ConfigResource, stored: Item | None, now: datetime) -> Item:
    item: Item = {**_resource_key(resource), "doc": {"S": resource.model_dump_json()}}
    if not _has_state(resource):
        return item
    from signalbox.aws.schedules import run_attributes
    from signalbox.models.schedule import Schedule

    return {**item, **run_attributes(cast("Schedule", resource), stored, now)}


def _has_state(resource: ConfigResource) -> bool:
    """Return whether something is stored beside the resource: its kind tells without an import."""
    return _partition(type(resource)) == table_keys.SCHEDULE


def _resource_key(resource: ConfigResource) -> Item:
    return _key(_partition(type(resource)), resource.key)


def _partition(kind: type[ConfigResource]) -> str:
    return kind.kind.upper()
