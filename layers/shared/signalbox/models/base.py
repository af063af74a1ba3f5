"""The base of all models, and the types that they share."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    StringConstraints,
)
from pydantic_core import CoreSchema
from typing_extensions import override

_set: Final = object.__setattr__
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

JsonObject = dict[str, JsonValue]
"""A JSON object, decoded."""

M = TypeVar("M", bound=BaseModel)

_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


class Model(BaseModel):
    """A strict, immutable model without unknown fields."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)

    @classmethod
    @override
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Build the models of default values as well: a JSON Schema contains the values."""
        for each in cls.__pydantic_fields__.values():
            if isinstance(each.default, BaseModel):
                each.default.model_rebuild()
        return handler(source)

    @override
    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with other values, which are not validated.

        It is pydantic's for models without private attributes and extra fields, in a third of the
        calls: every step of a task makes copies.
        """
        if deep:
            return super().model_copy(update=update, deep=True)
        changes = update or {}
        given = self.__pydantic_fields_set__ | changes.keys()
        return _made(self.__class__, {**self.__dict__, **changes}, given)


def assembled(model: type[M], values: dict[str, Any]) -> M:
    """Return a model of values that other models validated: one for each field, in their order.

    `model_construct` takes ten times as many instructions, and another validation twenty times.
    """
    return _made(model, values, _field_names(model))


def _made(model: type[M], values: dict[str, Any], given: set[str]) -> M:
    """Return a model with these values, as pydantic's own `model_construct` stores them."""
    made = model.__new__(model)
    _set(made, "__dict__", values)
    _set(made, "__pydantic_fields_set__", given)
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


@cache
def _field_names(model: type[BaseModel]) -> set[str]:
    """Return the names of all fields, in a set that models share: none of them ever changes."""
    return set(model.__pydantic_fields__)


DEFERRED: Final = ConfigDict(defer_build=True)
"""What builds a model or a type adapter when it is first used, not when a function starts."""


class PartialModel(BaseModel):
    """The part that is read of what another service sends: members without a name are ignored."""

    model_config = DEFERRED


def _in_utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment lies within the years 1 to 9999") from None


UtcDatetime = Annotated[datetime, AfterValidator(_in_utc)]
"""A point in time, converted to UTC."""


def _rfc3339(value: object) -> object:
    """Return the value if it is a time as RFC 3339 writes it; numbers are refused.

    Raises:
        ValueError: It is not.
    """
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("a moment is of the form 2026-03-01T12:00:00Z")
    return value


Rfc3339 = Annotated[UtcDatetime, BeforeValidator(_rfc3339), Field(strict=False)]
"""A time as clients write it; pydantic alone would also accept seconds since 1970."""

NAME_CONSTRAINTS: Final = StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", max_length=63)
Name = Annotated[str, NAME_CONSTRAINTS]
"""A short name that operators choose: of a source, a connection, a subscription."""


def list_position(time: datetime, identifier: str) -> str:
    """Return the position of an item in a list by time; it sorts like the list."""
    return f"{sortable_time(time)}#{identifier}"


def sortable_time(time: datetime) -> str:
    """Return the time as text of fixed width, which sorts by time."""
    in_utc = time.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{in_utc.removesuffix('+00:00')}Z"


def to_microseconds(time: datetime) -> int:
    """Return the time in microseconds since 1970."""
    return (time - EPOCH) // _MICROSECOND
