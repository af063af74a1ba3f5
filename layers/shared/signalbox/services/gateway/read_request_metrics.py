"""Read the metrics of all services: their counters, and the states of their instances."""

from collections.abc import Iterator, Mapping, Sequence

from signalbox.models.frozen import frozen
from signalbox.models.gateway_metrics import ServiceMetrics, instance_label
from signalbox.models.instance_health import ServiceHealth
from signalbox.models.instance_status import InstanceState, instance_state
from signalbox.models.service import Service
from signalbox.services.gateway.live_instances import balanced_name
from signalbox.services.ports.config import ConfigWriter
from signalbox.services.ports.instances import InstanceHealthStore
from signalbox.services.ports.metrics import RequestCounterStore
from signalbox.services.ports.time import Clock


@frozen
class ReadRequestMetrics:
    """Read the metrics of services."""

    config: ConfigWriter
    counters: RequestCounterStore
    health: InstanceHealthStore
    clock: Clock

    def __call__(self) -> Sequence[ServiceMetrics]:
        """Return the metrics of all services by their names.

        Instances that registered themselves are among those of a service once the checks have seen
        them, within a minute.

        Raises:
            Unavailable: A store did not answer.
        """
        services = sorted(self.config.all(Service), key=lambda service: service.name)
        if not services:
            return ()
        counters = self.counters.batch_get([service.name for service in services])
        names = [
            balanced_name(service.name, of) for service in services for of in service.all_versions
        ]
        health = self.health.batch_get(names)
        return [
            ServiceMetrics(
                name=service.name,
                counted=counters.get(service.name),
                instances=dict(sorted(self._states(service, health))),
            )
            for service in services
        ]

    def _states(
        self, service: Service, health: Mapping[str, ServiceHealth]
    ) -> Iterator[tuple[str, InstanceState]]:
        now = self.clock()
        for version in service.all_versions:
            found = health.get(balanced_name(service.name, version), ServiceHealth())
            records = found.by_id
            for name in {each.id for each in service.instances_of(version)} | set(records):
                yield instance_label(version, name), instance_state(records.get(name), now)
