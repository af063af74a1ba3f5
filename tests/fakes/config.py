"""Configuration, API keys and secrets in memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from signalbox.models.config_resource import ConfigResource
from signalbox.models.connection import Connection
from signalbox.models.errors import NotFound, Unavailable, WriteConflict
from signalbox.models.ids import ConnectionId, KeyId
from signalbox.models.issuer import Issuer
from signalbox.models.networks import NetworkPreset, PublishedNetworks
from signalbox.models.pause import Pause
from signalbox.models.principal import ApiKey, Role
from signalbox.models.rate_limits import Limits
from signalbox.models.source import Source
from signalbox.models.subscription import Subscription
from signalbox.services.ports.time import Clock

R = TypeVar("R", bound=ConfigResource)

ASK_AGAIN_AFTER = timedelta(seconds=30)


class FakeConfigStore:
    """A ConfigStore."""

    def __init__(self, *resources: ConfigResource) -> None:
        self._kept: dict[tuple[str, ...], ConfigResource] = {}
        for resource in resources:
            self.put(resource)

    def put(self, resource: ConfigResource) -> None:
        self._kept[(resource.kind, resource.key)] = resource

    def remove(self, resource: ConfigResource) -> None:
        self._kept.pop((resource.kind, resource.key), None)

    def replace(self, before: ConfigResource | None, after: ConfigResource | None) -> None:
        named = after or before
        if named is None:
            return
        if self._kept.get((named.kind, named.key)) != before:
            raise WriteConflict("the record has changed meanwhile")
        self._kept.pop((named.kind, named.key), None)
        if after:
            self.put(after)

    def invalidate(self) -> None:
        pass

    def all(self, kind: type[R]) -> Sequence[R]:
        return [resource for resource in self._kept.values() if isinstance(resource, kind)]

    def source(self, provider: str, name: str) -> Source | None:
        found = (s for s in self.sources() if s.provider == provider and s.name == name)
        return next(found, None)

    def connection(self, connection: ConnectionId) -> Connection:
        for found in self.connections():
            if found.id == connection:
                return found
        raise NotFound("there is no such connection")

    def published_networks(self, service: NetworkPreset) -> PublishedNetworks | None:
        return next((each for each in self.all(PublishedNetworks) if each.service is service), None)

    def sources(self) -> Sequence[Source]:
        return self.all(Source)

    def connections(self) -> Sequence[Connection]:
        return self.all(Connection)

    def subscriptions(self) -> Sequence[Subscription]:
        return self.all(Subscription)

    def roles(self) -> Sequence[Role]:
        return self.all(Role)

    def issuers(self) -> Sequence[Issuer]:
        return self.all(Issuer)

    def configured_limits(self) -> Sequence[Limits]:
        return self.all(Limits)

    def pauses(self) -> Sequence[Pause]:
        return self.all(Pause)


class FakeKeyStore:
    """A KeyStore that counts how often it is asked."""

    def __init__(self, *keys: ApiKey) -> None:
        self.kept = {key.id: key for key in keys}
        self.asked: list[KeyId] = []
        self.down = False

    def find(self, key: KeyId) -> ApiKey | None:
        self.asked.append(key)
        if self.down:
            raise Unavailable("the keys did not answer")
        return self.kept.get(key)

    def put(self, key: ApiKey) -> None:
        self.kept[key.id] = key

    def put_new(self, key: ApiKey) -> bool:
        return self.kept.setdefault(key.id, key) is key

    def replace(self, before: ApiKey, after: ApiKey) -> None:
        if self.kept.get(before.id) != before:
            raise WriteConflict("the record has changed meanwhile")
        self.kept[after.id] = after

    def all(self) -> Sequence[ApiKey]:
        return list(self.kept.values())


class FakeSecretStore:
    """A SecretStore that remembers what it read until it is asked to refresh it.

    While `down` it knows only what it has read before.
    """

    def __init__(self, clock: Clock, secrets: Mapping[str, Sequence[str]]) -> None:
        self._clock = clock
        self._there: dict[str, tuple[str, ...]] = {
            name: tuple(values) for name, values in secrets.items()
        }
        self._read: dict[str, tuple[str, ...]] = {}
        self._refreshed: dict[str, datetime] = {}
        self.down = False

    def put(self, name: str, secrets: Sequence[str]) -> None:
        """Keeps the secrets there, as another process would: what was read before stays read."""
        self._there[name] = tuple(secrets)

    def remove(self, name: str) -> None:
        if self.down:
            raise Unavailable("the secrets did not answer")
        self._there.pop(name, None)
        self._read.pop(name, None)

    def secrets(self, name: str) -> Sequence[str]:
        return self._read.get(name) or self._fetched(name)

    def refresh(self, name: str) -> Sequence[str]:
        now = self._clock()
        last = self._refreshed.get(name)
        if last is not None and now - last < ASK_AGAIN_AFTER:
            return self._read.get(name, ())
        self._refreshed[name] = now
        return self._fetched(name)

    def _fetched(self, name: str) -> tuple[str, ...]:
        if self.down and name not in self._read:
            raise Unavailable("the secrets did not answer")
        if not self.down:
            self._read[name] = tuple(secret for secret in self._there.get(name, ()) if secret)
        return self._read[name]
