"""The Config table: what operators configured, and API keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar, cast

from pydantic import ValidationError

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, text_attribute
from signalbox.models.base import Model
from signalbox.models.config import Connection, Pause, Source, Subscription
from signalbox.models.errors import ConfigurationUnreadable, NotFound, WriteConflict
from signalbox.models.ids import ConnectionId, KeyId
from signalbox.models.issuer import Issuer
from signalbox.models.principal import BUILT_IN_ROLES, ApiKey, Role, Scope
from signalbox.models.rate_limits import Limits
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

CONFIG_CACHE_TTL: Final = timedelta(seconds=30)
"""How old a read of the configuration may be."""

M = TypeVar("M", bound=Model)

Thing = Source | Connection | Subscription | Role | Pause | Issuer | Limits
"""What operators write through us."""

_KINDS: Final[Mapping[type[Thing], str]] = {
    Source: table_keys.SOURCE,
    Connection: table_keys.CONNECTION,
    Subscription: table_keys.SUBSCRIPTION,
    Role: table_keys.ROLE,
    Pause: table_keys.PAUSE,
    Issuer: table_keys.ISSUER,
    Limits: table_keys.LIMITS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoConfig:
    """A ConfigStore that reads each kind as a whole and remembers it for 30 seconds.

    What another version has written and this one cannot read is left out, and `unreadable` is told
    its kind and name.
    """

    table: Table
    clock: Clock
    unreadable: Callable[[str, str], None] = lambda _kind, _name: None
    _read: dict[str, tuple[datetime, dict[str, Model | None]]] = field(default_factory=dict)

    def source(self, provider: str, name: str) -> Source | None:
        """See the port."""
        return self._one(table_keys.SOURCE, table_keys.source_sk(provider, name), Source)

    def connection(self, connection: ConnectionId) -> Connection:
        """See the port."""
        found = self._one(table_keys.CONNECTION, connection, Connection)
        if found is None:
            raise NotFound("there is no such connection")
        return found

    def sources(self) -> Sequence[Source]:
        """See the port."""
        return self._all(table_keys.SOURCE, Source)

    def connections(self) -> Sequence[Connection]:
        """See the port."""
        return self._all(table_keys.CONNECTION, Connection)

    def subscriptions(self) -> Sequence[Subscription]:
        """See the port."""
        return self._all(table_keys.SUBSCRIPTION, Subscription)

    def issuers(self) -> Sequence[Issuer]:
        """Whose tokens are believed."""
        return self._all(table_keys.ISSUER, Issuer)

    def limits(self) -> Limits:
        """Return how often callers may ask; the defaults where nobody said otherwise."""
        return next(iter(self.configured_limits()), Limits())

    def configured_limits(self) -> Sequence[Limits]:
        """Return what somebody said of limits, at most one."""
        return self._all(table_keys.LIMITS, Limits)

    def roles(self) -> Sequence[Role]:
        """See the port."""
        return self._all(table_keys.ROLE, Role)

    def role_scopes(self) -> Mapping[str, frozenset[Scope]]:
        """Return which scopes each role has."""
        return {role.name: frozenset(role.scopes) for role in self.roles()} | dict(BUILT_IN_ROLES)

    def pauses(self) -> Sequence[Pause]:
        """See the port."""
        return self._all(table_keys.PAUSE, Pause)

    def invalidate(self) -> None:
        """See the port."""
        self._read.clear()

    def replace(self, before: Thing | None, after: Thing | None) -> None:
        """See the port."""
        named = after or before
        if named is None:
            return
        key = _key(*_place(named))
        item = self.table.get(key)
        if (self._readable(item, type(named)) if item else None) != before:
            raise WriteConflict("the record has changed meanwhile")
        if after:
            self.table.put_if(_item(after), {"doc": item["doc"]} if item else {"pk": None})
        elif item:
            self.table.delete_if(key, {"doc": item["doc"]})
        self.invalidate()

    def put(self, thing: Thing) -> None:
        """Store the thing in place of one with the same name."""
        self.table.put(_item(thing))
        self._read.pop(_place(thing)[0], None)

    def remove(self, thing: Thing) -> None:
        """Remove the thing, if it is there."""
        kind, name = _place(thing)
        self.table.delete(_key(kind, name))
        self._read.pop(kind, None)

    def _one(self, kind: str, name: str, model: type[M]) -> M | None:
        """Return the thing of this name.

        Raises:
            ConfigurationUnreadable: The stored configuration cannot be parsed.
        """
        known = self._known(kind, model)
        found = known.get(name)
        if found is None and name in known:
            raise ConfigurationUnreadable(f"this {kind.lower()} cannot be read")
        return cast("M | None", found)

    def _all(self, kind: str, model: type[M]) -> Sequence[M]:
        return [cast("M", thing) for thing in self._known(kind, model).values() if thing]

    def _known(self, kind: str, model: type[M]) -> Mapping[str, Model | None]:
        """Return every thing of this kind by its name, None if it cannot be read."""
        now = self.clock()
        known = self._read.get(kind)
        if known is None or now - known[0] > CONFIG_CACHE_TTL:
            rows = _rows(self.table, kind)
            known = (now, {text_attribute(row, "sk"): self._readable(row, model) for row in rows})
            self._read[kind] = known
        return known[1]

    def _readable(self, row: Item, model: type[M]) -> M | None:
        try:
            return model.model_validate_json(text_attribute(row, "doc"))
        except ValidationError:
            self.unreadable(text_attribute(row, "pk"), text_attribute(row, "sk"))
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoKeys:
    """A KeyStore."""

    table: Table

    def find(self, key: KeyId) -> ApiKey | None:
        """See the port."""
        item = self.table.get(_key(table_keys.API_KEY, key))
        return _api_key(item) if item else None

    def put(self, key: ApiKey) -> None:
        """See the port."""
        self.table.put(_key_item(key))

    def put_new(self, key: ApiKey) -> bool:
        """See the port."""
        return self.table.put_new(_key_item(key))

    def replace(self, before: ApiKey, after: ApiKey) -> None:
        """See the port."""
        item = self.table.get(_key(table_keys.API_KEY, before.id))
        if item is None or _api_key(item) != before:
            raise WriteConflict("the record has changed meanwhile")
        self.table.put_if(_key_item(after), {"doc": item["doc"]})

    def all(self) -> Sequence[ApiKey]:
        """See the port."""
        return [key for row in _rows(self.table, table_keys.API_KEY) if (key := _api_key(row))]


def _api_key(item: Item) -> ApiKey | None:
    """Return the key, None if it cannot be read in full: it may be worth less than what can be."""
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


def _item(thing: Thing) -> Item:
    return {**_key(*_place(thing)), "doc": {"S": thing.model_dump_json()}}


def _place(thing: Thing) -> tuple[str, str]:
    return _KINDS[type(thing)], _name(thing)


def _name(thing: Thing) -> str:
    match thing:
        case Source():
            return table_keys.source_sk(thing.provider, thing.name)
        case Role() | Issuer():
            return thing.name
        case Connection() | Subscription():
            return thing.id
        case Pause():
            return thing.priority
        case Limits():
            return "default"
