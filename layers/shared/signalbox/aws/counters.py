"""Counters in the State table, one item for each stream that is counted.

The item holds the counts and how far every shard has been read, and both move in one conditional
write. So no change is counted twice or left out, whoever counts, how many at once, and whatever
dies in between; and what it costs depends on the number of pages, not of changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypedDict

from botocore.exceptions import ClientError

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, aws_unavailable, text_attribute
from signalbox.models.errors import Unavailable, WriteConflict
from signalbox.models.metrics import Counts, add_counts
from signalbox.services.ports.metrics import StreamPage

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo_table import Item

_COUNT: Final = "n|"
_PLACE: Final = "at|"


class _Change(TypedDict):
    UpdateExpression: str
    ConditionExpression: str
    ExpressionAttributeNames: dict[str, str]
    ExpressionAttributeValues: dict[str, AttributeValueTypeDef]


@dataclass(frozen=True, slots=True, kw_only=True)
class DynamoCounters:
    """A CounterStore. `feeds` are the names of all streams that are counted."""

    table: Table
    feeds: Sequence[str]

    def positions(self, feed: str) -> Mapping[str, str]:
        """See the port."""
        item = self.table.get(_key(feed)) or {}
        places = (attribute for attribute in item if attribute.startswith(_PLACE))
        return {place.removeprefix(_PLACE): text_attribute(item, place) for place in places}

    def advance(self, feed: str, page: StreamPage) -> None:
        """See the port."""
        try:
            with aws_unavailable("the counters"):
                self.table.client.update_item(
                    TableName=self.table.name, Key=_key(feed), **_moved(page)
                )
        except Unavailable as unavailable:
            # a repeated write of our own ends here too: whoever comes next goes on behind it
            if _refused(unavailable.__cause__):
                raise WriteConflict("somebody else has counted this page") from None
            raise

    def totals(self) -> Counts:
        """See the port."""
        return add_counts(_counts(self.table.get(_key(feed)) or {}) for feed in self.feeds)


def _key(feed: str) -> Item:
    return {"pk": {"S": table_keys.counters_pk(feed)}}


def _counts(item: Item) -> Counts:
    return {
        attribute.removeprefix(_COUNT): int(value["N"])
        for attribute, value in item.items()
        if attribute.startswith(_COUNT) and "N" in value
    }


def _moved(page: StreamPage) -> _Change:
    """Add a page's counts if its shard has been read as far as before it, and no further."""
    names = {"#at": _PLACE + page.shard}
    values: dict[str, AttributeValueTypeDef] = {}
    for number, (counted, by) in enumerate(page.counts.items()):
        names[f"#{number}"] = _COUNT + counted
        values[f":{number}"] = {"N": str(by)}
    if page.before is not None:
        values[":before"] = {"S": page.before}
    if page.after is not None:
        values[":after"] = {"S": page.after}
    adds = ", ".join(f"#{number} :{number}" for number in range(len(page.counts)))
    change = "REMOVE #at" if page.after is None else "SET #at = :after"
    return {
        "UpdateExpression": f"{change} ADD {adds}" if adds else change,
        "ConditionExpression": "attribute_not_exists(#at)"
        if page.before is None
        else "#at = :before",
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _refused(error: BaseException | None) -> bool:
    refused = "ConditionalCheckFailedException"
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == refused
