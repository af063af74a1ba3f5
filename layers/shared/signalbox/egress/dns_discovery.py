"""Instances of services in the DNS: SRV records (RFC 2782), or addresses.

dnspython is imported when the first name is looked up: few services need it.
"""

from collections.abc import Callable
from dataclasses import field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.service_discovery import DnsDiscovery, DnsRecordType, ServiceDiscovery
from signalbox.services.ports.discovery import DiscoveredEndpoint, DiscoveryAnswer

if TYPE_CHECKING:
    from dns.resolver import Answer, Resolver
    from dns.rrset import RRset

_SECONDS: Final = 1.5
_NOWHERE: Final = "."


def system_resolver() -> "Resolver":
    """Return a resolver of the name servers of this system."""
    from dns.resolver import Resolver  # noqa: PLC0415  see above

    return Resolver()


@frozen
class DnsEndpoints:
    """Looks up names at name servers, within 1.5 seconds."""

    make_resolver: Callable[[], "Resolver"] = system_resolver
    _made: list["Resolver"] = field(default_factory=list)

    def __call__(self, discovery: ServiceDiscovery) -> DiscoveryAnswer:
        """Return the instances and the TTL of the records; those that do not exist have none.

        Of SRV records those of the lowest priority count.

        Raises:
            Unavailable: No name server gave an answer.
        """
        if discovery.dns is None:
            raise Unavailable("the service is not looked up in the DNS")
        answer = self._resolved(discovery.dns)
        if answer is None or answer.rrset is None:
            return DiscoveryAnswer(endpoints=(), ttl=timedelta())
        is_srv = discovery.dns.type is DnsRecordType.SRV
        endpoints = _servers(answer.rrset) if is_srv else _addresses(answer.rrset)
        ttl = timedelta(seconds=answer.chaining_result.minimum_ttl)
        return DiscoveryAnswer(endpoints=endpoints, ttl=ttl)

    def _resolved(self, source: DnsDiscovery) -> "Answer | None":
        """Return the answer, None if the name does not exist."""
        from dns.exception import DNSException  # noqa: PLC0415  see above
        from dns.name import from_text  # noqa: PLC0415
        from dns.resolver import NXDOMAIN  # noqa: PLC0415

        try:
            return self._resolver().resolve(
                from_text(source.name),
                source.type.upper(),
                lifetime=_SECONDS,
                raise_on_no_answer=False,
            )
        except NXDOMAIN:
            return None
        except (DNSException, OSError) as failure:
            reason = type(failure).__name__
        raise Unavailable(f"the DNS did not answer ({reason})")

    def _resolver(self) -> "Resolver":
        if not self._made:
            self._made.append(self.make_resolver())
        return self._made[0]


def _servers(records: "RRset") -> tuple[DiscoveredEndpoint, ...]:
    lowest = min(record.priority for record in records)
    return tuple(
        DiscoveredEndpoint(
            name=f"{record.target.to_text(omit_final_dot=True)}:{record.port}".lower(),
            host=record.target.to_text(omit_final_dot=True).lower(),
            port=record.port,
            weight=record.weight,
        )
        for record in records
        if record.priority == lowest and record.target.to_text() != _NOWHERE
    )


def _addresses(records: "RRset") -> tuple[DiscoveredEndpoint, ...]:
    return tuple(DiscoveredEndpoint(name=record.address, host=record.address) for record in records)
