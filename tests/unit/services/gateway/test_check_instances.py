from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

from typing_extensions import override

from signalbox.models.errors import Unavailable
from signalbox.models.health_check import CHECK_PASS, HealthCheck, OutlierDetection
from signalbox.models.instance_health import CheckResult, ServiceHealth, eject
from signalbox.models.registration import new_registration
from signalbox.models.service import Service
from signalbox.models.service_tls import UpstreamTls
from signalbox.models.upstream import Instance
from signalbox.services.gateway.check_instances import CheckInstances, CheckPassResult
from signalbox.services.gateway.discovery import CachedDiscovery
from signalbox.services.gateway.health import RecordChecks, update_health
from tests.builders import NOW, a_discovery, a_service, an_endpoint, an_instance
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.discovery import FakeDirectory
from tests.fakes.instances import FakeInstanceHealth, FakeRegistrations

STRICT = HealthCheck(unhealthy_threshold=1, healthy_threshold=1)
TWO = (an_instance(), an_instance(id="b", url="https://b.example.com"))
ORDERS = a_service(instances=TWO, health_check=STRICT)


class Unwritable(FakeInstanceHealth):
    """Does not store the health of the service `orders`."""

    @override
    def replace(self, service: str, before: ServiceHealth, after: ServiceHealth) -> ServiceHealth:
        if service == "orders":
            raise Unavailable("the table did not answer")
        return super().replace(service, before, after)


class Rig:
    """The checks of services; instances in `sick` fail them."""

    def __init__(self, *services: Service) -> None:
        self.clock, self.sick, self.probed = FakeClock(), set[str](), list[str]()
        self.tls = set[UpstreamTls]()
        self.config = FakeConfigStore(*services)
        self.health, self.registrations = FakeInstanceHealth(), FakeRegistrations()
        self.directory = FakeDirectory()
        self.check = CheckInstances(
            config=self.config,
            registrations=self.registrations,
            discovery=CachedDiscovery(discover=self.directory, clock=self.clock),
            health=self.health,
            record=RecordChecks(store=self.health, clock=self.clock),
            probe=self._probe,
            clock=self.clock,
            random=Random(1),
        )

    def run(self, seconds_left: Callable[[], float] = lambda: 20) -> CheckPassResult:
        result = self.check(self.clock(), seconds_left)
        self.clock.advance(CHECK_PASS)
        return result

    def events(self, result: CheckPassResult) -> list[tuple[str, str, str]]:
        found = [(name, each.instance, each.event.value) for name, each in result.changes]
        return sorted(found)

    def _probe(self, instance: Instance, _: HealthCheck, tls: UpstreamTls) -> CheckResult:
        self.probed.append(instance.id)
        self.tls.add(tls)
        reason = "status 503" if instance.id in self.sick else None
        return CheckResult(instance=instance.id, passed=reason is None, reason=reason)


def test_an_instance_that_fails_its_checks_is_unhealthy_until_it_passes_them() -> None:
    rig = Rig(ORDERS)
    rig.run()

    rig.sick.add("b")
    failing = rig.run()
    rig.sick.clear()
    passing = rig.run()

    assert (failing.checked, failing.failed) == (2, 1)
    assert rig.events(failing) == [("orders", "b", "unhealthy")]
    assert failing.changes[0][1].reason == "status 503"
    assert rig.events(passing) == [("orders", "b", "healthy")]


def test_instances_are_checked_with_the_tls_of_their_service() -> None:
    tls = {"ca": True, "client_certificate": True, "server_name": "orders.internal"}
    rig = Rig(a_service(instances=TWO, health_check=STRICT, tls=tls))

    rig.run()

    assert rig.tls == {
        UpstreamTls(
            ca="services/orders/ca",
            certificate="services/orders/certificate",
            server_name="orders.internal",
        )
    }


def test_a_service_is_down_while_none_of_its_instances_is_healthy() -> None:
    rig = Rig(ORDERS)
    rig.sick.update("ab")

    assert rig.run().down == ["orders"]
    rig.sick.remove("a")
    assert rig.run().down == []


def test_instances_of_versions_and_registered_ones_are_checked_too() -> None:
    service = a_service(
        versions={"v2": (an_instance(id="c"),)}, health_check=STRICT, self_registration=True
    )
    rig = Rig(service)
    rig.registrations.replace("orders", None, new_registration(an_instance(id="r"), 60, NOW))

    rig.run()

    assert sorted(rig.probed) == ["a", "c", "r"]
    assert set(rig.health.kept) == {"orders", "orders/v2"}


