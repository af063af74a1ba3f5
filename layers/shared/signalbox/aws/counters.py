"""Counters in the State table, one item for each stream.

The item has the counts and the position of every shard, and both change in one conditional write.
So no change is counted twice or missed, however many processes count and whichever of them dies;
and the cost depends on the number of pages, not of changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypedDict

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.counted_items import additions, counts_in
from signalbox.aws.dynamo_table import Table, aws_unavailable, text_attribute
from signalbox.aws.errors import CONDITION_FAILED, error_code
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.metrics import Counts, add_counts
from signalbox.services.ports.metrics import CounterStore, StreamPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo_table import Item

_POSITION_PREFIX: Final = "at|"


class _Update(TypedDict):
    UpdateExpression: str
    ConditionExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: dict[str, AttributeValueTypeDef]


@frozen
class DynamoCounters(CounterStore):
    """Stores counters. `feeds` are the names of all streams that are counted."""

    table: Table
    feeds: Sequence[str]

    @override
    def positions(self, feed: str) -> Mapping[str, str]:
        item = self.table.get(_key(feed)) or {}
        places = (attribute for attribute in item if attribute.startswith(_POSITION_PREFIX))
        return {
            place.removeprefix(_POSITION_PREFIX): text_attribute(item, place) for place in places
        }

    @override
    def advance(self, feed: str, page: StreamPage) -> None:
        try:
            with aws_unavailable("the counters"):
                self.table.client.update_item(
                    TableName=self.table.name, Key=_key(feed), **_update(page)
                )
        except Unavailable as unavailable:
            # a repeated write of our own ends here too: whoever comes next goes on behind it
            if error_code(unavailable.__cause__) == CONDITION_FAILED:
                raise WriteConflict("somebody else has counted this page") from None
            raise

    @override
    def totals(self) -> Counts:
        return add_counts(counts_in(self.table.get(_key(feed)) or {}) for feed in self.feeds)


def _key(feed: str) -> Item:
    return {"pk": {"S": table_keys.counters_pk(feed)}}


def _update(page: StreamPage) -> _Update:
    """Return the update that adds the counts of a page if its shard is at the position before."""
    adds, names, values = additions(page.counts.items())
    names["#at"] = _POSITION_PREFIX + page.shard
    if page.before is not None:
        values[":before"] = {"S": page.before}
    if page.after is not None:
        values[":after"] = {"S": page.after}
    change = "REMOVE #at" if page.after is None else "SET #at = :after"
    return {
        "UpdateExpression": f"{change} ADD {adds}" if adds else change,
        "ConditionExpression": "attribute_not_exists(#at)"
        if page.before is None
        else "#at = :before",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }
