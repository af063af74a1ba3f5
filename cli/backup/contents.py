"""What a backup has, and in which order it is read and restored."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from signalbox.aws import table_keys
from signalbox.aws.dynamo_table import text_attribute

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item


class BackupPart(StrEnum):
    """A part of a backup: a table, the large bodies of deliveries, or the names of secrets."""

    TASKS = "Tasks"
    DELIVERIES = "Deliveries"
    STATE = "State"
    AUDIT = "Audit"
    CONFIG = "Config"
    BODIES = "Bodies"
    SECRETS = "Secrets"


BACKUP_ORDER: Final = (
    BackupPart.DELIVERIES,
    BackupPart.BODIES,
    BackupPart.TASKS,
    BackupPart.STATE,
    BackupPart.AUDIT,
    BackupPart.CONFIG,
)
"""A stack changes while it is read. The tasks of a delivery are written before it, and what State
has of a notification after it, so that what a later part refers to is rather missing than the other
way round."""

RESTORE_STAGES: Final = (
    (BackupPart.CONFIG, BackupPart.AUDIT, BackupPart.STATE),
    (BackupPart.BODIES,),
    (BackupPart.DELIVERIES,),
    (BackupPart.TASKS,),
)
"""Streams bring restored items to the functions at once, which need what is in earlier stages."""

KEPT_STATE: Final = ("REFERENCE#", "SEQUENCE#", "DIGEST#", "REDELIVERY#")
"""Objects at targets, orders of notifications, digests and missed webhooks. The rest of State is
counters, limits, caches and leases, which begin anew."""


_WITHOUT_SORT_KEY: Final = frozenset({BackupPart.DELIVERIES, BackupPart.STATE})


def key_of(table: BackupPart, item: Item) -> Item:
    """Return the attributes by which a table has the item."""
    names = ("pk",) if table in _WITHOUT_SORT_KEY else ("pk", "sk")
    return {name: item[name] for name in names}


def item_name(item: Item) -> str:
    """Return the key of an item as text."""
    return " ".join(filter(None, (text_attribute(item, name) for name in ("pk", "sk"))))


def is_kept(table: BackupPart, item: Item) -> bool:
    """Return whether a backup has the item."""
    pk = text_attribute(item, "pk")
    if table == BackupPart.STATE:
        return pk.startswith(KEPT_STATE)
    if table == BackupPart.CONFIG:
        return pk != "NETWORKS"  # fetched anew
    return table != BackupPart.DELIVERIES or not pk.startswith(table_keys.REJECTED_REQUEST)


def is_last_of_partition(table: BackupPart, item: Item) -> bool:
    """Return whether the item has to be restored after the others of its partition.

    The stream brings a task to the dispatcher, which looks for its notifications.
    """
    return table == BackupPart.TASKS and text_attribute(item, "sk") == table_keys.TASK_SORT
