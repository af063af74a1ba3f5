from collections.abc import Sequence
from threading import Barrier, Event, Thread

import pytest
from typing_extensions import override

from signalbox.models.errors import Unavailable
from signalbox.models.service import Service
from signalbox.models.service_discovery import DnsDiscovery, DnsRecordType, ServiceDiscovery
from signalbox.models.upstream import Instance
from signalbox.services.gateway.discovery import CachedDiscovery, endpoint_instances
from signalbox.services.gateway.instance_pool import BalancedService
from signalbox.services.ports.discovery import DiscoveryAnswer
from tests.builders import a_discovery, a_service, an_endpoint, an_instance
from tests.fakes.clock import FakeClock
from tests.fakes.discovery import FakeDirectory
from tests.fakes.instance_pool import live_instances

SERVICE = a_service(instances=(), discovery=a_discovery())


class Rig:
    def __init__(self, *names: str, seconds: float = 5) -> None:
        self.clock, self.reports = FakeClock(), list[tuple[str, str]]()
        self.directory = FakeDirectory(*(an_endpoint(name) for name in names), seconds=seconds)
        self.cache = CachedDiscovery(
            discover=self.directory,
            clock=self.clock,
            report=lambda service, reason: self.reports.append((service, reason)),
        )

    def ids(self, service: Service = SERVICE) -> Sequence[str]:
        return sorted(self.cache.get(service).ids)


def instance(name: str = "i-1", scheme: str = "https", **changes: object) -> Instance | None:
    """The instance that an endpoint becomes, None if it cannot be used."""
    found, _ = endpoint_instances(a_discovery(scheme=scheme), [an_endpoint(name, **changes)], ())
    return found[None][0] if found else None


def test_a_service_without_discovery_is_not_looked_up() -> None:
    rig = Rig("i-1")

    assert rig.ids(a_service()) == []
    assert not rig.cache.is_stale(a_service())
    assert rig.directory.lookups == []


@pytest.mark.parametrize(("ttl", "used"), [(0, 5), (5, 5), (20, 20), (60, 60), (3_600, 60)])
def test_an_answer_is_used_for_its_time_of_5_to_60_seconds(ttl: float, used: float) -> None:
    rig = Rig("i-1", seconds=ttl)
    rig.ids()
    rig.directory.endpoints = (an_endpoint("i-2"),)

    rig.clock.advance(seconds=used - 0.1)
    before, was_stale = rig.ids(), rig.cache.is_stale(SERVICE)
    rig.clock.advance(seconds=0.1)
    is_stale, after = rig.cache.is_stale(SERVICE), rig.ids()

    assert (before, after) == (["i-1"], ["i-2"])
    assert (was_stale, is_stale) == (False, True)
    assert len(rig.directory.lookups) == 2


def test_while_the_lookup_fails_the_last_answer_stays_in_use() -> None:
    rig = Rig("i-1")
    rig.ids()
    rig.directory.down = True

    for _ in range(20):
        rig.clock.advance(seconds=10)
        assert rig.ids() == ["i-1"]

    assert len(rig.directory.lookups) == 1 + 7
    reason = "the directory did not answer; the last answer stays in use"
    assert rig.reports == [("orders", reason)]


def test_a_lookup_that_never_had_an_answer_is_repeated_every_five_seconds() -> None:
    rig = Rig("i-1")
    rig.directory.down = True

    for _ in range(3):
        with pytest.raises(Unavailable, match="the directory did not answer"):
            rig.ids()
    lookups = len(rig.directory.lookups)
    rig.directory.down = False
    rig.clock.advance(seconds=5)

    assert (lookups, rig.ids()) == (1, ["i-1"])


def test_an_empty_answer_is_used_and_reported_once() -> None:
    rig = Rig("i-1")
    rig.ids()
    rig.directory.endpoints = ()

    for _ in range(3):
        rig.clock.advance(seconds=5)
        assert rig.ids() == []

    assert rig.reports == [("orders", "no instance was found")]


