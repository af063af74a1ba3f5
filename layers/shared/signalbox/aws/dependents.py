"""The tasks that wait for a task: items beside it, without an index or a scan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from typing_extensions import override

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import Table, text_attribute, ttl_attribute
from signalbox.models.frozen import frozen
from signalbox.models.ids import TaskId
from signalbox.models.relations import EXPIRE_AFTER
from signalbox.services.ports.tasks import DependentIndex
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item


@frozen
class DynamoDependents(DependentIndex):
    """Stores which tasks wait for a task."""

    table: Table
    clock: Clock

    @override
    def add(self, awaited: TaskId, dependent: TaskId) -> None:
        expires_at = ttl_attribute(self.clock() + EXPIRE_AFTER)
        self.table.put({**_key(awaited, dependent), "ttl": expires_at})

    @override
    def dependents(self, awaited: TaskId) -> Iterator[TaskId]:
        rows = self.table.query(
            "pk = :pk AND begins_with(sk, :dependent)",
            {
                ":pk": {"S": table_keys.task_pk(awaited)},
                ":dependent": {"S": table_keys.DEPENDENT},
            },
            chunk=100,
        )
        return (
            TaskId(text_attribute(row, "sk").removeprefix(table_keys.DEPENDENT)) for row in rows
        )

    @override
    def remove(self, awaited: TaskId, dependent: TaskId) -> None:
        self.table.delete(_key(awaited, dependent))


def _key(awaited: TaskId, dependent: TaskId) -> Item:
    return {
        "pk": {"S": table_keys.task_pk(awaited)},
        "sk": {"S": table_keys.dependent_sk(dependent)},
    }
