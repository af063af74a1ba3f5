"""Instances that register themselves, and what a process sees of them."""

import pytest
from typing_extensions import override

from signalbox.models.errors import Conflict, NotFound, Unavailable, WriteConflict
from signalbox.models.registration import Registration
from signalbox.models.upstream import MAX_INSTANCES, Instance
from signalbox.services.gateway.registration import (
    CachedRegistrations,
    DeregisterInstance,
    RegisterInstance,
    RegisterResult,
)
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.instances import FakeRegistrations


class Contended(FakeRegistrations):
    """Others write before each of the next `rivals` writes."""

    rivals = 0

    @override
    def replace(
        self, service: str, before: Registration | None, after: Registration
    ) -> Registration:
        self._interfere(service, after)
        return super().replace(service, before, after)

    @override
    def delete(self, service: str, registration: Registration) -> None:
        self._interfere(service, registration)
        super().delete(service, registration)

    def _interfere(self, service: str, registration: Registration) -> None:
        if self.rivals:
            self.rivals -= 1
            kept = self.kept.get((service, registration.instance.id))
            super().replace(service, kept, registration)


class Rig:
    """The API and one proxy."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = Contended()
        self.deregister = DeregisterInstance(store=self.store, clock=self.clock)
        self.proxy = CachedRegistrations(store=self.store, clock=self.clock)

    def register(self, name: str = "a", ttl: int = 30) -> RegisterResult:
        instance = Instance(id=name, url=f"http://{name}.internal:8080")
        return RegisterInstance(store=self.store, clock=self.clock)("orders", instance, ttl)

    @property
    def seen(self) -> list[str]:
        return [each.instance.id for each in self.proxy.live("orders")]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_the_first_request_registers_and_the_next_ones_are_heartbeats(rig: Rig) -> None:
    first = rig.register()
    rig.clock.advance(seconds=20)
    second = rig.register()

    assert first.created
    assert not second.created
    assert second.registration.registered_at == NOW
    assert (second.registration.expires_at - NOW).total_seconds() == 50


def test_an_instance_that_has_expired_registers_anew(rig: Rig) -> None:
    rig.register()
    rig.clock.advance(seconds=30)

    assert rig.register().created


def test_a_proxy_sees_an_instance_within_five_seconds_and_until_it_expires(rig: Rig) -> None:
    before = rig.seen
    rig.register()
    rig.clock.advance(seconds=5)
    after = rig.seen
    rig.clock.advance(seconds=24)
    late = rig.seen
    rig.clock.advance(seconds=1)

    assert (before, after, late, rig.seen) == ([], ["a"], ["a"], [])


def test_an_instance_that_keeps_sending_heartbeats_stays(rig: Rig) -> None:
    for _ in range(20):
        rig.register()
        rig.clock.advance(seconds=10)

        assert rig.seen == ["a"]


def test_a_proxy_sees_that_an_instance_was_deregistered(rig: Rig) -> None:
    for name in ("a", "b"):
        rig.register(name)
    seen = rig.seen

    rig.deregister("orders", "a")
    rig.clock.advance(seconds=5)

    assert (seen, rig.seen) == (["a", "b"], ["b"])


def test_instances_are_read_once_in_five_seconds(rig: Rig) -> None:
    for _ in range(60):
        assert rig.seen == []
        rig.clock.advance(seconds=0.25)

    assert rig.store.calls == ["of_service"] * 3


def test_while_the_store_is_down_the_instances_that_were_live_stay(rig: Rig) -> None:
    rig.register()
    rig.register("brief", ttl=10)
    rig.clock.advance(seconds=8)
    seen = rig.seen
    rig.store.down = True

    rig.clock.advance(seconds=600)

    assert (seen, rig.seen) == (["a", "brief"], ["a"])
    rig.store.down = False
    rig.clock.advance(seconds=5)
    assert rig.seen == []


@pytest.mark.parametrize("name", ["a", "unknown"])
def test_an_instance_that_is_not_registered_cannot_be_deregistered(rig: Rig, name: str) -> None:
    rig.register()
    rig.clock.advance(seconds=30)

    with pytest.raises(NotFound):
        rig.deregister("orders", name)


def test_a_request_is_repeated_on_what_others_have_written(rig: Rig) -> None:
    rig.store.rivals = 2
    rig.register()
    rig.store.rivals = 2
    rig.deregister("orders", "a")

    assert rig.store.kept == {}


def test_a_request_that_others_overtake_each_time_is_a_conflict(rig: Rig) -> None:
    rig.register()
    rig.store.rivals = 99

    with pytest.raises(WriteConflict):
        rig.register()
    with pytest.raises(WriteConflict):
        rig.deregister("orders", "a")


def test_a_service_has_a_limited_number_of_live_instances(rig: Rig) -> None:
    for number in range(MAX_INSTANCES):
        rig.register(f"i{number}")

    with pytest.raises(Conflict, match="100"):
        rig.register("late")
    assert not rig.register("i0").created
    rig.clock.advance(seconds=30)
    assert rig.register("late").created


def test_a_store_that_is_down_is_unavailable(rig: Rig) -> None:
    rig.store.down = True

    with pytest.raises(Unavailable):
        rig.register()
    with pytest.raises(Unavailable):
        rig.deregister("orders", "a")
