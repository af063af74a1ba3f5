"""What every store of the counters of requests promises."""

import pytest

from signalbox.models.gateway_metrics import ServiceCounts
from signalbox.services.ports.metrics import RequestCounterStore
from tests.builders import NOW
from tests.fakes.clock import FakeClock


class RequestCounterContract:
    """Inherit and say what `store` is, which tells the time by `clock`."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock()

    @pytest.fixture
    def store(self, clock: FakeClock) -> RequestCounterStore:
        raise NotImplementedError

    def test_a_service_without_requests_has_no_counters(self, store: RequestCounterStore) -> None:
        assert store.batch_get(["orders"]) == {}
        assert store.batch_get([]) == {}

    def test_counts_are_added_up_for_each_service(
        self, store: RequestCounterStore, clock: FakeClock
    ) -> None:
        store.add("orders", {"requests|2xx": 2, "seconds|0.005": 1})
        clock.advance(seconds=60)

        total = store.add("orders", {"requests|2xx": 3, "attempts|v2/a-1.x|timeout": 1})
        store.add("users", {"requests|4xx": 1})

        expected = {"requests|2xx": 5, "seconds|0.005": 1, "attempts|v2/a-1.x|timeout": 1}
        assert total == expected
        assert store.batch_get(["orders", "users", "carts"]) == {
            "orders": ServiceCounts(counts=expected, since=NOW),
            "users": ServiceCounts(counts={"requests|4xx": 1}, since=clock()),
        }

    def test_any_number_of_counts_is_added_at_once(self, store: RequestCounterStore) -> None:
        counts = {f"attempts|instance-{number}|2xx": number + 1 for number in range(120)}

        assert store.add("orders", counts) == counts
