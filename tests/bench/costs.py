"""What AWS bills, from the calls that were recorded, in dollars a million."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from signalbox.models.prices import (
    GB_MILLISECOND,
    READ_CAPACITY_HOUR,
    READ_UNIT,
    WRITE_CAPACITY_HOUR,
    WRITE_UNIT,
)
from tests.bench.stub import Json, Write, size
from tests.integration.template import template

MEMORY_GB: Final = 0.5
CPU_SHARE: Final = MEMORY_GB * 1_024 / 1_769
"""A function has one processor at 1,769 MB."""

NETWORK_MS: Final = 5.0
"""How long a function waits for one call."""


UTILIZATION: Final = 0.7
"""How much of its provisioned capacity a table uses, as auto scaling aims at in the template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPrices:
    """What a million units of a table cost."""

    write: float
    read: float


ON_DEMAND: Final = UnitPrices(write=WRITE_UNIT, read=READ_UNIT)
PROVISIONED: Final = UnitPrices(
    write=WRITE_CAPACITY_HOUR / 3_600 * 1e6 / UTILIZATION,
    read=READ_CAPACITY_HOUR / 3_600 * 1e6 / UTILIZATION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index: its keys, and what else it holds."""

    name: str
    keys: tuple[str, ...]
    holds: tuple[str, ...]

    def units(self, write: Write) -> int:
        """Write units that a write costs in this index."""
        before, after = self._entry(write.before), self._entry(write.after)
        units = max(_units(before), _units(after))
        if before == after:
            return 0
        moved = before and after and any(before[key] != after[key] for key in self.keys)
        return 2 * units if moved else units

    def _entry(self, item: Json | None) -> Json | None:
        if not item or any(key not in item for key in self.keys):
            return None
        held = ("pk", "sk", *self.keys, *self.holds)
        return {name: item[name] for name in held if name in item}


def write_units(writes: Sequence[Write], indexes: Mapping[str, Sequence[Index]]) -> int:
    """Write units that these writes cost, those in indexes too."""
    return sum(
        max(_units(write.before), _units(write.after))
        + sum(index.units(write) for index in indexes.get(write.table, ()))
        for write in writes
    )


def indexes_of_template(names: Mapping[str, str]) -> dict[str, list[Index]]:
    """The indexes of every table, by the name it was given."""
    tables = template().of_type("AWS::DynamoDB::Table")
    return {
        names[logical]: [
            _index(index)
            for index in cast("list[Json]", properties.get("GlobalSecondaryIndexes", []))
        ]
        for logical, properties in tables.items()
        if logical in names
    }


def compute(cpu_ms: float, calls: float) -> float:
    """What the time of one invocation costs."""
    return (cpu_ms / CPU_SHARE + NETWORK_MS * calls) * MEMORY_GB * GB_MILLISECOND


def _index(properties: Json) -> Index:
    schema = cast("list[dict[str, str]]", properties["KeySchema"])
    projection = cast("Json", properties["Projection"])
    return Index(
        name=str(properties["IndexName"]),
        keys=tuple(each["AttributeName"] for each in schema),
        holds=tuple(cast("list[str]", projection.get("NonKeyAttributes", []))),
    )


def _units(item: Json | None) -> int:
    return -(-size(item) // 1_024) if item else 0
