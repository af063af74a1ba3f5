"""Add, replace and remove header fields."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from signalbox.services.gateway.fields import list_members
from signalbox.services.ports.gateway import GatewayResponse, HeaderFields, field_values

ResponseT = TypeVar("ResponseT", bound=GatewayResponse)


def with_defaults(response: ResponseT, fields: HeaderFields) -> ResponseT:
    """Return the response with those of the fields that it does not have."""
    names = {name.lower() for name, _ in response.fields}
    added = [(name, value) for name, value in fields if name.lower() not in names]
    return replace(response, fields=(*response.fields, *added))


def without_fields(fields: HeaderFields, is_removed: Callable[[str], bool]) -> HeaderFields:
    """Return the fields without those of whose name, in lower case, this is true."""
    return tuple((name, value) for name, value in fields if not is_removed(name.lower()))


def with_vary(fields: HeaderFields, names: Iterable[str]) -> HeaderFields:
    """Return the fields of a response with these names in `Vary`."""
    listed = {word.lower() for word in list_members(field_values(fields, "vary"))}
    missing = [name for name in names if name.lower() not in listed]
    if not missing or "*" in listed:
        return fields
    return (*fields, ("vary", ", ".join(missing)))
