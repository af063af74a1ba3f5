"""Registrations of instances in the State table.

Each registration is an item, which its heartbeats replace by its version. One more item for each
service has the set of ids that were registered, since the table has no sort key. An id is added
before its registration is stored and by any later heartbeat that misses it, so a process that dies
in between loses nothing. Ids without a registration are removed when another instance registers.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, text_attribute
from signalbox.aws.versioned import put_version, read_versioned
from signalbox.models.frozen import frozen
from signalbox.models.registration import Registration
from signalbox.services.ports.instances import RegistrationStore

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from signalbox.aws.dynamo_table import Item

_RETENTION: Final = timedelta(days=1)


@frozen
class DynamoRegistrations(RegistrationStore):
    """Stores registrations. An item expires a day after its registration."""

    table: Table

    @override
    def get(self, service: str, instance: str) -> Registration | None:
        item = self.table.get(_key(service, instance))
        return _registration(item) if item else None

    @override
    def of_service(self, service: str) -> Sequence[Registration]:
        items = self._items(service, self._ids(service))
        found = [_registration(item) for item in items]
        return sorted(found, key=lambda registration: registration.instance.id)

    @override
    def replace(
        self, service: str, before: Registration | None, after: Registration
    ) -> Registration:
        version = before.version if before else 0
        stored = after.model_copy(update={"version": version + 1})
        self._add_id(service, stored.instance.id)
        put_version(
            self.table,
            _key(service, stored.instance.id),
            stored.model_dump_json(),
            before=version,
            version=stored.version,
            expires_at=stored.expires_at + _RETENTION,
        )
        return stored

    @override
    def delete(self, service: str, registration: Registration) -> None:
        identifier = registration.instance.id
        version: Item = {"version": {"N": str(registration.version)}}
        self.table.delete_if(_key(service, identifier), version)
        self._change_ids("DELETE", service, [identifier])

    def _ids(self, service: str) -> Collection[str]:
        item = self.table.get(_ids_key(service), consistent=False)
        return item.get("ids", {}).get("SS", []) if item else []

    def _items(self, service: str, ids: Collection[str]) -> Sequence[Item]:
        return list(self.table.batch_get([_key(service, identifier) for identifier in ids]))

    def _add_id(self, service: str, identifier: str) -> None:
        known = set(self._ids(service))
        if identifier in known:
            return
        self._change_ids("ADD", service, [identifier])
        there = {text_attribute(item, "pk") for item in self._items(service, known)}
        gone = [name for name in known if table_keys.registration_pk(service, name) not in there]
        if gone:
            self._change_ids("DELETE", service, gone)

    def _change_ids(self, change: str, service: str, ids: Sequence[str]) -> None:
        # both are idempotent, so a repeated one does no harm
        values: Item = {":ids": {"SS": ids}}
        self.table.count(_ids_key(service), f"{change} #ids :ids", values, new=True)


def _key(service: str, instance: str) -> Item:
    return {"pk": {"S": table_keys.registration_pk(service, instance)}}


def _ids_key(service: str) -> Item:
    return {"pk": {"S": table_keys.registered_ids_pk(service)}}


def _registration(item: Item) -> Registration:
    return read_versioned(Registration, item, "a registration")
