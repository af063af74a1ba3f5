from collections.abc import Iterator
from datetime import timedelta

import dns.rcode
import pytest

from signalbox.egress.dns_discovery import DnsEndpoints
from signalbox.models.errors import Unavailable
from signalbox.models.service_discovery import DnsDiscovery, DnsRecordType, ServiceDiscovery
from signalbox.services.ports.discovery import DiscoveredEndpoint, DiscoveryAnswer
from tests.builders import a_discovery
from tests.fakes.dns_server import DnsServer

NAME = "_orders._tcp.example.internal"


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer().running() as server:
        yield server


def looked_up(server: DnsServer, kind: DnsRecordType) -> DiscoveryAnswer:
    lookup = DnsEndpoints(make_resolver=server.resolver)
    return lookup(ServiceDiscovery(dns=DnsDiscovery(name=NAME, type=kind)))


def test_servers_have_their_host_port_and_weight(server: DnsServer) -> None:
    server.records = {(NAME, "SRV"): ("10 60 8443 A.example.internal.", "10 20 9443 b.example.")}

    answer = looked_up(server, DnsRecordType.SRV)

    assert set(answer.endpoints) == {
        DiscoveredEndpoint(
            name="a.example.internal:8443", host="a.example.internal", port=8443, weight=60
        ),
        DiscoveredEndpoint(name="b.example:9443", host="b.example", port=9443, weight=20),
    }
    assert answer.ttl == timedelta(seconds=30)
    assert server.questions == [f"SRV {NAME}"]


def test_only_servers_of_the_lowest_priority_count(server: DnsServer) -> None:
    server.records = {(NAME, "SRV"): ("10 1 80 a.example.", "20 1 80 b.example.")}

    answer = looked_up(server, DnsRecordType.SRV)

    assert [each.host for each in answer.endpoints] == ["a.example"]


def test_a_service_that_is_decidedly_not_there_has_no_server(server: DnsServer) -> None:
    server.records = {(NAME, "SRV"): ("0 0 0 .",)}

    assert looked_up(server, DnsRecordType.SRV).endpoints == ()


@pytest.mark.parametrize(
    ("kind", "address"), [(DnsRecordType.A, "192.0.2.7"), (DnsRecordType.AAAA, "2001:db8::7")]
)
def test_addresses_have_no_port_of_their_own(
    server: DnsServer, kind: DnsRecordType, address: str
) -> None:
    server.records = {(NAME, kind.upper()): (address,)}

    answer = looked_up(server, kind)

    assert answer.endpoints == (DiscoveredEndpoint(name=address, host=address),)


def test_a_name_without_records_of_the_type_has_no_instance(server: DnsServer) -> None:
    server.records = {(NAME, "A"): ("192.0.2.7",)}

    assert looked_up(server, DnsRecordType.AAAA).endpoints == ()


def test_an_answer_that_is_too_long_for_udp_is_asked_for_again_by_tcp(server: DnsServer) -> None:
    server.records = {(NAME, "A"): tuple(f"10.0.0.{number}" for number in range(1, 200))}
    server.truncated = True

    answer = looked_up(server, DnsRecordType.A)

    assert len(answer.endpoints) == 199
    assert len(server.questions) == 2


def test_the_reason_of_a_failure_has_nothing_of_the_name_servers(server: DnsServer) -> None:
    server.rcode = dns.rcode.REFUSED

    with pytest.raises(Unavailable) as caught:
        looked_up(server, DnsRecordType.A)

    assert caught.value.reason == "the DNS did not answer (NoNameservers)"


def test_discovery_of_another_kind_is_not_answered(server: DnsServer) -> None:
    with pytest.raises(Unavailable):
        DnsEndpoints(make_resolver=server.resolver)(a_discovery())

    assert server.questions == []
