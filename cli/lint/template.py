"""A CloudFormation template, as far as our rules read it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Resource(BaseModel):
    """One resource."""

    model_config = ConfigDict(frozen=True)

    kind: str = Field(alias="Type")
    properties: JsonValue = Field(default=None, alias="Properties")
    deletion: JsonValue = Field(default=None, alias="DeletionPolicy")
    replacement: JsonValue = Field(default=None, alias="UpdateReplacePolicy")


class Template(BaseModel):
    """All of them, by logical id."""

    model_config = ConfigDict(frozen=True)

    resources: dict[str, Resource] = Field(alias="Resources")

    def of(self, kind: str) -> Iterator[tuple[str, Resource]]:
        """Yield those of one kind, such as `SQS::Queue`."""
        for name, resource in self.resources.items():
            if resource.kind == f"AWS::{kind}":
                yield name, resource


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a resource. `about` is the part of it that is wrong."""

    resource: str
    about: str
    problem: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.resource}: {self.problem} ({self.about})"


def value_at(value: JsonValue, *path: str) -> JsonValue:
    """Return what stands under these keys, None if nothing does."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return A list, or the one value that may stand in its place."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def logical_id(value: JsonValue) -> str:
    """Return the logical id that a Ref or a GetAtt means, else empty."""
    meant = value_at(value, "Ref") or next(iter(as_list(value_at(value, "Fn::GetAtt"))), None)
    return meant.partition(".")[0] if isinstance(meant, str) else ""


def as_number(value: JsonValue, default: int) -> int:
    """Return A number, also one that is written as text; the default for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value if isinstance(value, int) else default


def as_boolean(value: JsonValue) -> bool:
    """Return whether CloudFormation reads it as true."""
    return str(value).lower() == "true"
