"""What is stored of instances of services, in memory."""

from collections.abc import Iterable, Mapping

from typing_extensions import override

from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.instance_health import ServiceHealth
from signalbox.services.ports.instances import InstanceHealthStore


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