def test_what_is_wrong_is_reported_again_after_it_was_right() -> None:
    rig = Rig()
    for endpoints in ((), (an_endpoint(),), ()):
        rig.directory.endpoints = endpoints
        rig.ids()
        rig.clock.advance(seconds=5)

    assert rig.reports == [("orders", "no instance was found")] * 2


def test_discovery_that_is_configured_anew_is_looked_up_at_once() -> None:
    rig = Rig("i-1")
    rig.ids()
    rig.directory.down = True
    moved = SERVICE.model_copy(update={"discovery": a_discovery(service="others")})

    with pytest.raises(Unavailable):
        rig.ids(moved)


def test_instances_that_appear_later_start_slowly() -> None:
    rig = Rig("i-1", "i-2")
    first = rig.cache.get(SERVICE).started_at
    rig.directory.endpoints = (an_endpoint("i-2"), an_endpoint("i-3"))
    at = rig.clock.advance(seconds=5)
    second = rig.cache.get(SERVICE).started_at
    rig.clock.advance(seconds=5)

    assert (first, second) == ({}, {"i-3": at})
    assert rig.cache.get(SERVICE).started_at == {"i-3": at}


def test_an_instance_that_was_away_starts_slowly_again() -> None:
    rig = Rig("i-1")
    rig.ids()
    rig.directory.endpoints = ()
    rig.clock.advance(seconds=5)
    rig.ids()
    rig.directory.endpoints = (an_endpoint("i-1"),)
    at = rig.clock.advance(seconds=5)

    assert rig.cache.get(SERVICE).started_at == {"i-1": at}


class SlowDirectory(FakeDirectory):
    """Answers when the test lets it."""

    def __init__(self) -> None:
        super().__init__(an_endpoint("i-1"))
        self.asked, self.answers = Event(), Event()

    @override
    def __call__(self, discovery: ServiceDiscovery) -> DiscoveryAnswer:
        self.asked.set()
        self.answers.wait(5)
        return super().__call__(discovery)


def test_threads_wait_for_the_first_answer_and_share_it() -> None:
    directory, found, barrier = SlowDirectory(), list[str](), Barrier(4)
    cache = CachedDiscovery(discover=directory, clock=FakeClock())

    def get() -> None:
        barrier.wait(5)
        found.extend(cache.get(SERVICE).ids)

    threads = [Thread(target=get) for _ in range(3)]
    for thread in threads:
        thread.start()
    barrier.wait(5)
    directory.asked.wait(5)
    directory.answers.set()
    for thread in threads:
        thread.join(5)

    assert (found, len(directory.lookups)) == (["i-1"] * 3, 1)


def test_threads_use_the_last_answer_while_one_of_them_looks_up() -> None:
    directory, clock = SlowDirectory(), FakeClock()
    cache = CachedDiscovery(discover=directory, clock=clock)
    directory.answers.set()
    cache.get(SERVICE)
    directory.asked.clear()
    directory.answers.clear()
    clock.advance(seconds=5)
    thread = Thread(target=cache.get, args=(SERVICE,))
    thread.start()
    directory.asked.wait(5)

    meanwhile = cache.get(SERVICE).ids
    directory.answers.set()
    thread.join(5)

    assert (sorted(meanwhile), len(directory.lookups)) == (["i-1"], 2)


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({"host": "10.0.0.1", "port": 8443}, "https://10.0.0.1:8443"),
        ({"host": "10.0.0.1", "port": None}, "https://10.0.0.1"),
        ({"host": "2001:db8::7", "port": 80}, "https://[2001:db8::7]:80"),
        ({"host": "a.example.internal."}, "https://a.example.internal:8443"),
        ({"scheme": "http"}, "http://10.0.0.1:8443"),
    ],
)
def test_an_endpoint_becomes_an_instance(changes: dict[str, str], url: str) -> None:
    found = instance(**changes)

    assert found == Instance(id="i-1", url=url)


def test_an_endpoint_without_a_port_has_the_configured_one() -> None:
    endpoint = an_endpoint(port=None)

    found, _ = endpoint_instances(a_discovery(port=9443), [endpoint], ())

    assert found[None][0].url == "https://10.0.0.1:9443"


