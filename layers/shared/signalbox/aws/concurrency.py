"""Slots, who waits for them, and groups of tasks: items of the Tasks table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, read_document, text_attribute, ttl_attribute
from signalbox.models.errors import WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.relations import EXPIRE_AFTER
from signalbox.models.slots import SlotHolders
from signalbox.services.ports.concurrency import ConcurrencyStore, GroupMember, ParkedTask
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo_table import Item

_CHUNK: Final = 100


@frozen
class DynamoConcurrency(ConcurrencyStore):
    """Stores what limits how many tasks run at once. What nobody uses expires after a year."""

    table: Table
    clock: Clock

    @override
    def holders(self, slot: str) -> SlotHolders:
        item = self.table.get(_key(table_keys.slot_pk(slot), table_keys.SLOT))
        return read_document(SlotHolders, item, "holders") if item else SlotHolders()

    @override
    def replace(self, slot: str, before: SlotHolders, after: SlotHolders) -> None:
        item = self._item(table_keys.slot_pk(slot), table_keys.SLOT)
        expected: AttributeValueTypeDef | None = (
            {"N": str(before.revision)} if before.revision else None
        )
        self.table.put_if(
            {
                **item,
                "revision": {"N": str(after.revision)},
                "holders": {"S": after.model_dump_json()},
            },
            {"revision": expected},
        )

    @override
    def add_waiting(self, slot: str, parked: ParkedTask) -> None:
        item = self._item(table_keys.slot_pk(slot), table_keys.WAITING + parked.position)
        self.table.put({**item, "revision": {"N": str(parked.revision)}})

    @override
    def waiting(self, slot: str) -> Iterator[ParkedTask]:
        for row in self._rows(table_keys.slot_pk(slot), table_keys.WAITING):
            yield ParkedTask(
                position=text_attribute(row, "sk").removeprefix(table_keys.WAITING),
                revision=int(row["revision"]["N"]),
            )

    @override
    def remove_waiting(self, slot: str, parked: ParkedTask) -> None:
        key = _key(table_keys.slot_pk(slot), table_keys.WAITING + parked.position)
        with suppress(WriteConflict):
            self.table.delete_if(key, {"revision": {"N": str(parked.revision)}})

    @override
    def add_member(self, group: str, member: GroupMember) -> None:
        item = self._item(table_keys.group_pk(group), table_keys.MEMBER + member.position)
        self.table.put({**item, "latest": {"BOOL": member.is_latest}})

    @override
    def members(self, group: str) -> Iterator[GroupMember]:
        rows = self._rows(table_keys.group_pk(group), table_keys.MEMBER, newest_first=True)
        for row in rows:
            yield GroupMember(
                position=text_attribute(row, "sk").removeprefix(table_keys.MEMBER),
                is_latest=row["latest"]["BOOL"],
            )

    @override
    def remove_member(self, group: str, position: str) -> None:
        self.table.delete(_key(table_keys.group_pk(group), table_keys.MEMBER + position))

    def _rows(self, pk: str, prefix: str, *, newest_first: bool = False) -> Iterator[Item]:
        return self.table.query(
            "pk = :pk AND begins_with(sk, :prefix)",
            {":pk": {"S": pk}, ":prefix": {"S": prefix}},
            chunk=_CHUNK,
            newest_first=newest_first,
        )

    def _item(self, pk: str, sk: str) -> Item:
        return {**_key(pk, sk), "ttl": ttl_attribute(self.clock() + EXPIRE_AFTER)}


def _key(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
