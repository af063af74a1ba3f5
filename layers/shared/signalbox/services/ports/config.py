"""The ports of configuration, API keys and secrets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from signalbox.models.config_resource import ConfigResource

if TYPE_CHECKING:
    from signalbox.models.connection import Connection
    from signalbox.models.ids import ConnectionId, KeyId
    from signalbox.models.issuer import Issuer
    from signalbox.models.networks import NetworkPreset, PublishedNetworks
    from signalbox.models.pause import Pause
    from signalbox.models.principal import ApiKey, Role
    from signalbox.models.rate_limits import Limits
    from signalbox.models.source import Source
    from signalbox.models.subscription import Subscription

R = TypeVar("R", bound=ConfigResource)


class ConfigStore(Protocol):
    """Stores the configuration. Reads may be some seconds old."""

    def invalidate(self) -> None:
        """Drop the cache, so that the next reads return what is stored now."""

    def source(self, provider: str, name: str) -> Source | None:
        """Return the configured source, or None."""

    def connection(self, connection: ConnectionId) -> Connection:
        """Return the connection.

        Raises:
            NotFound: It does not exist.
            ConfigurationUnreadable: The stored configuration cannot be parsed.
        """

    def published_networks(self, service: NetworkPreset) -> PublishedNetworks | None:
        """Return the networks of a service, None if nobody tried to fetch them.

        Raises:
            ConfigurationUnreadable: What is stored cannot be parsed.
        """

    def sources(self) -> Sequence[Source]:
        """Return every source."""

    def connections(self) -> Sequence[Connection]:
        """Return every connection."""

    def subscriptions(self) -> Sequence[Subscription]:
        """Return every subscription that can be parsed."""


class KeyStore(Protocol):
    """Stores API keys, with a hash of each secret."""

    def find(self, key: KeyId) -> ApiKey | None:
        """Return the key, or None if no key has this id."""

    def put(self, key: ApiKey) -> None:
        """Store the key, replacing one with the same id."""

    def put_new(self, key: ApiKey) -> bool:
        """Store a new key; return False if its id exists."""

    def replace(self, before: ApiKey, after: ApiKey) -> None:
        """Replace `before` by `after`.

        Raises:
            WriteConflict: `before` is not what is stored.
        """

    def all(self) -> Sequence[ApiKey]:
        """Return every key."""


class SecretStore(Protocol):
    """Stores secrets: for each name a list with the current one first."""

    def secrets(self, name: str) -> Sequence[str]:
        """Return the secrets of this name; they may be some minutes old.

        Raises:
            Unavailable: The store did not answer.
        """

    def refresh(self, name: str) -> Sequence[str]:
        """Return the secrets as they are now. The store is read at most every 30 seconds."""


class PauseStore(Protocol):
    """Stores which queues are paused. Reads may be some seconds old."""

    def pauses(self) -> Sequence[Pause]:
        """Return the pause of every paused queue."""

    def invalidate(self) -> None:
        """Drop the cache, so that the next read returns what is stored now."""

    def put(self, resource: Pause) -> None:
        """Store the pause, replacing one of the same queue."""

    def remove(self, resource: Pause) -> None:
        """Remove the pause of its queue, if there is one."""


class ConfigWriter(ConfigStore, Protocol):
    """A ConfigStore that can be written."""

    def all(self, kind: type[R]) -> Sequence[R]:
        """Return every resource of this kind that can be parsed."""

    def replace(self, before: ConfigResource | None, after: ConfigResource | None) -> None:
        """Replace `before` by `after`; None means that there is no such resource.

        Raises:
            WriteConflict: `before` is not what is stored.
        """


class RoleStore(Protocol):
    """Stores custom roles, and the configuration that refers to them."""

    def roles(self) -> Sequence[Role]:
        """Return every custom role."""

    def issuers(self) -> Sequence[Issuer]:
        """Return every trusted issuer of tokens."""

    def configured_limits(self) -> Sequence[Limits]:
        """Return the configured limits: none or one."""

    def invalidate(self) -> None:
        """Drop the cache, so that the next read returns what is stored now."""

    def replace(self, before: Role | None, after: Role | None) -> None:
        """Replace `before` by `after`; None means that there is no such role.

        Raises:
            WriteConflict: `before` is not what is stored.
        """


HasSecret = Callable[[str], bool]
"""Return whether there is a secret of this name, without reading it. Raises Unavailable."""


def has_no_secret(name: str) -> bool:  # noqa: ARG001  a HasSecret
    """Return that there is none, for who cannot ask."""
    return False
