"""Logs of tasks, beside their task in the Tasks table."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, read_document, ttl_attribute
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.log import LOG_LINES, Chunk
from signalbox.services.ports.task_logs import LogStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_PAGE_SIZE = 20


@frozen
class DynamoLogs(LogStore):
    """Stores logs: each chunk is an item, at the position of its first line."""

    table: Table

    @override
    def add(self, task: TaskId, chunk: Chunk, until: datetime | None) -> bool:
        item: dict[str, AttributeValueTypeDef] = {
            "pk": {"S": table_keys.task_pk(task)},
            "sk": {"S": table_keys.log_sk(chunk.first)},
            "doc": {"S": chunk.model_dump_json()},
        }
        if until:
            item["ttl"] = ttl_attribute(until)
        return self.table.put_new(item)

    @override
    def last(self, task: TaskId, *, until: int = LOG_LINES) -> Chunk | None:
        found = self._chunks(
            task, table_keys.log_sk(0), table_keys.log_sk(until), at_once=1, newest_first=True
        )
        return next(found, None)

    @override
    def after(self, task: TaskId, place: int) -> Iterator[Chunk]:
        return self._chunks(
            task, table_keys.log_sk(place + 1), table_keys.log_sk(LOG_LINES), at_once=_PAGE_SIZE
        )

    def _chunks(
        self, task: TaskId, low: str, high: str, *, at_once: int, newest_first: bool = False
    ) -> Iterator[Chunk]:
        rows = self.table.query(
            "pk = :pk AND sk BETWEEN :low AND :high",
            {":pk": {"S": table_keys.task_pk(task)}, ":low": {"S": low}, ":high": {"S": high}},
            chunk=at_once,
            newest_first=newest_first,
        )
        return (read_document(Chunk, row) for row in rows)
