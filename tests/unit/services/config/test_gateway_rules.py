import pytest
from pydantic import ValidationError

from signalbox.models.config_resource import ConfigResource
from signalbox.models.errors import Conflict
from signalbox.models.manifest import Manifest
from signalbox.models.principal import Role
from signalbox.models.service import Service
from signalbox.models.service_discovery import (
    CloudMapDiscovery,
    DnsDiscovery,
    DnsRecordType,
    ServiceDiscovery,
)
from signalbox.models.service_route import ServiceRoute
from signalbox.models.upstream import BalancingPolicy
from signalbox.services.config.configure import Configure
from signalbox.services.config.gateway_rules import (
    gateway_errors,
    route_violations,
    service_violations,
)
from tests.builders import a_discovery, a_route, a_service, an_instance
from tests.fakes.config import FakeConfigStore


def paths(resource: Service | ServiceRoute) -> list[str]:
    if isinstance(resource, Service):
        return [violation.path for violation in service_violations(resource)]
    return [violation.path for violation in route_violations(resource)]


CLOUD_MAP = CloudMapDiscovery(namespace="example.internal", service="orders")
SRV = DnsDiscovery(name="_orders._tcp.example.internal", type=DnsRecordType.SRV)


@pytest.mark.parametrize(
    ("discovery", "expected"),
    [
        (ServiceDiscovery(cloud_map=CLOUD_MAP), []),
        (ServiceDiscovery(dns=SRV), []),
        (ServiceDiscovery(), ["discovery"]),
        (ServiceDiscovery(cloud_map=CLOUD_MAP, dns=SRV), ["discovery"]),
        (ServiceDiscovery(dns=SRV.model_copy(update={"port": 80})), ["discovery.dns.port"]),
    ],
)
def test_discovery_is_of_one_kind_and_srv_records_have_their_ports(
    discovery: ServiceDiscovery, expected: list[str]
) -> None:
    assert paths(a_service(instances=(), discovery=discovery)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"instances": (an_instance(url="http://10.0.0.7"),)}, ["tls"]),
        ({"versions": {"v2": (an_instance(url="http://10.0.0.7"),)}}, ["tls"]),
        ({"discovery": a_discovery(scheme="http")}, ["tls"]),
        ({"discovery": a_discovery()}, []),
    ],
)
def test_a_service_with_tls_has_no_instance_without(
    changes: dict[str, object], expected: list[str]
) -> None:
    assert paths(a_service(tls={"ca": True}, **changes)) == expected


@pytest.mark.parametrize("name", ["", ".", "a..b", "-a", "a b", "a" * 64, "ab." * 90])
def test_discovery_by_dns_takes_names_that_there_may_be(name: str) -> None:
    with pytest.raises(ValidationError):
        DnsDiscovery(name=name, type=DnsRecordType.A)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example.com",
        "https://a.example.com:8443/base",
        "http://10.0.0.7:8080",
        "http://[fd12::7]:8080",
        "http://localhost:3000",
    ],
)
def test_an_instance_has_the_url_of_a_host(url: str) -> None:
    assert paths(a_service(instances=(an_instance(url=url),))) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[fd00:ec2::254]",
        "http://[fe80::1]",
        "http://[::ffff:169.254.169.254]",
        "http://[64:ff9b::a9fe:a9fe]",
        "https://user@a.example.com",
        "https://a.example.com\\@b.example.com",
        "https://a.example.com%2f",
        "https://a..example.com",
        "https://a.example.com.",
        "https://a.example.com:0",
        "https://a.example.com/a/../b",
        "https://a.example.com/a//b",
        "https://a.example.com/%2e%2e",
    ],
)
def test_a_url_that_is_never_called_or_read_in_two_ways_is_refused(url: str) -> None:
    assert paths(a_service(instances=(an_instance(url=url),))) == ["instances[0].url"]


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        (a_service(name="v1"), "name"),
        (a_service(name="gateway"), "name"),
        (a_service(instances=()), "instances"),
        (a_service(instances=(an_instance(), an_instance())), "instances[1].id"),
        (a_service(versions={"v2": (an_instance(url="http://[::"),)}), "versions.v2[0].url"),
        (a_service(balancing=BalancingPolicy.CONSISTENT_HASH), "hash_key"),
        (a_service(hash_key="header:x-user"), "hash_key"),
        (a_route(path="/shop"), "path"),
        (a_route(path="/api"), "path"),
        (a_route(path="/api/{any}"), "path"),
        (a_route(path="/api/v1/tasks"), "path"),
        (a_route(path="/api/gateway"), "path"),
        (a_route(path="/api/shop/.."), "path"),
        (a_route(path="/api/shop/{a}/{a}"), "path"),
        (a_route(rewrite="/{shop}"), "rewrite"),
        (a_route(rewrite="/a/.."), "rewrite"),
    ],
)
def test_a_violation_names_where_it_is(resource: Service | ServiceRoute, path: str) -> None:
    assert paths(resource) == [path]


def test_a_manifest_names_services_and_versions_that_exist() -> None:
    routes = (a_route(), a_route(id="new", path="/api/new", version="v2"))
    manifest = Manifest(services=(a_service(),), routes=routes)

    without = gateway_errors(Manifest(routes=routes[:1]), ())
    with_stored = gateway_errors(Manifest(routes=routes[:1]), (a_service(),))

    assert [error.path for error in gateway_errors(manifest, ())] == ["routes[1].version"]
    assert [error.path for error in without] == ["routes[0].service"]
    assert list(with_stored) == []


def test_conflicting_routes_are_both_named_also_if_one_is_stored() -> None:
    manifest = Manifest(services=(a_service(),), routes=(a_route(id="other"),))

    (error,) = gateway_errors(manifest, (a_route(),))

    assert "shop (/api/shop) and other (/api/shop)" in error.reason


def test_a_route_that_the_manifest_replaces_conflicts_with_nothing() -> None:
    manifest = Manifest(services=(a_service(),), routes=(a_route(priority=3),))

    assert list(gateway_errors(manifest, (a_route(),))) == []


def configure(*stored: ConfigResource) -> Configure:
    return Configure(
        config=FakeConfigStore(*stored),
        remove_secret=lambda _: None,
        connectors={},
        providers={},
    )


@pytest.mark.parametrize(
    ("resource", "stored", "reason"),
    [
        (a_route(), (), "there is no service orders"),
        (a_route(version="v2"), (a_service(),), "has no version v2"),
        (a_route(id="other"), (a_service(), a_route()), "other (/api/shop) and shop (/api/shop)"),
        (a_service(access={"roles": ("devs",)}), (), "there is no role devs"),
        (
            a_service(),
            (a_service(versions={"v2": (an_instance(),)}), a_route(version="v2")),
            "route shop: the service orders has no version v2",
        ),
    ],
)
def test_the_api_refuses_what_does_not_fit_the_rest(
    resource: ConfigResource, stored: tuple[ConfigResource, ...], reason: str
) -> None:
    with pytest.raises(Conflict) as caught:
        configure(*stored).put(resource, lambda _: None)

    assert reason in caught.value.reason


def test_a_service_with_custom_roles_is_stored() -> None:
    config = configure(Role(name="devs"))

    assert config.put(a_service(access={"roles": ("devs", "admin")}), lambda _: None)


def test_a_service_to_which_a_route_leads_is_not_removed() -> None:
    config = configure(a_service(), a_route())

    with pytest.raises(Conflict, match="routes refer to it: shop"):
        config.remove(a_service(), lambda _: None)
