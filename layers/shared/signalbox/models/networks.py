"""Networks from which a source accepts requests, and those that services publish."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, ClassVar, Final

from pydantic import AfterValidator, Field
from typing_extensions import override

from signalbox.models.base import UtcDatetime
from signalbox.models.config_resource import ConfigResource

MAX_PUBLISHED: Final = 5_000
"""How many networks a service may publish."""

_PRESET: Final = "preset:"
_CACHED: Final = 64


class NetworkPreset(StrEnum):
    """A service that publishes the networks from which it sends webhooks."""

    ATLASSIAN = "atlassian"
    GITHUB = "github"
    STRIPE = "stripe"


def network_text(text: str) -> str:
    """Return a network in its usual form.

    Raises:
        ValueError: It is none.
    """
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("expects a network, such as 192.0.2.0/24 or 2001:db8::/32") from None


def _source_network(text: str) -> str:
    if not text.startswith(_PRESET):
        return network_text(text)
    if text.removeprefix(_PRESET) not in set(NetworkPreset):
        presets = ", ".join(f"{_PRESET}{preset}" for preset in NetworkPreset)
        raise ValueError(f"is no preset; there are {presets}")
    return text


Network = Annotated[str, Field(max_length=50), AfterValidator(network_text)]
"""Addresses of IPv4 or IPv6, as in 192.0.2.0/24."""

SourceNetwork = Annotated[str, Field(max_length=50), AfterValidator(_source_network)]
"""A network, or the name of a preset, as in preset:github."""


class PublishedNetworks(ConfigResource):
    """The networks of a service, as it published them when they were last fetched.

    `checked_at` is the last attempt, `reason` why that failed.
    """

    kind: ClassVar = "networks"

    service: NetworkPreset
    networks: Annotated[tuple[Network, ...], Field(max_length=MAX_PUBLISHED)] = ()
    fetched_at: UtcDatetime | None = None
    checked_at: UtcDatetime
    reason: str | None = None

    @property
    @override
    def key(self) -> str:
        return self.service


def presets_in(networks: Sequence[str]) -> tuple[NetworkPreset, ...]:
    """Return the presets that these networks of a source name."""
    names = (text.removeprefix(_PRESET) for text in networks if text.startswith(_PRESET))
    return tuple(NetworkPreset(name) for name in dict.fromkeys(names))


def contains_address(networks: Sequence[str], address: str) -> bool:
    """Return whether an address is in one of the networks; presets have none."""
    try:
        sender = ip_address(address)
    except ValueError:
        return False
    return any(sender in network for network in _parsed(tuple(networks)))


@lru_cache(maxsize=_CACHED)
def _parsed(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text) for text in networks if not text.startswith(_PRESET))
