"""Instances of services without a store."""

from random import Random

from signalbox.services.gateway.discovery import CachedDiscovery
from signalbox.services.gateway.failover import RetryBudget
from signalbox.services.gateway.health import CachedHealth, OutlierEjection
from signalbox.services.gateway.instance_circuits import InstanceCircuits
from signalbox.services.gateway.instance_pool import InstancePool
from signalbox.services.gateway.live_instances import LiveInstances
from signalbox.services.gateway.registration import CachedRegistrations
from tests.fakes.clock import FakeClock
from tests.fakes.discovery import FakeDirectory
from tests.fakes.instances import FakeInstanceHealth, FakeRegistrations


def an_instance_pool(clock: FakeClock | None = None) -> InstancePool:
    """A pool of a new process, in which every instance is healthy."""
    clock = clock or FakeClock()
    health = CachedHealth(store=FakeInstanceHealth(), clock=clock)
    return InstancePool(
        health=health,
        outliers=OutlierEjection(health=health, clock=clock),
        circuits=InstanceCircuits(clock=clock, random=Random(1)),
        budget=RetryBudget(),
        clock=clock,
        random=Random(1),
    )


def live_instances(
    store: FakeRegistrations | None = None,
    clock: FakeClock | None = None,
    directory: FakeDirectory | None = None,
) -> LiveInstances:
    """The instances of services as a new process sees them."""
    clock = clock or FakeClock()
    return LiveInstances(
        registrations=CachedRegistrations(store=store or FakeRegistrations(), clock=clock),
        discovery=CachedDiscovery(discover=directory or FakeDirectory(), clock=clock),
    )
