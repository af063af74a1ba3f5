"""The health of services as one process sees it, and what it makes of its calls."""

import pytest

from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.health_check import HealthCheck, OutlierDetection
from signalbox.models.instance_health import (
    CheckResult,
    HealthEvent,
    ServiceHealth,
    sync_instances,
)
from signalbox.services.gateway.health import CachedHealth, OutlierEjection, RecordChecks
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.fakes.instances import FakeInstanceHealth

IDS = ["a", "b"]
ADDED = sync_instances(ServiceHealth(), IDS, NOW)


class Contended(FakeInstanceHealth):
    """Others write before each of the next `rivals` writes."""

    rivals = 0

    def replace(self, service: str, before: ServiceHealth, after: ServiceHealth) -> ServiceHealth:
        if self.rivals:
            self.rivals -= 1
            super().replace(service, self.kept.get(service, ServiceHealth()), ADDED)
        return super().replace(service, before, after)


class Rig:
    """One process."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = Contended()
        self.health = CachedHealth(store=self.store, clock=self.clock)
        self.outliers = OutlierEjection(health=self.health, clock=self.clock)
        self.checks = RecordChecks(store=self.store, clock=self.clock)

    def call(self, story: str, instance: str = "a", ids: list[str] = IDS) -> list[bool]:
        """A call for each letter; `x` is one that failed."""
        return [
            self.outliers.record(
                "orders", instance, ids=ids, answered=letter != "x", rules=OutlierDetection()
            )
            for letter in story
        ]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_health_is_read_once_in_five_seconds(rig: Rig) -> None:
    for _ in range(60):
        rig.health.get("orders")
        rig.clock.advance(seconds=0.25)

    assert rig.store.calls == ["get"] * 3


def test_a_change_by_another_process_is_seen_within_five_seconds(rig: Rig) -> None:
    rig.health.get("orders")
    stored = rig.store.replace("orders", ServiceHealth(), ADDED)

    rig.clock.advance(seconds=5)

    assert rig.health.get("orders") == stored


def test_a_store_that_is_down_leaves_what_was_read_last_and_is_not_asked_by_every_call(
    rig: Rig,
) -> None:
    stored = rig.store.replace("orders", ServiceHealth(), ADDED)
    rig.health.get("orders")
    rig.store.down = True
    rig.store.calls.clear()
    rig.clock.advance(seconds=5)

    assert [rig.health.get("orders") for _ in range(20)] == [stored] * 20
    assert rig.health.get("users") == ServiceHealth()
    assert rig.store.calls == ["get", "get"]


def test_successful_calls_neither_read_nor_write_anything(rig: Rig) -> None:
    rig.call("." * 50)

    assert rig.store.calls == []


def test_an_instance_whose_calls_fail_is_ejected_for_every_process(rig: Rig) -> None:
    outcomes = rig.call("..xxxxx")

    assert outcomes == [False] * 6 + [True]
    assert rig.store.kept["orders"].by_id["a"].is_ejected(rig.clock())
    assert rig.health.get("orders") == rig.store.kept["orders"]


def test_an_instance_that_fails_half_of_its_calls_is_ejected(rig: Rig) -> None:
    assert rig.call("x.x.x.x.x.x")[-1]


def test_the_last_instance_is_not_ejected_and_costs_one_read_in_five_failures(rig: Rig) -> None:
    assert not any(rig.call("x" * 20, ids=["a"]))
    assert rig.store.calls == ["get"] * 4


def test_an_ejection_by_another_process_is_not_repeated(rig: Rig) -> None:
    rig.call("xxxxx")
    other = Rig()
    other.store.kept = rig.store.kept

    assert other.call("xxxxx")[-1]
    assert other.store.calls == ["get"]


def test_an_ejection_is_repeated_on_what_others_have_written(rig: Rig) -> None:
    rig.store.rivals = 2

    assert rig.call("xxxxx")[-1]
    assert rig.store.kept["orders"].version == 3


def test_an_ejection_that_cannot_be_stored_fails_no_call(rig: Rig) -> None:
    rig.store.rivals = 99
    contended = rig.call("xxxxx")
    rig.store.rivals, rig.store.down = 0, True

    assert not any(contended + rig.call("xxxxx", "b"))


def test_a_pass_records_checks_and_the_instances_that_came_and_went(rig: Rig) -> None:
    failed = [CheckResult(instance="a", passed=False, reason="no connection")]
    rig.checks("orders", IDS)

    for _ in range(3):
        health = rig.checks("orders", ["a", "c"], failed, HealthCheck())

    assert [(change.instance, change.event) for change in health.history[:3]] == [
        ("a", HealthEvent.UNHEALTHY),
        ("c", HealthEvent.ADDED),
        ("b", HealthEvent.REMOVED),
    ]
    assert rig.store.kept["orders"] == health


def test_a_pass_that_changes_nothing_writes_nothing(rig: Rig) -> None:
    passed = [CheckResult(instance=each, passed=True) for each in IDS]
    for _ in range(2):
        rig.checks("orders", IDS, passed)
    rig.store.calls.clear()

    rig.checks("orders", IDS, passed)

    assert rig.store.calls == ["get"]


def test_a_pass_says_that_it_could_not_be_recorded(rig: Rig) -> None:
    rig.store.rivals = 99
    with pytest.raises(WriteConflict):
        rig.checks("orders", ["c"])
    rig.store.down = True
    with pytest.raises(Unavailable):
        rig.checks("orders", ["c"])
