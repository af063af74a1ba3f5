"""A delivery: one request a provider made to us, as it is kept."""

import gzip
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import DeliveryId, RequestId, TaskId


class DeliveryStatus(StrEnum):
    """What became of a delivery that was verified."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    FAILED = "failed"
    HANDSHAKE = "handshake"


class Delivery(Model):
    """One verified request.

    The body is stored beside this record, as it was sent.

    `key` is the provider's own id. `secret` counts which of the source's secrets verified it: 0 is
    the current one. `notes` say in words what was found and why nothing was made of the rest.
    `version` rises when it is read anew, by a replay or because it was sent again. `acks` are the
    milliseconds that answers took which were given before it came, for the counters.
    """

    id: DeliveryId
    version: int = 1
    provider: str
    source: str
    key: str
    received_at: UtcDatetime
    status: DeliveryStatus
    reason: str | None = None
    event: str | None = None
    secret: int
    headers: dict[str, str] = Field(default_factory=dict)
    size: int
    task_ids: tuple[TaskId, ...] = ()
    notes: tuple[str, ...] = ()
    request_id: RequestId | None = None
    replayed_at: UtcDatetime | None = None
    replayed_by: str | None = None
    acks: tuple[int, ...] = ()
    retention: int = 7 * 86_400


class DuplicateCount(Model):
    """How often a delivery came again; an answer of the table that was lost may count twice."""

    count: int = 0
    last_at: UtcDatetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDelivery:
    """A delivery, its body as it was sent, and how often it came again."""

    delivery: Delivery
    body: bytes
    duplicates: DuplicateCount


def reinterpreted(before: Delivery, now: Delivery) -> Delivery:
    """Return the record of a delivery after it was read once more, as `now` says.

    The tasks that were made before stay its tasks.
    """
    tasks = tuple(dict.fromkeys((*before.task_ids, *now.task_ids)))
    return before.model_copy(
        update={
            "version": before.version + 1,
            "status": DeliveryStatus.ACCEPTED if tasks else now.status,
            "reason": now.reason,
            "event": now.event or before.event,
            "task_ids": tasks,
            "notes": now.notes,
            "replayed_at": now.replayed_at or before.replayed_at,
            "replayed_by": now.replayed_by or before.replayed_by,
        }
    )


def compress_body(body: bytes) -> bytes:
    """Return the body as it is stored: gzip, the same bytes for the same body."""
    return gzip.compress(body, compresslevel=6, mtime=0)


def decompress_body(stored: bytes) -> bytes:
    """Return the body as it was sent."""
    return gzip.decompress(stored)
