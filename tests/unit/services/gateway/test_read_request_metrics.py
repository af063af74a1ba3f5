from signalbox.models.health_check import OutlierDetection
from signalbox.models.instance_health import ServiceHealth, eject, sync_instances
from signalbox.models.instance_status import InstanceState
from signalbox.services.gateway.read_request_metrics import ReadRequestMetrics
from tests.builders import NOW, a_service, an_instance
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore
from tests.fakes.instances import FakeInstanceHealth
from tests.fakes.request_counters import FakeRequestCounters

INSTANCES = (an_instance(), an_instance(id="b"))
VERSIONS = {"v2": (an_instance(),)}


def test_services_have_their_counters_and_the_states_of_all_instances() -> None:
    health, counters, clock = FakeInstanceHealth(), FakeRequestCounters(), FakeClock()
    seen = sync_instances(ServiceHealth(), ["a", "b", "registered"], NOW)
    ejected = eject(seen, "b", ["a", "b", "registered"], OutlierDetection(), NOW)
    health.kept["orders"] = ejected
    counters.add("orders", {"requests|2xx": 1})
    config = FakeConfigStore(
        a_service(name="users"), a_service(instances=INSTANCES, versions=VERSIONS)
    )

    orders, users = ReadRequestMetrics(
        config=config, counters=counters, health=health, clock=clock
    )()

    healthy = InstanceState.HEALTHY
    assert (orders.name, users.name) == ("orders", "users")
    assert orders.counted
    assert orders.counted.counts == {"requests|2xx": 1}
    assert orders.instances == {
        "a": healthy,
        "b": InstanceState.EJECTED,
        "registered": healthy,
        "v2/a": healthy,
    }
    assert (users.counted, users.instances) == (None, {"a": healthy})


def test_without_services_no_store_is_read() -> None:
    health, counters = FakeInstanceHealth(), FakeRequestCounters()
    health.down = counters.down = True
    read = ReadRequestMetrics(
        config=FakeConfigStore(), counters=counters, health=health, clock=FakeClock()
    )

    assert read() == ()
