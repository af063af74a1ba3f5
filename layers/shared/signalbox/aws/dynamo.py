"""What all tables have in common.

An item is its keys, a document and the few attributes that conditions and indexes need. The
document is the model as one JSON string: pydantic reads it many times faster than boto3 reads
nested attributes. Each write carries an id of its own, so that a write whose answer was lost, and
which the SDK therefore repeated, is recognised as ours.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from signalbox.models.errors import Unavailable, WriteConflict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        PutItemInputTypeDef,
        QueryInputTypeDef,
    )

    Item = Mapping[str, AttributeValueTypeDef]

_WRITE = "w"


@contextmanager
def reaching(what: str) -> Iterator[None]:
    """Raises Unavailable in place of any trouble that AWS or the way to it has."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise Unavailable(f"{what} did not answer") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. Every method raises Unavailable where DynamoDB does not do its part."""

    client: DynamoDBClient
    name: str

    def put_new(self, item: Item) -> bool:
        """Puts an item; False where one of the same key is there already."""
        return self._put(item, "attribute_not_exists(pk)", {})

    def put_over(self, item: Item, expected: Mapping[str, AttributeValueTypeDef | None]) -> None:
        """Puts an item over one whose attributes are as expected, None meaning absent.

        Raises WriteConflict.
        """
        values = {f":{name}": value for name, value in expected.items() if value is not None}
        condition = " AND ".join(
            f"attribute_not_exists({name})" if value is None else f"{name} = :{name}"
            for name, value in expected.items()
        )
        if not self._put(item, condition, values):
            raise WriteConflict("the record has changed meanwhile")

    def put(self, item: Item) -> None:
        """Puts an item over whatever is there."""
        with reaching(self.name):
            self.client.put_item(TableName=self.name, Item=item)

    def get(self, key: Item, *, consistent: bool = True) -> Item | None:
        """The item of this key."""
        with reaching(self.name):
            answer = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=consistent)
        return answer.get("Item")

    def delete(self, key: Item) -> None:
        """Removes the item of this key, if there is one."""
        with reaching(self.name):
            self.client.delete_item(TableName=self.name, Key=key)

    def query(
        self,
        condition: str,
        values: Item,
        *,
        index: str | None = None,
        chunk: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[Item]:
        """Items of one partition in the order of their sort key, read as they are consumed.

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
            with reaching(self.name):
                answer = self.client.query(**request)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _put(self, item: Item, condition: str, values: Item) -> bool:
        write = secrets.token_hex(8)
        request: PutItemInputTypeDef = {
            "TableName": self.name,
            "Item": {**item, _WRITE: {"S": write}},
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if values:
            request["ExpressionAttributeValues"] = values
        try:
            with reaching(self.name):
                self.client.put_item(**request)
        except Unavailable as unavailable:
            there = _refused_for(unavailable.__cause__)
            if there is None:
                raise
            return text(there, _WRITE) == write
        return True


def text(item: Item, name: str) -> str:
    """A text attribute, empty where there is none."""
    return item.get(name, {}).get("S", "")


def _refused_for(error: BaseException | None) -> Item | None:
    """What a conditional write met, None where it failed for another reason."""
    if not isinstance(error, ClientError):
        return None
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        return None
    return cast("Item", error.response.get("Item", {}))
