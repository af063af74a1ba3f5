"""Write the configuration: sources, connections, subscriptions, services and routes."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING, TypeVar

from signalbox.models.config_resource import ConfigResource
from signalbox.models.connection import Connection
from signalbox.models.delivery_policy import DeliveryOrder
from signalbox.models.errors import (
    ConfigInvalid,
    Conflict,
    NotFound,
    SignalboxError,
    Unavailable,
)
from signalbox.models.frozen import frozen
from signalbox.models.manifest import ManifestError
from signalbox.models.service import Service
from signalbox.models.service_route import ServiceRoute
from signalbox.models.source import Source
from signalbox.models.subscription import Subscription
from signalbox.services.config.gateway_references import (
    require_unused_service,
    require_valid,
)
from signalbox.services.config.rules import rule_violations, vocabularies_of
from signalbox.services.ports.config import ConfigWriter
from signalbox.services.ports.deliveries import Providers
from signalbox.services.ports.notifications import Connectors

if TYPE_CHECKING:
    from signalbox.services.config.refresh_networks import RefreshNetworks
    from signalbox.services.gateway.middleware_kind import MiddlewareKinds

T = TypeVar("T", bound=ConfigResource)

PreconditionCheck = Callable[[ConfigResource | None], None]
"""Raise if the stored resource, or its absence, is not what the caller expects."""


RemoveSecret = Callable[[str], None]
"""Remove the secrets of this name, if there are any. Raises Unavailable."""


@frozen
class Configure:
    """Write the configuration. References to resources that do not exist are refused.

    `refresh_networks` fetches the networks of presets that a new source names.
    """

    config: ConfigWriter
    remove_secret: RemoveSecret
    connectors: Connectors
    providers: Providers
    refresh_networks: "RefreshNetworks | None" = None
    middlewares: "MiddlewareKinds" = field(default_factory=dict)

    def put(self, resource: ConfigResource, check: PreconditionCheck) -> bool:
        """Store the resource and return whether it is new.

        Raises:
            Conflict: It refers to something that does not exist.
            PayloadInvalid: The settings are not valid for the provider or connector.
            ConfigInvalid: A filter could never match.
            SignalboxError: The precondition does not hold.
        """
        before = self._stored(resource)
        check(before)
        self._refuse(resource)
        self.config.replace(before, resource)
        if isinstance(resource, Source) and self.refresh_networks:
            with suppress(SignalboxError):  # it is repeated every few minutes
                self.refresh_networks([resource])
        return before is None

    def remove(self, resource: ConfigResource, check: PreconditionCheck) -> None:
        """Remove the resource and its secret.

        Raises:
            Conflict: Another resource refers to it.
            Unavailable: The secret could not be removed, so the resource stays.
            SignalboxError: The precondition does not hold.
        """
        check(resource)
        if isinstance(resource, Connection):
            users = [s.id for s in self.config.subscriptions() if s.connection == resource.id]
            if users:
                raise Conflict(f"subscriptions refer to it: {', '.join(sorted(users))}")
        if isinstance(resource, Service):
            require_unused_service(resource, self.config)
        stored = resource
        if isinstance(resource, Source | Connection) and resource.enabled:
            # who has changed it meanwhile is met here, before the secret is gone
            stored = resource.model_copy(update={"enabled": False})
            self.config.replace(resource, stored)
        remove_secret(resource, self.remove_secret)
        self.config.replace(stored, None)

    def all(self, kind: type[T]) -> list[T]:
        """Return every resource of a kind, sorted by name, as stored now."""
        self.config.invalidate()
        return sorted(self.config.all(kind), key=lambda resource: resource.key)

    def get(self, kind: type[T], name: str) -> T:
        """Return the resource of this name; for a source it is `<provider>/<name>`.

        Raises:
            NotFound: There is no such resource.
        """
        for resource in self.all(kind):
            if resource.key == name:
                return resource
        raise NotFound(f"there is no such {kind.kind}")

    def _stored(self, resource: ConfigResource) -> ConfigResource | None:
        try:
            return self.get(type(resource), resource.key)
        except NotFound:
            return None

    def _refuse(self, resource: ConfigResource) -> None:
        match resource:
            case Source():
                create_provider = self.providers.get(resource.provider)
                if create_provider is None:
                    raise Conflict(f"there is no provider {resource.provider}")
                create_provider().with_settings(resource.settings)
            case Connection():
                create_connector = self.connectors.get(resource.connector)
                if create_connector is None:
                    raise Conflict(f"there is no connector {resource.connector}")
                create_connector().check(resource)
            case Subscription():
                connections = {one.id: one for one in self.config.connections()}
                connection = connections.get(resource.connection)
                if connection is None:
                    raise Conflict(f"there is no connection {resource.connection}")
                if resource.digest and connection.order is not DeliveryOrder.NONE:
                    raise Conflict(f"{connection.id} keeps an order, which digests would break")
            case Service() | ServiceRoute():
                require_valid(resource, self.config)
        errors = (
            *rule_violations(resource, vocabularies_of(self.providers)),
            *self._middleware_violations(resource),
        )
        if errors:
            raise ConfigInvalid(errors)

    def _middleware_violations(self, resource: ConfigResource) -> Iterator[ManifestError]:
        if isinstance(resource, Service) and resource.middlewares:
            from signalbox.services.config.middleware_rules import (  # noqa: PLC0415  rarely needed
                middleware_violations,
            )

            yield from middleware_violations(resource, self.middlewares)


def remove_secret(
    resource: ConfigResource, remove: RemoveSecret, *, kept: Collection[str] = ()
) -> None:
    """Remove the secrets of a resource that is removed next, so that a retry completes both.

    Those that are `kept` are still used by what replaces it.

    Raises:
        Unavailable: A secret could not be removed, so the resource stays.
    """
    try:
        for name in resource.secret_names:
            if name not in kept:
                remove(name)
    except Unavailable as unavailable:
        problem = f"{resource.kind} {resource.key} stays, as its secret could not be removed"
        raise Unavailable(problem) from unavailable.__cause__