@pytest.mark.parametrize(
    "host", ["", "169.254.169.254", "fd00:ec2::254", "fe80::1", "a b", "a@b", "a/b", "é"]
)
def test_an_endpoint_with_an_address_that_is_never_called_is_left_out(host: str) -> None:
    endpoints = [an_endpoint("i-1"), an_endpoint("i-2", host=host)]

    found, problem = endpoint_instances(a_discovery(), endpoints, ())

    assert [each.id for each in found[None]] == ["i-1"]
    assert problem == "1 of 2 instances cannot be used"


@pytest.mark.parametrize("name", ["10.0.0.1", "2001:db8::7", "A.b:80", "-", "", "é" * 200])
def test_a_name_that_is_no_id_becomes_one_that_stays(name: str) -> None:
    first, again, other = (instance(name=each) for each in (name, name, f"{name}."))

    assert first
    assert first == again
    assert other
    assert first.id != other.id


@pytest.mark.parametrize(
    ("weights", "scaled"),
    [
        ((1, 2), (1, 2)),
        ((0, 0), (1, 1)),
        ((0, 256), (1, 256)),
        ((65_535, 32_768, 0), (256, 128, 1)),
    ],
)
def test_weights_of_any_size_become_those_that_instances_have(
    weights: tuple[int, ...], scaled: tuple[int, ...]
) -> None:
    endpoints = [an_endpoint(f"i-{n}", weight=weight) for n, weight in enumerate(weights)]

    found, _ = endpoint_instances(a_discovery(), endpoints, ())

    assert tuple(each.weight for each in found[None]) == scaled


def test_a_zone_is_kept_if_it_can_be_one() -> None:
    kept, odd = instance(zone="eu-central-1a"), instance(zone="A zone")

    assert kept
    assert kept.zone == "eu-central-1a"
    assert odd
    assert odd.zone is None


def test_instances_of_a_version_serve_that_version_alone() -> None:
    endpoints = [
        an_endpoint("i-1"),
        an_endpoint("i-2", version="v2"),
        an_endpoint("i-3", version="2"),
        an_endpoint("i-4", version="v3"),
    ]

    found, problem = endpoint_instances(a_discovery(), endpoints, ["v2"])

    ids = {version: [each.id for each in group] for version, group in found.items()}
    assert ids == {None: ["i-1"], "v2": ["i-2", "i-3"]}
    assert problem == "1 of 4 instances cannot be used"


def test_every_process_leaves_out_the_same_instances_of_too_many() -> None:
    endpoints = [an_endpoint(f"i-{number:03}") for number in range(120)]

    found, problem = endpoint_instances(a_discovery(), endpoints, ())
    again, _ = endpoint_instances(a_discovery(), endpoints[::-1], ())

    assert len(found[None]) == 100
    assert found == again
    assert problem == "20 of 120 instances cannot be used"


def balanced(directory: FakeDirectory, service: Service) -> BalancedService:
    return live_instances(directory=directory)(service, None)


def test_discovered_instances_join_the_configured_ones_of_which_equal_ids_win() -> None:
    service = a_service(instances=(an_instance(id="i-1"),), discovery=a_discovery())

    found = balanced(FakeDirectory(an_endpoint("i-1"), an_endpoint("i-2")), service)

    assert {each.id: each.url for each in found.instances} == {
        "i-1": "https://a.example.com",
        "i-2": "https://10.0.0.1:8443",
    }


def test_configured_instances_serve_while_the_lookup_fails() -> None:
    directory = FakeDirectory()
    directory.down = True

    found = balanced(directory, a_service(discovery=a_discovery()))

    assert found.ids == ["a"]
    assert found.started_at == {}


def test_discovery_is_shown_to_people() -> None:
    dns = DnsDiscovery(name="_orders._tcp.example.internal", type=DnsRecordType.SRV)

    assert a_discovery().text == "cloud_map example.internal/orders"
    assert ServiceDiscovery(dns=dns).text == "dns srv _orders._tcp.example.internal"
