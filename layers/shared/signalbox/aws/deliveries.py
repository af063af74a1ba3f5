"""The Deliveries table; bodies over 300 KB lie in a bucket."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from signalbox.aws import keys
from signalbox.aws.dynamo import Table, reaching, text
from signalbox.models.base import position
from signalbox.models.delivery import Delivery, packed, unpacked
from signalbox.models.errors import NotFound
from signalbox.models.ids import DeliveryId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef
    from mypy_boto3_s3 import S3Client

    from signalbox.aws.dynamo import Item

_IN_ITEM: Final = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoDeliveries:
    """A DeliveryStore."""

    table: Table
    bucket: str
    s3: S3Client

    def create(self, delivery: Delivery, body: bytes) -> bool:
        """See the port."""
        stored = packed(body)
        item: dict[str, AttributeValueTypeDef] = {
            "pk": {"S": delivery.id},
            "doc": {"S": delivery.model_dump_json(exclude_none=True)},
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
                self.s3.put_object(Bucket=self.bucket, Key=name, Body=stored)
        return self.table.put_new(item)

    def get(self, delivery: DeliveryId) -> Delivery:
        """See the port."""
        return Delivery.model_validate_json(text(self._item(delivery), "doc"))

    def body(self, delivery: DeliveryId) -> bytes:
        """See the port."""
        item = self._item(delivery)
        inside = item.get("body", {}).get("B")
        if inside is not None:
            return unpacked(bytes(inside))
        with reaching("the bucket of large bodies"):
            found = self.s3.get_object(Bucket=self.bucket, Key=text(item, "body_key"))
            return unpacked(found["Body"].read())

    def _item(self, delivery: DeliveryId) -> Item:
        item = self.table.get({"pk": {"S": delivery}})
        if item is None:
            raise NotFound("there is no such delivery")
        return item
