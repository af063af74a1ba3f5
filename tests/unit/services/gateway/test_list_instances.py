from datetime import timedelta

import pytest

from signalbox.models.errors import NotFound
from signalbox.models.health_check import HealthCheck, OutlierDetection
from signalbox.models.instance_health import CheckResult, eject
from signalbox.models.instance_status import InstanceSource, InstanceState, InstanceStatus
from signalbox.models.registration import new_registration
from signalbox.models.service import Service
from signalbox.services.gateway.health import RecordChecks, update_health
from signalbox.services.gateway.list_instances import ListInstances
from tests.builders import NOW, a_discovery, a_service, an_instance
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.instances import FakeInstanceHealth, FakeRegistrations

SERVICE = a_service(
    instances=(an_instance(), an_instance(id="b")),
    versions={"v2": (an_instance(id="c"),)},
    self_registration=True,
)
ONE_STRIKE = HealthCheck(unhealthy_threshold=1)


class Rig:
    def __init__(self, *services: Service) -> None:
        self.clock = FakeClock()
        self.health, self.registrations = FakeInstanceHealth(), FakeRegistrations()
        self.list_all = ListInstances(
            config=FakeConfigStore(*services),
            registrations=self.registrations,
            health=self.health,
            clock=self.clock,
        )

    def register(self, name: str) -> None:
        made = new_registration(an_instance(id=name), 30, NOW)
        self.registrations.replace("orders", None, made)

    def one(self, name: str) -> InstanceStatus:
        (found,) = [each for each in self.list_all("orders").items if each.id == name]
        return found


def test_an_instance_that_was_looked_up_is_listed_once_it_was_checked() -> None:
    rig = Rig(a_service(discovery=a_discovery()))
    RecordChecks(store=rig.health, clock=rig.clock)(
        "orders", ["a", "i-1"], [CheckResult(instance="i-1", passed=False)], ONE_STRIKE
    )

    found = rig.one("i-1")

    assert (found.source, found.url, found.weight) == (InstanceSource.DISCOVERED, None, None)
    assert (found.state, found.since) == (InstanceState.UNHEALTHY, NOW)
    assert rig.one("a").source is InstanceSource.CONFIGURED


def test_a_health_record_of_an_instance_that_is_gone_is_not_listed() -> None:
    rig = Rig(a_service())
    RecordChecks(store=rig.health, clock=rig.clock)("orders", ["a", "i-1"])

    assert [each.id for each in rig.list_all("orders").items] == ["a"]


def test_the_instances_of_all_versions_are_listed() -> None:
    rig = Rig(SERVICE)
    rig.register("d")

    items = rig.list_all("orders").items

    found = {(each.id, each.version): each.source for each in items}
    configured, registered = InstanceSource.CONFIGURED, InstanceSource.REGISTERED
    assert found == {
        ("a", None): configured,
        ("b", None): configured,
        ("d", None): registered,
        ("c", "v2"): configured,
    }


def test_a_registration_shows_its_end_and_is_gone_after_it() -> None:
    rig = Rig(SERVICE)
    rig.register("d")

    shown = rig.one("d")
    rig.clock.advance(seconds=30)

    assert (shown.registered_at, shown.expires_at) == (NOW, NOW + timedelta(seconds=30))
    assert shown.ttl_seconds == 30
    assert [each.id for each in rig.list_all("orders").items] == ["a", "b", "c"]


def test_a_registration_under_the_id_of_a_configured_instance_is_not_shown_as_its_own() -> None:
    rig = Rig(SERVICE)
    rig.register("a")

    assert rig.one("a").source is InstanceSource.CONFIGURED
    assert rig.one("a").expires_at is None


def test_health_and_its_history_are_shown_with_the_reason() -> None:
    rig = Rig(SERVICE)
    failed = CheckResult(instance="a", passed=False, reason="503")
    RecordChecks(store=rig.health, clock=rig.clock)("orders", ["a", "b"], [failed], ONE_STRIKE)

    history = rig.list_all("orders").history

    assert rig.one("a").state is InstanceState.UNHEALTHY
    assert rig.one("b").state is InstanceState.HEALTHY
    assert (history[0].instance, history[0].event, history[0].reason) == ("a", "unhealthy", "503")


def test_an_ejected_instance_is_shown_as_such_until_it_returns() -> None:
    rig = Rig(SERVICE)
    rules = OutlierDetection(ejection_seconds=30)
    update_health(
        rig.health, "orders", lambda health: eject(health, "a", ["a", "b"], rules, rig.clock())
    )

    ejected = rig.one("a")
    rig.clock.advance(seconds=30)

    assert (ejected.state, ejected.ejected_until) == (
        InstanceState.EJECTED,
        NOW + timedelta(seconds=30),
    )
    assert (rig.one("a").state, rig.one("a").ejected_until) == (InstanceState.HEALTHY, None)


def test_a_service_that_does_not_exist_has_no_list() -> None:
    with pytest.raises(NotFound):
        Rig().list_all("orders")
