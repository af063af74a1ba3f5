"""What is stored of instances of services, in memory."""

from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import override

from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.instance_health import ServiceHealth
from signalbox.models.registration import Registration
from signalbox.services.ports.instances import InstanceHealthStore, RegistrationStore


class FakeInstanceHealth(InstanceHealthStore):
    """An InstanceHealthStore that remembers its calls. While `down` it raises Unavailable."""

    def __init__(self) -> None:
        self.kept: dict[str, ServiceHealth] = {}
        self.calls: list[str] = []
        self.down = False

    @override
    def get(self, service: str) -> ServiceHealth:
        self._reach("get")
        return self.kept.get(service, ServiceHealth())

    @override
    def batch_get(self, services: Iterable[str]) -> Mapping[str, ServiceHealth]:
        self._reach("batch_get")
        return {each: self.kept[each] for each in services if each in self.kept}

    @override
    def replace(self, service: str, before: ServiceHealth, after: ServiceHealth) -> ServiceHealth:
        self._reach("replace")
        if self.kept.get(service, ServiceHealth()).version != before.version:
            raise WriteConflict("the record has changed meanwhile")
        self.kept[service] = after.model_copy(update={"version": before.version + 1})
        return self.kept[service]

    def _reach(self, call: str) -> None:
        self.calls.append(call)
        if self.down:
            raise Unavailable("the health did not answer")


class FakeRegistrations(RegistrationStore):
    """A RegistrationStore that remembers its calls. While `down` it raises Unavailable."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Registration] = {}
        self.calls: list[str] = []
        self.down = False

    @override
    def get(self, service: str, instance: str) -> Registration | None:
        self._reach("get")
        return self.kept.get((service, instance))

    @override
    def of_service(self, service: str) -> Sequence[Registration]:
        self._reach("of_service")
        return [kept for key, kept in sorted(self.kept.items()) if key[0] == service]

    @override
    def replace(
        self, service: str, before: Registration | None, after: Registration
    ) -> Registration:
        self._reach("replace")
        kept = self.kept.get((service, after.instance.id))
        if (kept.version if kept else 0) != (before.version if before else 0):
            raise WriteConflict("the record has changed meanwhile")
        stored = after.model_copy(update={"version": before.version + 1 if before else 1})
        self.kept[service, after.instance.id] = stored
        return stored

    @override
    def delete(self, service: str, registration: Registration) -> None:
        self._reach("delete")
        kept = self.kept.get((service, registration.instance.id))
        if kept and kept.version != registration.version:
            raise WriteConflict("the record has changed meanwhile")
        self.kept.pop((service, registration.instance.id), None)

    def _reach(self, call: str) -> None:
        self.calls.append(call)
        if self.down:
            raise Unavailable("the registrations did not answer")
