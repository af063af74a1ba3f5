"""Counters of the requests to services in the State table: one item for each service.

An item expires a month after it was made and the counters begin anew, so that instances that are
gone do not fill it: Prometheus takes that for a restart.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.counted_items import additions, counts_in
from signalbox.aws.dynamo_table import Table, aws_unavailable, text_attribute, ttl_attribute
from signalbox.models.frozen import frozen
from signalbox.models.gateway_metrics import ServiceCounts
from signalbox.services.ports.metrics import RequestCounterStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from signalbox.aws.dynamo_table import Item
    from signalbox.models.metrics import Counts
    from signalbox.services.ports.time import Clock

_RETENTION: Final = timedelta(days=30)
_MAX_CHANGES: Final = 50
"""For each update: DynamoDB takes expressions of 4 KB."""


@frozen
class DynamoRequestCounters(RequestCounterStore):
    """Stores counters of requests."""

    table: Table
    clock: Clock

    @override
    def add(self, service: str, counts: Counts) -> Counts:
        items = list(counts.items())
        parts = [items[at : at + _MAX_CHANGES] for at in range(0, len(items), _MAX_CHANGES)]
        item: Item = {}
        for part in parts:
            item = self._add(service, part)
        return counts_in(item)

    @override
    def batch_get(self, services: Iterable[str]) -> Mapping[str, ServiceCounts]:
        names = {table_keys.request_counters_pk(service): service for service in services}
        items = self.table.batch_get([{"pk": {"S": key}} for key in names])
        return {
            names[text_attribute(item, "pk")]: ServiceCounts(
                counts=counts_in(item),
                since=datetime.fromtimestamp(int(item["since"].get("N", "0")), UTC),
            )
            for item in items
        }

    def _add(self, service: str, part: Sequence[tuple[str, int]]) -> Item:
        now = self.clock()
        adds, names, values = additions(part)
        names |= {"#since": "since", "#ttl": "ttl"}
        values[":now"] = {"N": str(int(now.timestamp()))}
        values[":ttl"] = ttl_attribute(now + _RETENTION)
        with aws_unavailable("the counters"):
            return self.table.client.update_item(
                TableName=self.table.name,
                Key={"pk": {"S": table_keys.request_counters_pk(service)}},
                UpdateExpression="SET #since = if_not_exists(#since, :now), "
                f"#ttl = if_not_exists(#ttl, :ttl) ADD {adds}",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )["Attributes"]
