"""Theoretical arrival times (GCRA) in the State table: one conditional update for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

from signalbox.aws.dynamo_table import aws_unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signalbox.aws.dynamo_table import Item, Table

NOT_AHEAD: Final = "attribute_not_exists(tat) OR tat <= :now"
"""The condition of an update that needs no stored arrival time in the future."""


class ArrivalUpdate(NamedTuple):
    """An update, and the condition under which it is made."""

    change: str
    condition: str


class ArrivalConflict(Exception):
    """The condition did not hold; `arrival` is the stored arrival time, 0 if there is none."""

    def __init__(self, arrival: int) -> None:
        super().__init__(arrival)
        self.arrival = arrival


def update_arrival(
    table: Table, partition: str, update: ArrivalUpdate, numbers: Mapping[str, int]
) -> int:
    """Return the arrival time after an update, in microseconds since 1970.

    Raises:
        ArrivalConflict: The condition did not hold.
        Unavailable: The table did not answer.
    """
    client = table.client
    with aws_unavailable("the store"):
        try:
            answer = client.update_item(
                TableName=table.name,
                Key={"pk": {"S": partition}},
                UpdateExpression=update.change,
                ConditionExpression=update.condition,
                ExpressionAttributeNames={"#ttl": "ttl"},
                ExpressionAttributeValues={k: {"N": str(v)} for k, v in numbers.items()},
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except client.exceptions.ConditionalCheckFailedException as failed:
            there = cast("Item", failed.response.get("Item", {}))
            raise ArrivalConflict(_arrival(there)) from None
    return _arrival(answer["Attributes"])


def _arrival(item: Item) -> int:
    return int(item.get("tat", {}).get("N", "0"))
