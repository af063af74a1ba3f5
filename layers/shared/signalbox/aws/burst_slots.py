"""The slots of burst caps in the State table: one conditional update for each delivery.

As for rate limits, the update has two forms, since DynamoDB has no maximum: one for an arrival time
in the future (warm), one for all others (cold). The last known one decides which is tried first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import aws_unavailable
from signalbox.models.burst import BurstCap, epoch_microseconds
from signalbox.models.errors import Unavailable

if TYPE_CHECKING:
    from datetime import datetime

    from signalbox.aws.dynamo_table import Item, Table
    from signalbox.models.config import Source

_MAX_UPDATES: Final = 3
_TTL: Final = timedelta(days=8)

_WARM: Final = ("SET tat = tat + :cost, #ttl = :ttl", "tat > :now")
_COLD: Final = ("SET tat = :after, #ttl = :ttl", "attribute_not_exists(tat) OR tat <= :now")


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoBurstSlots:
    """Takes slots. It is a TakeSlot."""

    table: Table
    _seen: dict[str, int] = field(default_factory=dict)

    def __call__(self, source: Source, cap: BurstCap, now: datetime) -> datetime:
        """Return the next slot of the source.

        Raises:
            Unavailable: The table did not answer.
        """
        for _ in range(_MAX_UPDATES):
            arrival = self._update(source, cap, now)
            if arrival is not None:
                return cap.slot(arrival, now)
        raise Unavailable("the slots of the source are contended")

    def _update(self, source: Source, cap: BurstCap, now: datetime) -> int | None:
        """Return the arrival time after this delivery, None if the other form is needed."""
        client, at = self.table.client, epoch_microseconds(now)
        warm = self._seen.get(source.key, 0) > at
        numbers = {":now": at, ":ttl": int((now + _TTL).timestamp())}
        numbers |= {":cost": cap.interval} if warm else {":after": cap.arrival_after(0, now)}
        update, condition = _WARM if warm else _COLD
        with aws_unavailable("the store"):
            try:
                answer = client.update_item(
                    TableName=self.table.name,
                    Key={"pk": {"S": table_keys.burst_pk(source.key)}},
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames={"#ttl": "ttl"},
                    ExpressionAttributeValues={k: {"N": str(v)} for k, v in numbers.items()},
                    ReturnValues="UPDATED_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except client.exceptions.ConditionalCheckFailedException as failed:
                there = cast("Item", failed.response.get("Item", {}))
                self._seen[source.key] = _arrival_time(there)
                return None
        self._seen[source.key] = _arrival_time(answer["Attributes"])
        return self._seen[source.key]


def _arrival_time(item: Item) -> int:
    return int(item.get("tat", {}).get("N", "0"))
