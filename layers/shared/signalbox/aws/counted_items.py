"""Items that hold many counters, each in an attribute of its own, which an update adds to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from signalbox.aws.dynamo_table import Item
    from signalbox.models.metrics import Counts

_PREFIX: Final = "n|"


def counts_in(item: Item) -> Counts:
    """Return the counters of an item."""
    return {
        attribute.removeprefix(_PREFIX): int(value["N"])
        for attribute, value in item.items()
        if attribute.startswith(_PREFIX) and "N" in value
    }


def additions(
    counts: Iterable[tuple[str, int]],
) -> tuple[str, dict[str, str], dict[str, AttributeValueTypeDef]]:
    """Return what an update adds, for its ADD, and the names and values of that expression."""
    names: dict[str, str] = {}
    values: dict[str, AttributeValueTypeDef] = {}
    for number, (counted, by) in enumerate(counts):
        names[f"#{number}"] = _PREFIX + counted
        values[f":{number}"] = {"N": str(by)}
    adds = ", ".join(f"#{number} :{number}" for number in range(len(values)))
    return adds, names, values
