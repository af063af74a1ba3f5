"""Records of the State table with a version: each is replaced only by who knows the current one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from signalbox.aws.dynamo_table import Table, text_attribute, ttl_attribute
from signalbox.models.errors import Unavailable, WriteConflict

if TYPE_CHECKING:
    from datetime import datetime

    from signalbox.aws.dynamo_table import Item

M = TypeVar("M", bound=BaseModel)


def read_versioned(model: type[M], item: Item, what: str) -> M:
    """Return the record in an item.

    Raises:
        Unavailable: It cannot be read; `what` names it.
    """
    try:
        return model.model_validate_json(text_attribute(item, "doc"))
    except ValidationError:
        raise Unavailable(f"the record of {what} cannot be read") from None


def put_version(
    table: Table, key: Item, document: str, *, before: int, version: int, expires_at: datetime
) -> None:
    """Store a version of a record over the version `before`, or a first one if that is 0.

    Raises:
        WriteConflict: Another version is stored.
        Unavailable: The table did not answer.
    """
    item: Item = {
        **key,
        "doc": {"S": document},
        "version": {"N": str(version)},
        "ttl": ttl_attribute(expires_at),
    }
    if before:
        table.put_if(item, {"version": {"N": str(before)}})
    elif not table.put_new(item):
        raise WriteConflict("the record has changed meanwhile")
