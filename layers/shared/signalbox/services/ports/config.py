"""The ports of configuration, API keys and secrets."""

from collections.abc import Sequence
from typing import Protocol

from signalbox.models.config import Connection, Pause, Source, Subscription
from signalbox.models.ids import ConnectionId, KeyId
from signalbox.models.issuer import Issuer
from signalbox.models.manifest import ConfigResource
from signalbox.models.principal import ApiKey, Role
from signalbox.models.rate_limits import Limits


class ConfigStore(Protocol):
    """Where the configuration is kept; reads may be some seconds old."""

    def invalidate(self) -> None:
        """Lets the next reads be of what is kept now."""

    def source(self, provider: str, name: str) -> Source | None:
        """The configured source, None where there is none of this name."""

    def connection(self, connection: ConnectionId) -> Connection:
        """The connection. Raises NotFound, ConfigurationUnreadable."""

    def sources(self) -> Sequence[Source]:
        """Every source."""

    def connections(self) -> Sequence[Connection]:
        """Every connection."""

    def subscriptions(self) -> Sequence[Subscription]:
        """Every subscription that can be read."""


class KeyStore(Protocol):
    """Where API keys are kept, by the hash of their secret."""

    def find(self, key: KeyId) -> ApiKey | None:
        """The key, None where there is none of this id."""

    def put(self, key: ApiKey) -> None:
        """Keeps the key in place of one of the same id."""

    def put_new(self, key: ApiKey) -> bool:
        """Keeps a new key; False where one of its id is there already."""

    def replace(self, before: ApiKey, after: ApiKey) -> None:
        """Keeps `after` in place of `before`. Raises WriteConflict where that is not kept."""

    def all(self) -> Sequence[ApiKey]:
        """Every key."""


class SecretStore(Protocol):
    """Where secrets are kept: for each name a list, the current one first."""

    def secrets(self, name: str) -> Sequence[str]:
        """The secrets of this name, if any; may be some minutes old. Raises Unavailable."""

    def refresh(self, name: str) -> Sequence[str]:
        """The secrets as they are now, asked for at most once in half a minute."""


class PauseStore(Protocol):
    """Where it is kept which queues are paused; reads may be some seconds old."""

    def pauses(self) -> Sequence[Pause]:
        """Every queue that is paused."""

    def invalidate(self) -> None:
        """Lets the next read be of what is kept now."""

    def put(self, thing: Pause) -> None:
        """Keeps the pause in place of one of the same queue."""

    def remove(self, thing: Pause) -> None:
        """Ends the pause, if there is one of its queue."""


class ConfigWriter(ConfigStore, Protocol):
    """A ConfigStore that can be written."""

    def replace(self, before: ConfigResource | None, after: ConfigResource | None) -> None:
        """Keeps `after`, None meaning nothing. Raises WriteConflict where `before` is not kept."""


class RoleStore(Protocol):
    """Where roles are kept that operators have named, and what names them."""

    def roles(self) -> Sequence[Role]:
        """Every role."""

    def issuers(self) -> Sequence[Issuer]:
        """Whose tokens are believed."""

    def configured_limits(self) -> Sequence[Limits]:
        """What somebody said of limits, at most one."""

    def invalidate(self) -> None:
        """Lets the next read be of what is kept now."""

    def replace(self, before: Role | None, after: Role | None) -> None:
        """Keeps `after`, None meaning nothing. Raises WriteConflict where `before` is not kept."""
