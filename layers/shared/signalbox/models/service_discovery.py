"""Where the instances of a service are looked up, beside those that are configured."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from signalbox.models.base import Model

DiscoveryPort = Annotated[int, Field(ge=1, le=65_535)]

DiscoveryScheme = Literal["http", "https"]

DomainName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
        r"(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?$",
        max_length=253,
    ),
]
"""A name in the DNS, which is complete: no search domain is added."""

_CloudMapName = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,1024}$")]


class DnsRecordType(StrEnum):
    """The records that name the instances."""

    SRV = "srv"
    """Host, port, weight and priority of each instance (RFC 2782)."""

    A = "a"
    """The IPv4 address of each instance."""

    AAAA = "aaaa"
    """The IPv6 address of each instance."""


class CloudMapDiscovery(Model):
    """A service of AWS Cloud Map, whose healthy instances are called.

    Instances without a port of their own have `port`, or that of the `scheme`.
    """

    namespace: _CloudMapName
    service: _CloudMapName
    scheme: DiscoveryScheme = "https"
    port: DiscoveryPort | None = None


class DnsDiscovery(Model):
    """Records in the DNS. Addresses have `port`, or that of the `scheme`; SRV has its own."""

    name: DomainName
    type: DnsRecordType
    scheme: DiscoveryScheme = "https"
    port: DiscoveryPort | None = None


class ServiceDiscovery(Model):
    """Where instances are looked up: one of these."""

    cloud_map: CloudMapDiscovery | None = None
    dns: DnsDiscovery | None = None

    @property
    def scheme(self) -> DiscoveryScheme:
        """Return the scheme of the instances."""
        return self._source.scheme

    @property
    def port(self) -> int | None:
        """Return the port of instances without one of their own, None for that of the scheme."""
        return self._source.port

    @property
    def is_plain(self) -> bool:
        """Return whether instances are called by plain HTTP."""
        return any(each and each.scheme == "http" for each in (self.cloud_map, self.dns))

    @property
    def text(self) -> str:
        """Return what is looked up, for people."""
        if self.cloud_map:
            return f"cloud_map {self.cloud_map.namespace}/{self.cloud_map.service}"
        return f"dns {self.dns.type} {self.dns.name}" if self.dns else ""

    @property
    def _source(self) -> CloudMapDiscovery | DnsDiscovery:
        source = self.cloud_map or self.dns
        if source is None:
            raise ValueError("there is nothing to look up")
        return source