def test_instances_that_are_looked_up_are_checked_and_removed_when_they_are_gone() -> None:
    rig = Rig(a_service(health_check=STRICT, discovery=a_discovery()))
    rig.directory.endpoints = (an_endpoint("i-1"), an_endpoint("i-2"))
    rig.run()
    rig.directory.endpoints = (an_endpoint("i-2"),)

    result = rig.run()

    assert sorted(rig.probed) == ["a", "a", "i-1", "i-2", "i-2"]
    assert rig.events(result) == [("orders", "i-1", "removed")]


def test_a_lookup_that_fails_removes_no_instance() -> None:
    rig = Rig(a_service(health_check=STRICT, discovery=a_discovery()))
    rig.directory.down = True

    never_found = rig.run()
    rig.directory.down, rig.directory.endpoints = False, (an_endpoint("i-1"),)
    rig.run()
    rig.directory.down = True
    last_answer = rig.run()

    assert never_found.errors == {"orders": "the directory did not answer"}
    assert (never_found.checked, rig.events(never_found)) == (0, [])
    assert (last_answer.checked, last_answer.errors, last_answer.changes) == (2, {}, [])


def test_an_instance_whose_registration_has_ended_is_removed() -> None:
    rig = Rig(a_service(health_check=STRICT, self_registration=True))
    rig.registrations.replace("orders", None, new_registration(an_instance(id="r"), 30, NOW))
    rig.run()

    assert rig.events(rig.run()) == [("orders", "r", "removed")]


def test_registrations_that_cannot_be_read_remove_nobody() -> None:
    rig = Rig(a_service(health_check=STRICT, self_registration=True), a_service(name="x"))
    rig.registrations.replace("orders", None, new_registration(an_instance(id="r"), 300, NOW))
    rig.run()
    before = rig.health.kept["orders"]

    rig.registrations.down = True
    result = rig.run()

    assert result.errors == {"orders": "the registrations did not answer"}
    assert rig.health.kept["orders"] == before


def test_a_service_is_checked_as_often_as_its_interval_says() -> None:
    every_two_minutes = STRICT.model_copy(update={"interval_seconds": 120})
    rig = Rig(a_service(health_check=every_two_minutes))

    due = []
    for _ in range(8):
        due.append(rig.check.is_due(rig.clock()))
        assert rig.run().checked == due[-1]

    assert sum(due) == 2


def test_services_without_checks_or_that_are_disabled_cost_nothing() -> None:
    off = a_service(name="off", enabled=False, health_check=STRICT)
    rig = Rig(off, a_service(self_registration=True))

    result = rig.run()

    assert not rig.check.is_due(rig.clock())
    assert (result.checked, rig.probed, rig.registrations.calls) == (0, [], [])
    assert rig.health.calls == ["batch_get"]


def test_the_end_of_an_ejection_is_recorded_also_without_checks() -> None:
    rig = Rig(a_service(instances=TWO))
    rules = OutlierDetection(ejection_seconds=30)
    update_health(
        rig.health, "orders", lambda health: eject(health, "a", ["a", "b"], rules, rig.clock())
    )
    rig.clock.advance(timedelta(seconds=31))

    assert ("orders", "a", "returned") in rig.events(rig.run())


def test_an_instance_is_healthy_again_when_its_service_has_no_checks_any_more() -> None:
    rig = Rig(ORDERS)
    rig.sick.add("b")
    rig.run()
    rig.config.put(a_service(instances=TWO))

    result = rig.run()

    assert rig.events(result) == [("orders", "b", "healthy")]
    assert rig.probed.count("b") == 1


def test_checks_for_which_there_is_no_time_are_skipped_and_change_nothing() -> None:
    rig = Rig(ORDERS)
    rig.run()
    rig.sick.update("ab")

    result = rig.run(lambda: STRICT.timeout_seconds)

    assert (result.checked, result.skipped, result.changes) == (0, 2, [])


def test_health_that_cannot_be_written_is_an_error_of_its_service_alone() -> None:
    rig = Rig(ORDERS, a_service(name="stock", health_check=STRICT))
    rig.health = Unwritable()
    rig.check = replace(
        rig.check, health=rig.health, record=RecordChecks(store=rig.health, clock=rig.clock)
    )

    result = rig.run()

    assert list(result.errors) == ["orders"]
    assert rig.events(result) == [("stock", "a", "added")]
