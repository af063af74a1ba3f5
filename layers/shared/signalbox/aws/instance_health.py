"""The health of instances in the State table: one item for each service.

An item expires a month after its last write; without an item every instance is healthy.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, text_attribute
from signalbox.aws.versioned import put_version, read_versioned
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.instance_health import ServiceHealth
from signalbox.services.ports.instances import InstanceHealthStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from signalbox.aws.dynamo_table import Item
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=31)


@frozen
class DynamoInstanceHealth(InstanceHealthStore):
    """Stores the health of instances."""

    table: Table
    clock: Clock

    @override
    def get(self, service: str) -> ServiceHealth:
        item = self.table.get(_key(service))
        return _health(item) if item else ServiceHealth()

    @override
    def batch_get(self, services: Iterable[str]) -> Mapping[str, ServiceHealth]:
        names = {table_keys.instance_health_pk(service): service for service in services}
        items = self.table.batch_get([{"pk": {"S": key}} for key in names])
        found = {}
        for item in items:
            with suppress(Unavailable):  # skip what another version wrote
                found[names[text_attribute(item, "pk")]] = _health(item)
        return found

    @override
    def replace(self, service: str, before: ServiceHealth, after: ServiceHealth) -> ServiceHealth:
        stored = after.model_copy(update={"version": before.version + 1})
        put_version(
            self.table,
            _key(service),
            stored.model_dump_json(),
            before=before.version,
            version=stored.version,
            expires_at=self.clock() + _RETENTION,
        )
        return stored


def _key(service: str) -> Item:
    return {"pk": {"S": table_keys.instance_health_pk(service)}}


def _health(item: Item) -> ServiceHealth:
    return read_versioned(ServiceHealth, item, "the health of a service")
