"""The Deliveries table. Bodies over 300 KB are in a bucket."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.body_compression import compress_body, decompress_body
from signalbox.aws.compression import newest_dictionary, pack_record
from signalbox.aws.dynamo_table import (
    Table,
    aws_unavailable,
    read_document,
    text_attribute,
    ttl_attribute,
)
from signalbox.models.base import list_position, sortable_time
from signalbox.models.delivery import Delivery, DuplicateCount, StoredDelivery
from signalbox.models.errors import NotFound, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.ids import DeliveryId
from signalbox.services.pagination import Window
from signalbox.services.ports.deliveries import DeliveryStore, DueDelivery

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from mypy_boto3_s3 import S3Client

    from signalbox.aws.dynamo_table import Item

_MAX_ITEM_BODY: Final = 300_000
_MAX_BODY: Final = 10 * 2**20
"""The largest request that API Gateway takes."""

BODY_ATTRIBUTES: Final = ("body", "body_key", "dictionary")
"""What an item has of a body, in it or in the bucket."""

_DUE_ATTRIBUTES: Final = ("due_pk", "due_sk")
_LAST: Final = "9"
"""After every time."""


@frozen
class DynamoDeliveries(DeliveryStore):
    """Stores deliveries. The client `s3` is created when a large body first needs it."""

    table: Table
    bucket: str
    s3: Callable[[], S3Client]

    @override
    def create(self, delivery: Delivery, body: bytes) -> bool:
        item: dict[str, AttributeValueTypeDef] = {
            "pk": {"S": delivery.id},
            "doc": {"B": _document(delivery)},
            "source_pk": {"S": _source_pk(delivery)},
            "source_sk": {"S": list_position(delivery.received_at, delivery.id)},
            "status": {"S": delivery.status},
            "ttl": ttl_attribute(delivery.received_at + timedelta(seconds=delivery.retention)),
            **_due_attributes(delivery),
        }
        if delivery.keeps_body:
            item |= self._body_attributes(delivery, body)
        return self.table.put_new(item)

    @override
    def get(self, delivery: DeliveryId) -> Delivery:
        return _delivery(self._item(delivery))

    @override
    def get_stored(self, delivery: DeliveryId) -> StoredDelivery:
        item = self._item(delivery)
        return StoredDelivery(
            delivery=_delivery(item), body=self._body(item), duplicates=_duplicates(item)
        )

    @override
    def record_duplicate(self, delivery: DeliveryId, at: datetime) -> Delivery:
        # The index does not hold what this changes, so it costs nothing there.
        item = self.table.count(
            {"pk": {"S": delivery}},
            "SET #duplicated_at = :at ADD #duplicates :one",
            {":at": {"S": sortable_time(at)}, ":one": {"N": "1"}},
        )
        return _delivery(item)

    @override
    def replace(self, before: Delivery, after: Delivery) -> None:
        # One that was stored once only has no attribute `version`.
        known: AttributeValueTypeDef = {"N": str(before.version)}
        due = _due_attributes(after)
        gone: tuple[str, ...] = () if due or not before.due_at else _DUE_ATTRIBUTES
        large = None
        if before.keeps_body and not after.keeps_body:
            gone += BODY_ATTRIBUTES
            large = self._large_body(before)
        self.table.change(
            {"pk": {"S": before.id}},
            {
                "doc": {"B": _document(after)},
                "status": {"S": after.status},
                "version": {"N": str(after.version)},
                **due,
            },
            {"version": None if before.version == 1 else known},
            remove=gone,
        )
        if large:
            # the change is made; what is not deleted now, the bucket deletes after a week
            with suppress(Unavailable), aws_unavailable("the bucket of large bodies"):
                self.s3().delete_object(Bucket=self.bucket, Key=large)

    @override
    def newest(self, provider: str, source: str, window: Window) -> Iterator[Delivery]:
        name = table_keys.source_sk(provider, source)
        shards = [
            self.table.newest(
                table_keys.BY_SOURCE_INDEX, "source", table_keys.source_pk(name, shard), window
            )
            for shard in range(table_keys.SOURCE_SHARDS)
        ]
        rows = heapq.merge(*shards, key=lambda row: text_attribute(row, "source_sk"), reverse=True)
        return (_delivery(row) for row in rows)

    @override
    def due(self, until: datetime | None = None, *, chunk: int = 100) -> Iterator[DueDelivery]:
        latest: AttributeValueTypeDef = {"S": sortable_time(until) if until else _LAST}
        shards = [
            self.table.query(
                "due_pk = :pk AND due_sk <= :until",
                {":pk": {"S": table_keys.due_pk(shard)}, ":until": latest},
                index=table_keys.DUE_INDEX,
                chunk=chunk,
            )
            for shard in range(table_keys.SHARDS)
        ]
        rows = heapq.merge(*shards, key=lambda row: text_attribute(row, "due_sk"))
        return (_due_delivery(row) for row in rows)

    def _body_attributes(self, delivery: Delivery, body: bytes) -> dict[str, AttributeValueTypeDef]:
        """Return the attributes with a body, or with its place in the bucket, where it is put."""
        dictionary = newest_dictionary("bodies", delivery.provider)
        stored, dictionary = compress_body(body, dictionary)
        item: dict[str, AttributeValueTypeDef] = {}
        if dictionary:
            item["dictionary"] = {"S": dictionary}
        if len(stored) <= _MAX_ITEM_BODY:
            return item | {"body": {"B": stored}}
        # named by its content, so that another body for this id cannot take its place
        name = f"{delivery.id}/{sha256(stored).hexdigest()}"
        with aws_unavailable("the bucket of large bodies"):
            self.s3().put_object(Bucket=self.bucket, Key=name, Body=stored)
        return item | {"body_key": {"S": name}}

    def _body(self, item: Item) -> bytes | None:
        inside, key = item.get("body", {}).get("B"), text_attribute(item, "body_key")
        if inside is None and not key:
            return None
        if inside is None:
            with aws_unavailable("the bucket of large bodies"):
                inside = self.s3().get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return unpacked_body(item, bytes(inside))

    def _large_body(self, delivery: Delivery) -> str | None:
        """Return the place in the bucket of a body that is there."""
        if delivery.size <= _MAX_ITEM_BODY:
            return None  # compression adds a few bytes at most
        return text_attribute(self._item(delivery.id), "body_key") or None

    def _item(self, delivery: DeliveryId) -> Item:
        item = self.table.get({"pk": {"S": delivery}})
        if item is None:
            raise NotFound("there is no such delivery")
        return item


def unpacked_body(item: Item, stored: bytes) -> bytes:
    """Return the body of the item of a delivery from how it is stored, in the item or the bucket.

    Raises:
        CompressedDataInvalid: It is damaged, or larger than a body may be.
    """
    dictionary = text_attribute(item, "dictionary") or None
    return decompress_body(stored, dictionary, limit=_MAX_BODY)


def _due_attributes(delivery: Delivery) -> dict[str, AttributeValueTypeDef]:
    """Return the keys in the index of due deliveries, which has those with something left to do."""
    if delivery.due_at is None:
        return {}
    shard = table_keys.shard_of(delivery.id)
    return {
        "due_pk": {"S": table_keys.due_pk(shard)},
        "due_sk": {"S": list_position(delivery.due_at, delivery.id)},
    }


def _source_pk(delivery: Delivery) -> str:
    shard = table_keys.shard_of(delivery.id, table_keys.SOURCE_SHARDS)
    return table_keys.source_pk(table_keys.source_sk(delivery.provider, delivery.source), shard)


def _due_delivery(row: Item) -> DueDelivery:
    return DueDelivery(
        id=DeliveryId(text_attribute(row, "pk")),
        source=table_keys.source_of(text_attribute(row, "source_pk")),
        due_at=_time_of(text_attribute(row, "due_sk")),
        received_at=_time_of(text_attribute(row, "source_sk")),
    )


def _time_of(position: str) -> datetime:
    """Return the time in a position in a list."""
    return datetime.fromisoformat(position.partition("#")[0])


def _delivery(item: Item) -> Delivery:
    return read_document(Delivery, item)


def _duplicates(item: Item) -> DuplicateCount:
    if "duplicates" not in item:
        return DuplicateCount()
    last_at = datetime.fromisoformat(text_attribute(item, "duplicated_at"))
    return DuplicateCount(count=int(item["duplicates"]["N"]), last_at=last_at)


def _document(delivery: Delivery) -> bytes:
    return pack_record("delivery", delivery.model_dump_json(exclude_none=True))
