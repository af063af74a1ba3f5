"""Values of the processed template, with what its references stand for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue

_PLACEHOLDER: Final = re.compile(r"\$\{([\w:.]+)\}")


class UnknownReference(Exception):
    """A value names something that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateValues:
    """`names` maps `Name` and `Name.Attribute` to values; `conditions` are the template's."""

    names: Mapping[str, str]
    conditions: Mapping[str, JsonValue] = field(default_factory=dict)

    def text(self, value: JsonValue) -> str:
        """Return a value as text.

        Raises:
            UnknownReference: It names something that is not there, or uses another function.
        """
        match value:
            case str() | int() | float():
                return str(value)
            case {"Ref": str(name)}:
                return self._named(name)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return self._named(f"{name}.{attribute}")
            case {"Fn::Sub": str(text)}:
                return _PLACEHOLDER.sub(lambda found: self._named(found[1]), text)
            case {"Fn::If": [str(condition), then, otherwise]}:
                return self.text(then if self._holds(condition) else otherwise)
        raise UnknownReference(f"{value} cannot be resolved")

    def _named(self, name: str) -> str:
        if name not in self.names:
            raise UnknownReference(f"{name} is not there")
        return self.names[name]

    def _holds(self, condition: str) -> bool:
        return self._is_true(self.conditions[condition])

    def _is_true(self, value: JsonValue) -> bool:
        match value:
            case {"Condition": str(name)}:
                return self._holds(name)
            case {"Fn::Not": [inner]}:
                return not self._is_true(inner)
            case {"Fn::Equals": [one, other]}:
                return self.text(one) == self.text(other)
        raise UnknownReference(f"the condition {value} cannot be resolved")


def attribute_reference(value: JsonValue, attributes: Sequence[str]) -> str:
    """Return the logical name in a reference to one of these attributes of a resource.

    Raises:
        UnknownReference: It is something else.
    """
    match value:
        case {"Fn::GetAtt": [str(name), str(attribute)]} if attribute in attributes:
            return name
    raise UnknownReference(f"{value} is no reference to {' or '.join(attributes)}")
