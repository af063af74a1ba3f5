"""The Deliveries table. Bodies over 300 KB are in a bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, aws_unavailable, read_document, text_attribute
from signalbox.models.base import list_position, sortable_time
from signalbox.models.delivery import (
    Delivery,
    DuplicateCount,
    StoredDelivery,
    compress_body,
    decompress_body,
)
from signalbox.models.errors import NotFound
from signalbox.models.ids import DeliveryId
from signalbox.services.pagination import Window
from signalbox.services.ports.deliveries import DeliveryStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from mypy_boto3_s3 import S3Client

    from signalbox.aws.dynamo_table import Item

_MAX_ITEM_BODY: Final = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDeliveries(DeliveryStore):
    """Stores deliveries. The client `s3` is created when a large body first needs it."""

    table: Table
    bucket: str
    s3: Callable[[], S3Client]

    @override
    def create(self, delivery: Delivery, body: bytes) -> bool:
        stored = compress_body(body)
        item: dict[str, AttributeValueTypeDef] = {
            "pk": {"S": delivery.id},
            "doc": {"S": _document(delivery)},
            "source_pk": {"S": table_keys.source_sk(delivery.provider, delivery.source)},
            "source_sk": {"S": list_position(delivery.received_at, delivery.id)},
            "status": {"S": delivery.status},
            "ttl": {"N": str(int(delivery.received_at.timestamp()) + delivery.retention)},
        }
        if len(stored) <= _MAX_ITEM_BODY:
            item["body"] = {"B": stored}
        else:
            # named by its content, so that another body for this id cannot take its place
            name = f"{delivery.id}/{sha256(stored).hexdigest()}"
            item["body_key"] = {"S": name}
            with aws_unavailable("the bucket of large bodies"):
                self.s3().put_object(Bucket=self.bucket, Key=name, Body=stored)
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
        self.table.change(
            {"pk": {"S": before.id}},
            {
                "doc": {"S": _document(after)},
                "status": {"S": after.status},
                "version": {"N": str(after.version)},
            },
            {"version": None if before.version == 1 else known},
        )

    @override
    def newest(self, provider: str, source: str, window: Window) -> Iterator[Delivery]:
        partition = table_keys.source_sk(provider, source)
        rows = self.table.newest(table_keys.BY_SOURCE_INDEX, "source", partition, window)
        return (_delivery(row) for row in rows)

    def _body(self, item: Item) -> bytes:
        inside = item.get("body", {}).get("B")
        if inside is not None:
            return decompress_body(bytes(inside))
        with aws_unavailable("the bucket of large bodies"):
            found = self.s3().get_object(Bucket=self.bucket, Key=text_attribute(item, "body_key"))
            return decompress_body(found["Body"].read())

    def _item(self, delivery: DeliveryId) -> Item:
        item = self.table.get({"pk": {"S": delivery}})
        if item is None:
            raise NotFound("there is no such delivery")
        return item


def _delivery(item: Item) -> Delivery:
    return read_document(Delivery, item)


def _duplicates(item: Item) -> DuplicateCount:
    if "duplicates" not in item:
        return DuplicateCount()
    last_at = datetime.fromisoformat(text_attribute(item, "duplicated_at"))
    return DuplicateCount(count=int(item["duplicates"]["N"]), last_at=last_at)


def _document(delivery: Delivery) -> str:
    return delivery.model_dump_json(exclude_none=True)
