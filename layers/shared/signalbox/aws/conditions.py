"""Condition and update expressions of DynamoDB."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    Expected: TypeAlias = Mapping[str, AttributeValueTypeDef | None]
    """Attributes and what they should be, None meaning absent."""

_NAME: Final = re.compile(r"#\w+")


def expression_names(expression: str) -> dict[str, str]:
    """Return the attribute name for each `#name` in an expression."""
    return {name: name[1:] for name in _NAME.findall(expression)}


def conditions(expected: Expected) -> list[str]:
    """Return the conditions that attributes have the expected values."""
    return [
        f"attribute_not_exists({name})" if value is None else f"{name} = :{name}"
        for name, value in expected.items()
    ]


def condition_values(expected: Expected) -> dict[str, AttributeValueTypeDef]:
    """Return the values in those conditions."""
    return {f":{name}": value for name, value in expected.items() if value is not None}


def update_expression(sets: Iterable[str], remove: Sequence[str]) -> str:
    """Return the update that sets `#name` to `:new_name` for each name, and removes others."""
    update = "SET " + ", ".join(f"#{name} = :new_{name}" for name in sets)
    return update + (" REMOVE " + ", ".join(f"#{name}" for name in remove) if remove else "")
