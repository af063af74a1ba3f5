from collections.abc import Mapping

import pytest

from signalbox.models.gateway_errors import UpstreamFault
from signalbox.services.gateway.count_requests import CountRequests
from signalbox.services.gateway.record import GatewayRecord, UpstreamAttempt
from tests.fakes.clock import FakeClock
from tests.fakes.counts import FakeCount
from tests.fakes.request_counters import FakeRequestCounters


class Counting:
    """The counters of one process."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = FakeRequestCounters(self.clock)
        self.count = FakeCount()
        self.observed: list[tuple[Mapping[str, str], Mapping[str, float]]] = []
        self.counters = self.restarted()

    def restarted(self) -> CountRequests:
        return CountRequests(
            store=self.store,
            clock=self.clock,
            count=self.count,
            observe=lambda labels, durations: self.observed.append((labels, durations)),
        )

    def request(
        self, *attempts: UpstreamAttempt, status: int = 200, service: str | None = "orders"
    ) -> None:
        """A request, after which the process stores what it has counted if that is due."""
        record = GatewayRecord(service=service, attempts=list(attempts))
        if status >= 500:
            record.error = "bad_gateway"
        self.counters.add(record, status, 0.07)
        if self.counters.is_due:
            self.counters.flush()

    @property
    def stored(self) -> Mapping[str, int]:
        return self.store.kept.get("orders", {})


@pytest.fixture
def counting() -> Counting:
    return Counting()


def call(instance: str = "a", status: int | None = 200, seconds: float = 0.02) -> UpstreamAttempt:
    fault = None if status else UpstreamFault.TIMEOUT
    return UpstreamAttempt(instance=instance, status=status, fault=fault, seconds=seconds)


def test_a_request_is_counted_by_status_instance_and_duration(counting: Counting) -> None:
    counting.request(call("a", None), call("b", 204), status=204)

    assert counting.stored == {
        "requests|2xx": 1,
        "attempts|a|timeout": 1,
        "attempts|b|2xx": 1,
        "retries": 1,
        "seconds|0.1": 1,
        "seconds|ms": 70,
        "upstream|0.05": 1,
        "upstream|ms": 40,
    }
    ((labels, durations),) = counting.observed
    assert labels == {"target": "orders"}
    assert durations == pytest.approx({"GatewayLatency": 70.0, "GatewayUpstreamLatency": 40.0})


def test_a_request_that_reached_no_instance_counts_for_its_error_alone(counting: Counting) -> None:
    counting.request(status=503)

    assert counting.stored == {
        "requests|5xx": 1,
        "errors|bad_gateway": 1,
        "seconds|0.1": 1,
        "seconds|ms": 70,
    }


def test_a_request_to_no_service_is_not_counted(counting: Counting) -> None:
    counting.request(status=404, service=None)

    assert counting.store.writes == 0
    assert counting.observed == []


def test_a_busy_process_writes_once_in_ten_seconds_whatever_it_answers(counting: Counting) -> None:
    for _ in range(300):
        counting.request(call())
        counting.clock.advance(seconds=0.1)
    counting.clock.advance(seconds=10)
    counting.request(call())

    assert counting.store.writes == 4
    assert counting.stored["requests|2xx"] == 301


def test_the_first_request_after_a_pause_is_stored_at_once(counting: Counting) -> None:
    counting.request(call())
    counting.clock.advance(seconds=3_600)
    counting.request(call())

    assert counting.stored["requests|2xx"] == 2


def test_what_a_store_that_is_down_does_not_take_is_stored_later(counting: Counting) -> None:
    counting.store.down = True
    for _ in range(20):
        counting.request(call())
        counting.clock.advance(seconds=1)
    counting.store.down = False
    counting.request(call())

    assert counting.store.writes == 3
    assert counting.stored["requests|2xx"] == 21


def test_a_failed_store_keeps_the_counts_of_every_service(counting: Counting) -> None:
    counting.request(call())
    counting.request(call())
    counting.request(call(), service="users")
    counting.store.down = True
    counting.clock.advance(seconds=10)
    counting.counters.flush()
    counting.store.down = False
    counting.counters.flush()

    assert counting.stored["requests|2xx"] == 2
    assert counting.store.kept["users"]["requests|2xx"] == 1


def test_instances_beyond_the_hundredth_are_counted_together(counting: Counting) -> None:
    for number in range(120):
        counting.request(call(f"pod-{number}"))
    counting.clock.advance(seconds=10)
    counting.counters.flush()

    instances = [name for name in counting.stored if name.startswith("attempts|")]
    assert len(instances) == 101
    assert counting.stored["attempts|other|2xx"] == 20


def test_a_new_process_learns_from_the_store_which_instances_are_counted(
    counting: Counting,
) -> None:
    for number in range(100):
        counting.request(call(f"pod-{number}"))
    counting.clock.advance(seconds=10)
    counting.counters.flush()

    counting.counters = counting.restarted()
    counting.request(call("pod-7"))
    counting.request(call("pod-100"))
    counting.clock.advance(seconds=10)
    counting.counters.flush()

    assert counting.stored["attempts|pod-7|2xx"] == 2
    assert counting.stored["attempts|other|2xx"] == 1


def test_ejections_and_circuits_are_counted_by_version_and_instance(counting: Counting) -> None:
    counting.counters.add_ejection("orders", "a")
    counting.counters.add_opening("orders/v2", "a")
    counting.counters.flush()

    assert counting.stored == {"ejections|a": 1, "openings|v2/a": 1}
    target = {"target": "orders"}
    assert counting.count.seen == [
        ("GatewayEjections", target),
        ("GatewayCircuitOpenings", target),
    ]
