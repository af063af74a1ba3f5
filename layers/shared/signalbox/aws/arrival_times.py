"""Theoretical arrival times (GCRA) in the State table: one conditional update for each of them.

The update has two forms, since DynamoDB can add in an update but not in a condition, and has no
maximum: one for an arrival time in the future (warm), one for all others (cold). The last known one
decides which is tried first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from signalbox.aws.dynamo_table import aws_unavailable, conflicting_item, text_attribute
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo_table import Item, Table

_WARM: Final = "SET tat = tat + :cost, #ttl = :ttl"
_AHEAD: Final = "tat > :now"
_COLD: Final = "SET tat = :after, #ttl = :ttl"
_NOT_AHEAD: Final = "attribute_not_exists(tat) OR tat <= :now"


_LOTS: Final = ", lots = :lots"
_SAME_LOTS: Final = "lots = :seen_lots"
_NO_LOTS: Final = "(attribute_not_exists(lots) OR lots = :seen_lots)"


@frozen
class StoredArrival:
    """An arrival time, 0 if there is none, and the text of the lots beside it."""

    arrival: int
    lots: str = ""


class ArrivalConflict(Exception):
    """The condition did not hold; `stored` is what is there."""

    def __init__(self, stored: StoredArrival) -> None:
        super().__init__(stored.arrival)
        self.stored = stored

    @property
    def arrival(self) -> int:
        """Return the stored arrival time, 0 if there is none."""
        return self.stored.arrival


@frozen
class LotsChange:
    """The text of the lots that must be stored, and that is stored in their place."""

    seen: str
    after: str


def move_arrival(
    table: Table,
    partition: str,
    *,
    seen: int,
    at: int,
    by: int,
    latest: int | None = None,
    expires_at: int,
    lots: LotsChange | None = None,
) -> StoredArrival:
    """Move an arrival time, and return it. Times are in microseconds, since 1970.

    Args:
        table: The State table.
        partition: The key of the item.
        seen: The last known arrival time, 0 if there is none.
        at: The time now.
        by: How far it is moved, from now on if it has passed.
        latest: An arrival time after this one is not moved.
        expires_at: When the item expires, in seconds.
        lots: How the lots change; None if they stay, whichever there are.

    Raises:
        ArrivalConflict: It is not on the side of now that was known, or after `latest`, or the lots
            are others.
        Unavailable: The table did not answer.
    """
    values: dict[str, AttributeValueTypeDef] = _numbers({":now": at, ":ttl": expires_at})
    if seen <= at:
        change, condition = _COLD, _NOT_AHEAD
        values |= _numbers({":after": at + by})
    elif latest is None:
        change, condition = _WARM, _AHEAD
        values |= _numbers({":cost": by})
    else:
        change, condition = _WARM, f"{_AHEAD} AND tat <= :latest"
        values |= _numbers({":cost": by, ":latest": latest})
    if lots:
        change += _LOTS
        condition = f"({condition}) AND {_SAME_LOTS if lots.seen else _NO_LOTS}"
        values |= {":lots": {"S": lots.after}, ":seen_lots": {"S": lots.seen}}
    return _update(table, partition, change, condition, values)


def _numbers(values: Mapping[str, int]) -> dict[str, AttributeValueTypeDef]:
    return {name: {"N": str(value)} for name, value in values.items()}


def _update(
    table: Table, partition: str, change: str, condition: str, values: Item
) -> StoredArrival:
    try:
        with aws_unavailable("the store"):
            answer = table.client.update_item(
                TableName=table.name,
                Key={"pk": {"S": partition}},
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
    except Unavailable as unavailable:
        there = conflicting_item(unavailable.__cause__)
        if there is None:
            raise
        raise ArrivalConflict(_stored(there)) from None
    return _stored(answer["Attributes"])


def _stored(item: Item) -> StoredArrival:
    arrival = int(item.get("tat", {}).get("N", "0"))
    return StoredArrival(arrival=arrival, lots=text_attribute(item, "lots"))
