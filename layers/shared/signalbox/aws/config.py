"""The Config table: what operators configured, and API keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from signalbox.aws import keys
from signalbox.aws.dynamo import Table, text
from signalbox.models.base import Model
from signalbox.models.config import Connection, Source, Subscription
from signalbox.models.errors import NotFound
from signalbox.models.ids import ConnectionId, KeyId
from signalbox.models.principal import ApiKey
from signalbox.services.ports import Clock

if TYPE_CHECKING:
    from signalbox.aws.dynamo import Item

CACHED_FOR: Final = timedelta(seconds=30)
"""How old a read of the configuration may be."""

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoConfig:
    """A ConfigStore that reads each kind as a whole and remembers it for half a minute."""

    table: Table
    clock: Clock
    _read: dict[str, tuple[datetime, list[str]]] = field(default_factory=dict)

    def source(self, provider: str, name: str) -> Source | None:
        """See the port."""
        found = (s for s in self.sources() if s.provider == provider and s.name == name)
        return next(found, None)

    def connection(self, connection: ConnectionId) -> Connection:
        """See the port."""
        for found in self.connections():
            if found.id == connection:
                return found
        raise NotFound("there is no such connection")

    def sources(self) -> Sequence[Source]:
        """See the port."""
        return self._all(keys.SOURCE, Source)

    def connections(self) -> Sequence[Connection]:
        """See the port."""
        return self._all(keys.CONNECTION, Connection)

    def subscriptions(self) -> Sequence[Subscription]:
        """See the port."""
        return self._all(keys.SUBSCRIPTION, Subscription)

    def put(self, thing: Source | Connection | Subscription) -> None:
        """Keeps the thing in place of one of the same name."""
        kind, name = _place(thing)
        self.table.put({**_key(kind, name), "doc": {"S": thing.model_dump_json()}})
        self._read.pop(kind, None)

    def remove(self, thing: Source | Connection | Subscription) -> None:
        """Removes the thing, if it is there."""
        kind, name = _place(thing)
        self.table.delete(_key(kind, name))
        self._read.pop(kind, None)

    def _all(self, kind: str, model: type[M]) -> Sequence[M]:
        now = self.clock()
        known = self._read.get(kind)
        if known is None or now - known[0] > CACHED_FOR:
            known = (now, _documents(self.table, kind))
            self._read[kind] = known
        return [model.model_validate_json(document) for document in known[1]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoKeys:
    """A KeyStore."""

    table: Table

    def find(self, key: KeyId) -> ApiKey | None:
        """See the port."""
        item = self.table.get(_key(keys.KEY, key))
        return ApiKey.model_validate_json(text(item, "doc")) if item else None

    def put(self, key: ApiKey) -> None:
        """See the port."""
        self.table.put({**_key(keys.KEY, key.id), "doc": {"S": key.model_dump_json()}})

    def all(self) -> Sequence[ApiKey]:
        """See the port."""
        return [ApiKey.model_validate_json(doc) for doc in _documents(self.table, keys.KEY)]


def _documents(table: Table, kind: str) -> list[str]:
    rows = table.query("pk = :pk", {":pk": {"S": kind}})
    return [text(row, "doc") for row in rows]


def _key(kind: str, name: str) -> Item:
    return {"pk": {"S": kind}, "sk": {"S": name}}


def _place(thing: Source | Connection | Subscription) -> tuple[str, str]:
    if isinstance(thing, Source):
        return keys.SOURCE, keys.source(thing.provider, thing.name)
    if isinstance(thing, Connection):
        return keys.CONNECTION, thing.id
    return keys.SUBSCRIPTION, thing.id
