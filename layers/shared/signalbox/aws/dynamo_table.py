"""Access to a DynamoDB table.

An item has its keys, a document and the few attributes that conditions and indexes need. The
document is the model as one JSON string, packed where there are many of its kind: pydantic parses
it many times faster than boto3 parses nested attributes. Each write has a random id, so that a
write whose answer was lost, and that the SDK repeated, is recognised.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from os import urandom
from time import sleep
from typing import TYPE_CHECKING, Final, TypeVar, cast

from pydantic import BaseModel
from typing_extensions import override

from signalbox.aws.compression import unpack_record
from signalbox.aws.conditions import (
    condition_values,
    conditions,
    expression_names,
    update_expression,
)
from signalbox.aws.errors import CONDITION_FAILED, AwsError, AwsRefused
from signalbox.models.base import sortable_time
from signalbox.models.errors import NotFound, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.services.pagination import Window
from signalbox.services.ports.time import Sleep

if TYPE_CHECKING:
    from types import TracebackType

    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        KeysAndAttributesTypeDef,
        PutItemInputTypeDef,
        QueryInputTypeDef,
        UpdateItemInputTypeDef,
    )

    from signalbox.aws.conditions import Expected
    from signalbox.aws.protocols import DynamoApi

    Item = Mapping[str, AttributeValueTypeDef]

M = TypeVar("M", bound=BaseModel)

_WRITE = "w"
_WRITE_BYTES: Final = 8
_BATCH_SIZE: Final = 100
_MAX_BATCH_ROUNDS: Final = 10
_FIRST_BACKOFF: Final = 0.05
_MAX_BACKOFF: Final = 0.5
_jitter: Final = secrets.SystemRandom()


def aws_unavailable(what: str) -> AbstractContextManager[None, None]:
    """Raise Unavailable for any error of AWS or of the network."""
    return _AwsUnavailable(what)


class _AwsUnavailable(AbstractContextManager[None, None]):
    """Half of the calls that a generator takes, around each call of AWS."""

    def __init__(self, what: str) -> None:
        self._what = what

    @override
    def __enter__(self) -> None:
        return

    @override
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if isinstance(error, AwsError):
            raise Unavailable(f"{self._what} did not answer") from error


@frozen
class Table:
    """One table. Every method raises Unavailable if DynamoDB does not answer."""

    client: DynamoApi
    name: str
    sleep: Sleep = sleep

    def put_new(self, item: Item, *, now: datetime | None = None) -> bool:
        """Put an item; return False if its key exists and has not expired."""
        new = "attribute_not_exists(pk)"
        if now is None:
            return self._put(item, new)
        expired: Item = {":now": {"N": str(int(now.timestamp()))}}
        return self._put(item, f"{new} OR #ttl <= :now", expired, {"#ttl": "ttl"})

    def put_if(self, item: Item, expected: Expected) -> None:
        """Put an item over one whose attributes have the expected values; None means absent.

        Raises:
            WriteConflict: They have other values.
        """
        if not self._put(item, " AND ".join(conditions(expected)), condition_values(expected)):
            raise WriteConflict("the record has changed meanwhile")

    def put(self, item: Item) -> None:
        """Put an item, replacing any other."""
        with aws_unavailable("the store"):
            self.client.put_item(TableName=self.name, Item=item)

    def get(self, key: Item, *, consistent: bool = True) -> Item | None:
        """Return the item with this key, or None."""
        with aws_unavailable("the store"):
            answer = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=consistent)
        return answer.get("Item")

    def batch_get(self, keys: Sequence[Item]) -> Iterator[Item]:
        """Yield the items with these keys, in no order. Reads are eventually consistent."""
        for start in range(0, len(keys), _BATCH_SIZE):
            left: Mapping[str, KeysAndAttributesTypeDef] = {
                self.name: {"Keys": keys[start : start + _BATCH_SIZE]}
            }
            for number in range(_MAX_BATCH_ROUNDS):
                if number:
                    self.sleep(_jitter.uniform(0, min(_MAX_BACKOFF, _FIRST_BACKOFF * 2**number)))
                with aws_unavailable("the store"):
                    answer = self.client.batch_get_item(RequestItems=left)
                yield from answer["Responses"].get(self.name, [])
                left = cast("Mapping[str, KeysAndAttributesTypeDef]", answer["UnprocessedKeys"])
                if not left:
                    break
            else:
                raise Unavailable("the store did not answer in full")

    def change(
        self,
        key: Item,
        values: Item,
        expected: Expected,
        remove: Sequence[str] = (),
    ) -> None:
        """Set and remove attributes of an item with the expected values; None means absent.

        Raises:
            WriteConflict: They have other values, or the item does not exist.
        """
        write: AttributeValueTypeDef = {"S": urandom(_WRITE_BYTES).hex()}
        sets = {**values, _WRITE: write}
        try:
            with aws_unavailable("the store"):
                self.client.update_item(
                    TableName=self.name,
                    Key=key,
                    UpdateExpression=update_expression(sets, remove),
                    ConditionExpression=" AND ".join(
                        ["attribute_exists(pk)", *conditions(expected)]
                    ),
                    ExpressionAttributeNames={f"#{name}": name for name in (*sets, *remove)},
                    ExpressionAttributeValues={
                        **{f":new_{name}": value for name, value in sets.items()},
                        **condition_values(expected),
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except Unavailable as unavailable:
            there = conflicting_item(unavailable.__cause__)
            if there is None:
                raise
            if there.get(_WRITE) != write:
                raise WriteConflict("the record has changed meanwhile") from None

    def count(self, key: Item, change: str, values: Item, *, new: bool = False) -> Item:
        """Update an item unconditionally and return all of it.

        Every attribute in `change` is a `#name`. If there is no item, it is created with `new`;
        otherwise it raises NotFound. A lost answer may apply the update twice.
        """
        request: UpdateItemInputTypeDef = {
            "TableName": self.name,
            "Key": key,
            "UpdateExpression": change,
            "ExpressionAttributeNames": expression_names(change),
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_NEW",
        }
        if not new:
            request["ConditionExpression"] = "attribute_exists(pk)"
        try:
            with aws_unavailable("the store"):
                return self.client.update_item(**request)["Attributes"]
        except Unavailable as unavailable:
            if conflicting_item(unavailable.__cause__) is None:
                raise
            raise NotFound("the record is gone") from None

    def delete(self, key: Item) -> None:
        """Delete the item with this key, if it exists."""
        with aws_unavailable("the store"):
            self.client.delete_item(TableName=self.name, Key=key)

    def delete_if(self, key: Item, expected: Item, *, exists: bool = False) -> None:
        """Delete the item with this key; it need not exist, unless `exists` is set.

        Raises:
            WriteConflict: Its attributes have other values, or it should exist and does not.
        """
        try:
            with aws_unavailable("the store"):
                self.client.delete_item(
                    TableName=self.name,
                    Key=key,
                    ConditionExpression=" AND ".join(conditions(expected)),
                    ExpressionAttributeValues=condition_values(expected),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except Unavailable as unavailable:
            there = conflicting_item(unavailable.__cause__)
            if there is None:
                raise
            if there or exists:
                raise WriteConflict("the record has changed meanwhile") from None

    def query(
        self,
        condition: str,
        values: Item,
        *,
        index: str | None = None,
        chunk: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Item]:
        """Yield the items of a partition in the order of their sort key, read lazily.

        Reads of an index are eventually consistent, those of the table are not.
        """
        request: QueryInputTypeDef = {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": not newest_first,
            "ConsistentRead": index is None,
        }
        if index:
            request["IndexName"] = index
        if chunk:
            request["Limit"] = chunk
        while True:
            with aws_unavailable("the store"):
                answer = self.client.query(**request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def newest(self, index: str, prefix: str, partition: str, window: Window) -> Iterator[Item]:
        """Yield a part of one partition of an index, newest first, read lazily.

        The index orders by `<prefix>_pk` and `<prefix>_sk`, which begins with a time.
        """
        lower = sortable_time(window.since) if window.since else "0"
        upper = window.after or (sortable_time(window.until) if window.until else "9")
        if upper < lower:
            return iter(())  # DynamoDB refuses a BETWEEN the wrong way round
        rows = self.query(
            f"{prefix}_pk = :pk AND {prefix}_sk BETWEEN :low AND :high",
            {
                ":pk": {"S": partition},
                ":low": {"S": lower},
                ":high": {"S": upper},
            },
            index=index,
            chunk=window.chunk,
            newest_first=True,
        )
        # BETWEEN takes its upper end in, a page starts behind it
        sort = f"{prefix}_sk"
        return (row for row in rows if row[sort]["S"] < upper)

    def _put(
        self,
        item: Item,
        condition: str,
        values: Item | None = None,
        names: Mapping[str, str] | None = None,
    ) -> bool:
        write = urandom(_WRITE_BYTES).hex()
        request: PutItemInputTypeDef = {
            "TableName": self.name,
            "Item": {**item, _WRITE: {"S": write}},
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if values:
            request["ExpressionAttributeValues"] = values
        if names:
            request["ExpressionAttributeNames"] = names
        try:
            self.client.put_item(**request)
        except AwsError as error:
            there = conflicting_item(error)
            if there is None:
                raise Unavailable("the store did not answer") from error
            return text_attribute(there, _WRITE) == write
        return True


def read_document(model: type[M], item: Item, name: str = "doc") -> M:
    """Return the model in an attribute, which is packed or text.

    Fields that only a later version knows are ignored, so that a deployment can be rolled back.

    Raises:
        ValueError: The attribute holds no such model.
    """
    return model.model_validate_json(unpack_record(item.get(name)), extra="ignore")


def ttl_attribute(expires_at: datetime) -> AttributeValueTypeDef:
    """Return the attribute by which DynamoDB deletes an item after a time."""
    return {"N": str(int(expires_at.timestamp()))}


def text_attribute(item: Item, name: str) -> str:
    """Return a text attribute, empty if it is missing."""
    return item.get(name, {}).get("S", "")


def conflicting_item(error: BaseException | None) -> Item | None:
    """Return the item that a conditional write met, or None if it failed for another reason."""
    if not isinstance(error, AwsRefused) or error.code != CONDITION_FAILED:
        return None
    return cast("Item", error.response.get("Item", {}))
