"""A delivery: one request a provider made to us, as it is kept."""

import gzip
from enum import StrEnum

from pydantic import Field

from signalbox.models.base import Model, Moment
from signalbox.models.ids import DeliveryId, RequestId, TaskId


class Verdict(StrEnum):
    """What became of a delivery that was verified."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    UNREADABLE = "unreadable"
    HANDSHAKE = "handshake"


class Delivery(Model):
    """One verified request. The body is kept beside this record, as it was sent.

    `key` is the provider's own id. `secret` counts which of the source's secrets verified it: 0 is
    the current one. `notes` say in words what was found and why nothing was made of the rest.
    """

    id: DeliveryId
    provider: str
    source: str
    key: str
    received_at: Moment
    verdict: Verdict
    reason: str | None = None
    event: str | None = None
    secret: int
    headers: dict[str, str] = Field(default_factory=dict)
    size: int
    task_ids: tuple[TaskId, ...] = ()
    notes: tuple[str, ...] = ()
    request_id: RequestId | None = None
    retention: int = 7 * 86_400


def packed(body: bytes) -> bytes:
    """The body as it is stored: gzip, the same bytes for the same body."""
    return gzip.compress(body, compresslevel=6, mtime=0)


def unpacked(stored: bytes) -> bytes:
    """The body as it was sent."""
    return gzip.decompress(stored)
