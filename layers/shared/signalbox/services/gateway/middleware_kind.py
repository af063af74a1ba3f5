"""What a module of a middleware declares: its options, its place, and how it is made."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from random import Random
from typing import Any, Generic, TypeVar

from signalbox.models.frozen import frozen
from signalbox.models.middleware import MiddlewareOptions
from signalbox.models.service import Service
from signalbox.services.gateway.middleware import GatewayCall, Middleware
from signalbox.services.ports.gateway import TakeFromLimit, Timer
from signalbox.services.ports.time import Clock

OptionsT = TypeVar("OptionsT", bound=MiddlewareOptions)


class Place(StrEnum):
    """Where a middleware stands in relation to the authentication of the caller."""

    BEFORE_ACCESS = "before_access"
    """It sees requests of anybody, and the responses to those that are refused."""

    AFTER_ACCESS = "after_access"
    """It sees requests that may reach the service."""


SendCopy = Callable[[GatewayCall], bool]
"""Begin to send a copy of a call, whose answer is ignored; return False if it is left out."""


def send_no_copy(_call: GatewayCall) -> bool:
    """Leave every copy out."""
    return False


@frozen
class MiddlewareTools:
    """What middlewares may use of the outside. `timer` is a monotonic clock."""

    clock: Clock
    timer: Timer
    random: Random
    take: TakeFromLimit
    send_copy: SendCopy = send_no_copy


def _is_valid(_options: Any, _service: Service) -> Iterator[tuple[str, str]]:  # noqa: ANN401  options of any middleware
    yield from ()


@frozen
class MiddlewareKind(Generic[OptionsT]):
    """A middleware that services can use; each module of one has its own as MIDDLEWARE.

    Attributes:
        options: The model of its options.
        create: Returns the middleware of a service. It lives until its options change.
        check: Yields what does not fit a service, as path in the options and reason.
        place: Where it stands; those before the authentication are first in the list.
        is_repeatable: Whether a service may have several.
        precedes: Names of middlewares that come later in the list, if they are there.
    """

    options: type[OptionsT]
    create: Callable[[OptionsT, MiddlewareTools], Middleware]
    check: Callable[[OptionsT, Service], Iterator[tuple[str, str]]] = _is_valid
    place: Place = Place.AFTER_ACCESS
    is_repeatable: bool = False
    precedes: frozenset[str] = frozenset()


MiddlewareKinds = Mapping[str, Callable[[], MiddlewareKind[Any]]]
"""Every middleware by name; each is loaded when it is asked for."""
