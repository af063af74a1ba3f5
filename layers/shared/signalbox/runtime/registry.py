"""The installed providers, connectors and middlewares: the modules of their packages.

`signalbox.providers.NAME.provider` has its class as PROVIDER, `signalbox.connectors.NAME` as
CONNECTOR, and `signalbox.middlewares.NAME` declares itself as MIDDLEWARE. Where a provider keeps a
log of its deliveries, `signalbox.providers.NAME.redelivery` has as DELIVERY_LOG what opens it,
where it tells who has write access, its module `permissions` has PERMISSION_API, and where it takes
a message after its answer, its module `follow_up` has FOLLOW_UP. Each is imported when it is first
used, since most requests need none.
"""

from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, Any

import signalbox.connectors
import signalbox.middlewares
import signalbox.providers
from signalbox.services.ports.time import utc_now

if TYPE_CHECKING:
    from signalbox.egress.delivery_log import OpenDeliveryLogApi
    from signalbox.egress.follow_up import OpenFollowUpApi
    from signalbox.egress.permissions import OpenPermissionApi
    from signalbox.services.gateway.middleware_kind import MiddlewareKind, MiddlewareKinds
    from signalbox.services.ports.deliveries import Provider, Providers
    from signalbox.services.ports.notifications import Connector, Connectors


@cache
def connector_names() -> tuple[str, ...]:
    """Return the names of the connectors, without importing them."""
    return tuple(module.name for module in iter_modules(signalbox.connectors.__path__))


def providers() -> "Providers":
    """Return every provider by name."""
    return {name: partial(_provider, name) for name in _provider_names()}


@cache
def _provider_names() -> tuple[str, ...]:
    return tuple(module.name for module in iter_modules(signalbox.providers.__path__))


def connectors(trusted: frozenset[str]) -> "Connectors":
    """Return every connector by name, to check connections and secrets with.

    Private addresses are allowed at the `trusted` origins.
    """
    return {name: partial(_connector, name, trusted) for name in connector_names()}


def middlewares() -> "MiddlewareKinds":
    """Return every middleware of the gateway by name."""
    modules = iter_modules(signalbox.middlewares.__path__)
    return {module.name: partial(_middleware, module.name) for module in modules}


@cache
def delivery_log_opener(provider: str) -> "OpenDeliveryLogApi | None":
    """Return what opens the provider's log of deliveries, or None if it has none."""
    module = _optional_module(provider, "redelivery")
    opener: OpenDeliveryLogApi | None = module.DELIVERY_LOG if module else None
    return opener


@cache
def permission_api_opener(provider: str) -> "OpenPermissionApi | None":
    """Return what opens the provider's API of permissions, or None if it has none."""
    module = _optional_module(provider, "permissions")
    opener: OpenPermissionApi | None = module.PERMISSION_API if module else None
    return opener


@cache
def follow_up_opener(provider: str) -> "OpenFollowUpApi | None":
    """Return what opens how the provider takes the outcome after its answer, or None."""
    module = _optional_module(provider, "follow_up")
    opener: OpenFollowUpApi | None = module.FOLLOW_UP if module else None
    return opener


def _optional_module(provider: str, module: str) -> ModuleType | None:
    """Return a module that only some providers have."""
    name = f"signalbox.providers.{provider}.{module}"
    has_module = provider in providers() and find_spec(name) is not None
    return import_module(name) if has_module else None


@cache
def _provider(name: str) -> "Provider":
    made: Provider = import_module(f"signalbox.providers.{name}.provider").PROVIDER()
    return made


@cache
def _middleware(name: str) -> "MiddlewareKind[Any]":
    made: MiddlewareKind[Any] = import_module(f"signalbox.middlewares.{name}").MIDDLEWARE
    return made


@cache
def _connector(name: str, trusted: frozenset[str]) -> "Connector":
    from signalbox.egress.aws_targets import NoAwsTargets  # noqa: PLC0415  see above
    from signalbox.egress.connector import Clients  # noqa: PLC0415
    from signalbox.egress.http_client import HttpClient  # noqa: PLC0415
    from signalbox.egress.references import NoReferences, References  # noqa: PLC0415

    clients = Clients(
        http=HttpClient(trusted=trusted),
        references=References(store=NoReferences(), clock=utc_now),
        aws=NoAwsTargets(),
    )
    made: Connector = import_module(f"signalbox.connectors.{name}").CONNECTOR(clients)
    return made
