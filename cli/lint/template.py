"""A CloudFormation template, with the parts that the rules read."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Resource(BaseModel):
    """A resource."""

    model_config = ConfigDict(frozen=True)

    kind: str = Field(alias="Type")
    properties: JsonValue = Field(default=None, alias="Properties")
    deletion: JsonValue = Field(default=None, alias="DeletionPolicy")
    replacement: JsonValue = Field(default=None, alias="UpdateReplacePolicy")


class Template(BaseModel):
    """The resources by logical id."""

    model_config = ConfigDict(frozen=True)

    resources: dict[str, Resource] = Field(alias="Resources")

    def of(self, kind: str) -> Iterator[tuple[str, Resource]]:
        """Yield the resources of one type, such as `SQS::Queue`."""
        for name, resource in self.resources.items():
            if resource.kind == f"AWS::{kind}":
                yield name, resource


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of a resource; `about` is the part of it."""

    resource: str
    about: str
    problem: str

    def __str__(self) -> str:
        """Return the finding in one line."""
        return f"{self.resource}: {self.problem} ({self.about})"


def value_at(value: JsonValue, *path: str) -> JsonValue:
    """Return the value at these keys, or None."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return a list, or the single value that stands for one."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def logical_id(value: JsonValue) -> str:
    """Return the logical id in a Ref or a GetAtt, else an empty text."""
    meant = value_at(value, "Ref") or next(iter(as_list(value_at(value, "Fn::GetAtt"))), None)
    return meant.partition(".")[0] if isinstance(meant, str) else ""


def as_number(value: JsonValue, default: int) -> int:
    """Return a number, also from text; the default for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) else default


def as_boolean(value: JsonValue) -> bool:
    """Return whether CloudFormation interprets the value as true."""
    return str(value).lower() == "true"
