"""Theoretical arrival times (GCRA) in the State table: one conditional update for each of them.

The update has two forms, since DynamoDB can add in an update but not in a condition, and has no
maximum: one for an arrival time in the future (warm), one for all others (cold). The last known one
decides which is tried first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from signalbox.aws.dynamo_table import aws_unavailable, conflicting_item
from signalbox.models.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signalbox.aws.dynamo_table import Item, Table

_WARM: Final = "SET tat = tat + :cost, #ttl = :ttl"
_AHEAD: Final = "tat > :now"
_COLD: Final = "SET tat = :after, #ttl = :ttl"
_NOT_AHEAD: Final = "attribute_not_exists(tat) OR tat <= :now"


class ArrivalConflict(Exception):
    """The condition did not hold; `arrival` is the stored arrival time, 0 if there is none."""

    def __init__(self, arrival: int) -> None:
        super().__init__(arrival)
        self.arrival = arrival


def move_arrival(
    table: Table,
    partition: str,
    *,
    seen: int,
    at: int,
    by: int,
    latest: int | None = None,
    expires_at: int,
) -> int:
    """Move an arrival time, and return it. Times are in microseconds, since 1970.

    Args:
        table: The State table.
        partition: The key of the item.
        seen: The last known arrival time, 0 if there is none.
        at: The time now.
        by: How far it is moved, from now on if it has passed.
        latest: An arrival time after this one is not moved.
        expires_at: When the item expires, in seconds.

    Raises:
        ArrivalConflict: It is not on the side of now that was known, or after `latest`.
        Unavailable: The table did not answer.
    """
    numbers = {":now": at, ":ttl": expires_at}
    if seen <= at:
        return _update(table, partition, _COLD, _NOT_AHEAD, numbers | {":after": at + by})
    if latest is None:
        return _update(table, partition, _WARM, _AHEAD, numbers | {":cost": by})
    condition, bounded = f"{_AHEAD} AND tat <= :latest", {":cost": by, ":latest": latest}
    return _update(table, partition, _WARM, condition, numbers | bounded)


def _update(
    table: Table, partition: str, change: str, condition: str, numbers: Mapping[str, int]
) -> int:
    try:
        with aws_unavailable("the store"):
            answer = table.client.update_item(
                TableName=table.name,
                Key={"pk": {"S": partition}},
                UpdateExpression=change,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues={k: {"N": str(v)} for k, v in numbers.items()},
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
    except Unavailable as unavailable:
        there = conflicting_item(unavailable.__cause__)
        if there is None:
            raise
        raise ArrivalConflict(_arrival(there)) from None
    return _arrival(answer["Attributes"])


def _arrival(item: Item) -> int:
    return int(item.get("tat", {}).get("N", "0"))
