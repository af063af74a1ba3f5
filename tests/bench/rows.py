"""A list of as many tasks as one likes, of which only those exist that somebody asks for."""

from base64 import b64encode
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast, overload

from signalbox.aws.compression import pack_record
from signalbox.aws.table_keys import SHARDS
from signalbox.models.base import list_position, sortable_time
from signalbox.models.change import task_summary
from signalbox.models.ids import task_id
from signalbox.models.task import TaskStatus
from tests.bench.stub import Json, size
from tests.builders import NOW, a_task

PARTITIONS: Final = SHARDS * len(TaskStatus)
"""How many partitions the list has: each state in so many shards."""

_APART: Final = timedelta(seconds=10)


class _Places(Sequence[str]):
    """The sort keys of one partition, oldest first."""

    def __init__(self, partition: str, length: int) -> None:
        self._partition = partition
        self._length = length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self._length))]
        at = NOW - _APART * (self._length - index)
        return list_position(at, task_id(self._partition, sortable_time(at)))


@dataclass(kw_only=True)
class Listing:
    """`tasks` in the index of tasks, spread evenly over its partitions."""

    tasks: int
    queries: int = 0
    rows: int = 0
    read_units: float = 0.0
    _made: dict[str, Json] = field(default_factory=dict)

    @property
    def middle(self) -> str:
        """A time that half of the tasks lie behind."""
        return sortable_time(NOW - _APART * (self.tasks // PARTITIONS // 2))

    def __call__(self, asked: Json) -> tuple[Sequence[Json], bool]:
        """Answers a query of the index."""
        if asked.get("IndexName") != "listing":
            # no task is due, and an index that has nothing in question is read for half a unit
            self.queries += "IndexName" in asked
            self.read_units += 0.5 * ("IndexName" in asked)
            return (), False
        values = cast("dict[str, dict[str, str]]", asked["ExpressionAttributeValues"])
        partition = values[":pk"]["S"]
        places = _Places(partition, self.tasks // PARTITIONS)
        low = bisect_left(places, values[":low"]["S"]) if ":low" in values else 0
        high = bisect_right(places, values[":high"]["S"]) if ":high" in values else len(places)
        after = cast("dict[str, dict[str, str]]", asked.get("ExclusiveStartKey", {}))
        chunk = int(str(asked.get("Limit", 1_000)))
        if asked["ScanIndexForward"]:
            low = bisect_right(places, after["list_sk"]["S"]) if after else low
            numbers = range(low, min(high, low + chunk))
        else:
            high = min(high, bisect_left(places, after["list_sk"]["S"])) if after else high
            numbers = range(high - 1, max(low, high - chunk) - 1, -1)
        found = [self._row(partition, places[number]) for number in numbers]
        self._count(found)
        return found, high - low > len(found)

    def _row(self, partition: str, place: str) -> Json:
        row = self._made.get(place)
        if row is None:
            at, _, identifier = place.partition("#")
            status = partition.partition("#")[0]
            created = datetime.fromisoformat(at)
            task = a_task(id=identifier, status=TaskStatus(status), created_at=created)
            summary = pack_record("summary", task_summary(task).model_dump_json())
            row = {
                "pk": {"S": f"TASK#{identifier}"},
                "sk": {"S": "TASK"},
                "list_pk": {"S": partition},
                "list_sk": {"S": place},
                "summary": {"B": b64encode(summary).decode()},
            }
            self._made[place] = row
        return row

    def _count(self, found: Sequence[Json]) -> None:
        """Half a unit for each 4 KB that a query reads, as its answer may be a second old."""
        self.queries += 1
        self.rows += len(found)
        self.read_units += -(-sum(map(size, found)) // 4096) / 2 or 0.5
