"""Let pass requests of certain addresses only."""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from signalbox.models.errors import AddressRefused
from signalbox.models.middleware import MiddlewareOptions
from signalbox.models.networks import Network, contains_address
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind, Place
from signalbox.services.ports.gateway import GatewayResponse

_MAPPED: Final = IPv6Network("::ffff:0:0/96")


def _not_mapped(network: str) -> str:
    parsed = ip_network(network)
    if isinstance(parsed, IPv6Network) and parsed.subnet_of(_MAPPED):
        raise ValueError("is a network of IPv4; write it as one, such as 192.0.2.0/24")
    return network


ClientNetwork = Annotated[Network, AfterValidator(_not_mapped)]
Networks = Annotated[tuple[ClientNetwork, ...], Field(max_length=200)]


class Options(MiddlewareOptions):
    """Networks that are allowed, all if there are none, and those that are denied nevertheless."""

    allow: Networks = ()
    deny: Networks = ()

    @model_validator(mode="after")
    def _has_an_effect(self) -> Self:
        if not self.allow and not self.deny:
            raise ValueError("expects networks to allow or to deny")
        return self


@dataclass(frozen=True, slots=True)
class IpFilter:
    """Refuses requests by the address of the connection, not by a header."""

    options: Options

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return the response to a request of an address that is allowed.

        Raises:
            AddressRefused: It is not.
        """
        if not self._is_allowed(_plain(call.request.client)):
            raise AddressRefused("requests of this address are not accepted")
        return await call_next(call)

    def _is_allowed(self, address: str | None) -> bool:
        if address is None or contains_address(self.options.deny, address):
            return False
        return not self.options.allow or contains_address(self.options.allow, address)


def _plain(client: str) -> str | None:
    """Return an address, that of IPv4 if IPv6 maps it; None if it is none."""
    try:
        address = ip_address(client)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


MIDDLEWARE: Final = MiddlewareKind(
    options=Options, create=lambda options, _tools: IpFilter(options), place=Place.BEFORE_ACCESS
)
