"""The Deliveries table; bodies over 300 KB lie in a bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from signalbox.aws import keys
from signalbox.aws.dynamo import Table, reaching, read, text
from signalbox.models.base import position, stamp
from signalbox.models.delivery import Delivery, KeptDelivery, Repeats, packed, unpacked
from signalbox.models.errors import NotFound
from signalbox.models.ids import DeliveryId
from signalbox.services.ports import Window

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from mypy_boto3_s3 import S3Client

    from signalbox.aws.dynamo import Item

_IN_ITEM: Final = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDeliveries:
    """A DeliveryStore. `s3` is made when a large body first needs it."""

    table: Table
    bucket: str
    s3: Callable[[], S3Client]

    def create(self, delivery: Delivery, body: bytes) -> bool:
        """See the port."""
        stored = packed(body)
        item: dict[str, AttributeValueTypeDef] = {
            "pk": {"S": delivery.id},
            "doc": {"S": _document(delivery)},
            "source_pk": {"S": keys.source(delivery.provider, delivery.source)},
            "source_sk": {"S": position(delivery.received_at, delivery.id)},
            "verdict": {"S": delivery.verdict},
            "ttl": {"N": str(int(delivery.received_at.timestamp()) + delivery.retention)},
        }
        if len(stored) <= _IN_ITEM:
            item["body"] = {"B": stored}
        else:
            # named by its content, so that another body for this id cannot take its place
            name = f"{delivery.id}/{sha256(stored).hexdigest()}"
            item["body_key"] = {"S": name}
            with reaching("the bucket of large bodies"):
                self.s3().put_object(Bucket=self.bucket, Key=name, Body=stored)
        return self.table.put_new(item)

    def get(self, delivery: DeliveryId) -> Delivery:
        """See the port."""
        return _delivery(self._item(delivery))

    def whole(self, delivery: DeliveryId) -> KeptDelivery:
        """See the port."""
        item = self._item(delivery)
        return KeptDelivery(delivery=_delivery(item), body=self._body(item), repeats=_repeats(item))

    def again(self, delivery: DeliveryId, at: datetime) -> Delivery:
        """See the port. The index does not hold what this changes, so it costs nothing there."""
        item = self.table.count(
            {"pk": {"S": delivery}},
            "SET #repeated_at = :at ADD #repeats :one",
            {":at": {"S": stamp(at)}, ":one": {"N": "1"}},
        )
        return _delivery(item)

    def replace(self, before: Delivery, after: Delivery) -> None:
        """See the port. One that was kept once only has no attribute `version`."""
        known: AttributeValueTypeDef = {"N": str(before.version)}
        self.table.change(
            {"pk": {"S": before.id}},
            {
                "doc": {"S": _document(after)},
                "verdict": {"S": after.verdict},
                "version": {"N": str(after.version)},
            },
            {"version": None if before.version == 1 else known},
        )

    def newest(self, provider: str, source: str, window: Window) -> Iterator[Delivery]:
        """See the port."""
        partition = keys.source(provider, source)
        rows = self.table.newest(keys.BY_SOURCE, "source", partition, window)
        return (_delivery(row) for row in rows)

    def _body(self, item: Item) -> bytes:
        inside = item.get("body", {}).get("B")
        if inside is not None:
            return unpacked(bytes(inside))
        with reaching("the bucket of large bodies"):
            found = self.s3().get_object(Bucket=self.bucket, Key=text(item, "body_key"))
            return unpacked(found["Body"].read())

    def _item(self, delivery: DeliveryId) -> Item:
        item = self.table.get({"pk": {"S": delivery}})
        if item is None:
            raise NotFound("there is no such delivery")
        return item


def _delivery(item: Item) -> Delivery:
    return read(Delivery, item)


def _repeats(item: Item) -> Repeats:
    if "repeats" not in item:
        return Repeats()
    last_at = datetime.fromisoformat(text(item, "repeated_at"))
    return Repeats(count=int(item["repeats"]["N"]), last_at=last_at)


def _document(delivery: Delivery) -> str:
    return delivery.model_dump_json(exclude_none=True)
