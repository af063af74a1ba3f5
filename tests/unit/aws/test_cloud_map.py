from collections.abc import Mapping

import boto3
import pytest
from botocore.stub import Stubber

from signalbox.aws.cloud_map import CloudMapEndpoints
from signalbox.aws.sdk_errors import with_own_errors
from signalbox.models.errors import Unavailable
from signalbox.models.service_discovery import DnsDiscovery, DnsRecordType, ServiceDiscovery
from signalbox.services.ports.discovery import DiscoveredEndpoint
from tests.builders import a_discovery

ASKED = {
    "NamespaceName": "example.internal",
    "ServiceName": "orders",
    "HealthStatus": "HEALTHY",
    "MaxResults": 1_000,
}


class Rig:
    """Cloud Map as botocore describes it."""

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

    def answer(self, attributes: Mapping[str, str]) -> DiscoveredEndpoint:
        found = {"Instances": [{"InstanceId": "i-1", "Attributes": dict(attributes)}]}
        self.stub.add_response("discover_instances", found, ASKED)
        (endpoint,) = self.lookup(a_discovery()).endpoints
        return endpoint


@pytest.fixture(scope="module")
def rig() -> Rig:
    return Rig()


def test_the_healthy_instances_of_the_service_are_asked_for(rig: Rig) -> None:
    endpoint = rig.answer({"AWS_INSTANCE_IPV4": "10.0.0.1", "AWS_INSTANCE_PORT": "8443"})

    assert endpoint == DiscoveredEndpoint(name="i-1", host="10.0.0.1", port=8443)


@pytest.mark.parametrize(
    ("attributes", "name", "value"),
    [
        ({"AWS_INSTANCE_IPV6": "2001:db8::7"}, "host", "2001:db8::7"),
        ({}, "host", ""),
        ({"AWS_INSTANCE_PORT": "http"}, "port", None),
        ({"AWS_INSTANCE_PORT": "99999999"}, "port", 65_535),
        ({"weight": "7"}, "weight", 7),
        ({"weight": "-1"}, "weight", 1),
        ({"weight": "0"}, "weight", 1),
        ({"version": "v2"}, "version", "v2"),
        ({"AVAILABILITY_ZONE": "eu-central-1a"}, "zone", "eu-central-1a"),
        ({"AVAILABILITY_ZONE": "eu-central-1a", "zone": "b"}, "zone", "b"),
    ],
)
def test_attributes_may_be_missing_or_odd(
    rig: Rig, attributes: dict[str, str], name: str, value: object
) -> None:
    assert getattr(rig.answer(attributes), name) == value


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ServiceNotFound", "Cloud Map has no such service"),
        ("NamespaceNotFound", "Cloud Map has no such service"),
        ("RequestLimitExceeded", "Cloud Map did not answer"),
        ("AccessDeniedException", "Cloud Map did not answer"),
    ],
)
def test_an_error_is_no_service_without_instances(rig: Rig, code: str, reason: str) -> None:
    rig.stub.add_client_error("discover_instances", code)

    with pytest.raises(Unavailable) as caught:
        rig.lookup(a_discovery())

    assert caught.value.reason == reason


def test_discovery_of_another_kind_is_not_answered(rig: Rig) -> None:
    dns = DnsDiscovery(name="example.internal", type=DnsRecordType.A)

    with pytest.raises(Unavailable):
        rig.lookup(ServiceDiscovery(dns=dns))
