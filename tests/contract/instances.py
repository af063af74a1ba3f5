"""What every store of the health of instances promises."""

import pytest

from signalbox.models.errors import WriteConflict
from signalbox.models.health_check import OutlierDetection
from signalbox.models.instance_health import ServiceHealth, eject, sync_instances
from signalbox.services.ports.instances import InstanceHealthStore
from tests.builders import NOW

ADDED = sync_instances(ServiceHealth(), ["a", "b"], NOW)
EJECTED = eject(ADDED, "a", ["a", "b"], OutlierDetection(), NOW)


class InstanceHealthContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> InstanceHealthStore:
        raise NotImplementedError

    def test_a_service_without_health_has_an_empty_one(self, store: InstanceHealthStore) -> None:
        assert store.get("orders") == ServiceHealth()
        assert store.batch_get(["orders"]) == {}
        assert store.batch_get([]) == {}

    def test_health_is_returned_as_it_was_stored_with_the_next_version(
        self, store: InstanceHealthStore
    ) -> None:
        first = store.replace("orders", ServiceHealth(), ADDED)
        second = store.replace("orders", first, EJECTED)

        assert second == EJECTED.model_copy(update={"version": 2})
        assert store.get("orders") == second
        assert store.get("orders/v2") == ServiceHealth()
        assert store.batch_get(["orders", "users"]) == {"orders": second}

    @pytest.mark.parametrize("writes", [1, 2])
    def test_who_has_seen_an_older_version_replaces_nothing(
        self, store: InstanceHealthStore, writes: int
    ) -> None:
        seen = stored = ServiceHealth()
        for _ in range(writes):
            seen, stored = stored, store.replace("orders", stored, ADDED)

        with pytest.raises(WriteConflict):
            store.replace("orders", seen, EJECTED)

        assert store.get("orders") == stored
