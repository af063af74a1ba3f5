"""The history of the counters in the State table: one item for each point."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pydantic import ValidationError
from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, read_document, ttl_attribute
from signalbox.models.frozen import frozen
from signalbox.models.metrics_history import MetricsPoint
from signalbox.services.ports.metrics import MetricsHistoryStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from signalbox.aws.dynamo_table import Item
    from signalbox.models.metrics_history import HistoryResolution


@frozen
class DynamoMetricsHistory(MetricsHistoryStore):
    """Stores points. DynamoDB removes those that have expired."""

    table: Table

    @override
    def put_new(self, resolution: HistoryResolution, point: MetricsPoint) -> bool:
        expires_at = point.at + resolution.retention
        return self.table.put_new(
            {
                **_point_key(resolution, point.at),
                "doc": {"S": point.model_dump_json()},
                "ttl": ttl_attribute(expires_at),
            }
        )

    @override
    def batch_get(
        self, resolution: HistoryResolution, times: Iterable[datetime]
    ) -> Sequence[MetricsPoint]:
        points = []
        for item in self.table.batch_get([_point_key(resolution, at) for at in times]):
            with suppress(ValidationError):  # skip what another version wrote
                points.append(read_document(MetricsPoint, item))
        return points


def _point_key(resolution: HistoryResolution, at: datetime) -> Item:
    return {"pk": {"S": table_keys.history_pk(resolution, at)}}
