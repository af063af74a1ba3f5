"""What every store of health and registrations of instances promises."""

import pytest

from signalbox.models.errors import WriteConflict
from signalbox.models.health_check import OutlierDetection
from signalbox.models.instance_health import ServiceHealth, eject, sync_instances
from signalbox.models.registration import Registration, new_registration
from signalbox.models.upstream import Instance
from signalbox.services.ports.instances import InstanceHealthStore, RegistrationStore
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


def registered(name: str = "a", **changes: object) -> Registration:
    """An instance that has just registered itself."""
    instance = Instance(id=name, url=f"http://{name}.internal:8080", weight=3)
    return new_registration(instance, 30, NOW).model_copy(update=changes)


class RegistrationStoreContract:
    """Inherit and say what `store` is."""

    @pytest.fixture
    def store(self) -> RegistrationStore:
        raise NotImplementedError

    def test_a_service_without_registrations_has_none(self, store: RegistrationStore) -> None:
        assert store.get("orders", "a") is None
        assert store.of_service("orders") == []

    def test_a_registration_is_returned_as_it_was_stored_with_the_next_version(
        self, store: RegistrationStore
    ) -> None:
        first = store.replace("orders", None, registered())
        second = store.replace("orders", first, registered(ttl_seconds=60))

        assert second == registered(ttl_seconds=60, version=2)
        assert store.get("orders", "a") == second
        assert store.get("users", "a") is None

    def test_the_registrations_of_a_service_are_listed_by_id(
        self, store: RegistrationStore
    ) -> None:
        second = store.replace("orders", None, registered("b"))
        first = store.replace("orders", None, registered("a"))
        store.replace("orders/v2", None, registered("c"))
        store.replace("order", None, registered("s"))

        assert store.of_service("orders") == [first, second]

    def test_who_has_seen_an_older_version_replaces_nothing(self, store: RegistrationStore) -> None:
        first = store.replace("orders", None, registered())
        second = store.replace("orders", first, registered())

        for seen in (None, first):
            with pytest.raises(WriteConflict):
                store.replace("orders", seen, registered(ttl_seconds=99))
        with pytest.raises(WriteConflict):
            store.delete("orders", first)

        assert store.of_service("orders") == [second]

    def test_a_registration_that_was_deleted_is_gone_and_may_begin_anew(
        self, store: RegistrationStore
    ) -> None:
        stored = store.replace("orders", None, registered())
        other = store.replace("orders", None, registered("b"))

        for _ in range(2):
            store.delete("orders", stored)

        assert store.get("orders", "a") is None
        assert store.of_service("orders") == [other]
        again = store.replace("orders", None, registered())
        assert store.of_service("orders") == [again, other]
