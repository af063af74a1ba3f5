"""Every directory of instances keeps the promises of the port."""

from collections.abc import Iterator

import boto3
import dns.rcode
import pytest
from botocore.stub import Stubber

from signalbox.aws.cloud_map import CloudMapEndpoints
from signalbox.aws.sdk_errors import with_own_errors
from signalbox.egress.dns_discovery import DnsEndpoints
from signalbox.models.service_discovery import ServiceDiscovery
from tests.builders import a_discovery, an_endpoint
from tests.contract.discovery import DiscoveryContract
from tests.fakes.discovery import FakeDirectory
from tests.fakes.dns_server import DnsServer

NAME = "orders.example.internal"


class FakeRig:
    discovery = a_discovery()

    def __init__(self) -> None:
        self.lookup = FakeDirectory()

    def publish(self, *hosts: str) -> None:
        self.lookup.endpoints = tuple(an_endpoint(host, host=host) for host in hosts)

    def fail(self) -> None:
        self.lookup.down = True


class CloudMapRig:
    discovery = a_discovery()

    def __init__(self) -> None:
        client = boto3.client(
            "servicediscovery",
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        self.stub = Stubber(client)
        self.stub.activate()
        self.lookup = CloudMapEndpoints(client=with_own_errors(client))

    def publish(self, *hosts: str) -> None:
        instances = [
            {"InstanceId": f"i-{host}", "Attributes": {"AWS_INSTANCE_IPV4": host}} for host in hosts
        ]
        self.stub.add_response("discover_instances", {"Instances": instances})

    def fail(self) -> None:
        self.stub.add_client_error("discover_instances", "RequestLimitExceeded")


class DnsRig:
    def __init__(self, server: DnsServer, kind: str) -> None:
        self.server, self.kind = server, kind
        self.discovery = ServiceDiscovery.model_validate_json(
            f'{{"dns": {{"name": "{NAME}", "type": "{kind}"}}}}'
        )
        self.lookup = DnsEndpoints(make_resolver=server.resolver)

    def publish(self, *hosts: str) -> None:
        before, after = ("10 5 8443 ", ".") if self.kind == "srv" else ("", "")
        records = tuple(f"{before}{host}{after}" for host in hosts)
        self.server.records = {(NAME, self.kind.upper()): records} if hosts else {}

    def fail(self) -> None:
        self.server.rcode = dns.rcode.SERVFAIL


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with DnsServer().running() as server:
        yield server


class TestFakeDirectory(DiscoveryContract):
    @pytest.fixture
    def rig(self) -> FakeRig:
        return FakeRig()


class TestCloudMap(DiscoveryContract):
    @pytest.fixture
    def rig(self) -> CloudMapRig:
        return CloudMapRig()


class TestDnsServers(DiscoveryContract):
    @pytest.fixture
    def rig(self, server: DnsServer) -> DnsRig:
        return DnsRig(server, "srv")


class TestDnsAddresses(DiscoveryContract):
    @pytest.fixture
    def rig(self, server: DnsServer) -> DnsRig:
        return DnsRig(server, "a")
