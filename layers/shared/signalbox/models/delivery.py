"""A delivery: one verified webhook, as it is stored."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.frozen import frozen
from signalbox.models.ids import DeliveryId, RequestId, TaskId


class DeliveryStatus(StrEnum):
    """The outcome of a delivery. A `pending` one was answered and is interpreted afterwards."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    IGNORED = "ignored"
    FAILED = "failed"
    HANDSHAKE = "handshake"


class KeepBodies(StrEnum):
    """Of which deliveries the bodies are kept once they are processed."""

    ALL = "all"
    FAILED = "failed"
    NONE = "none"


class FollowUpStatus(StrEnum):
    """What became of the message that follows the answer to a person."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class FollowUp(Model):
    """The outcome of a deferred delivery, as it is sent to the person who waits for it.

    `attempts` counts those that began, `at` is the time of the last change, `error` why the last
    attempt failed.
    """

    text: str
    status: FollowUpStatus = FollowUpStatus.PENDING
    attempts: int = 0
    at: UtcDatetime
    error: str | None = None


class Deferral(Model):
    """Why a delivery was answered before all was done for it, and how far that is.

    `due_at` is the time from which the next step may be done, None if nothing is left to do.
    `attempts` counts the attempts to interpret it that began, `error` is why the last one was not
    completed; there are none if only its outcome was left to send. `awaited` marks that a person
    waits for the outcome.
    """

    reason: str
    due_at: UtcDatetime | None = None
    awaited: bool = False
    attempts: int = 0
    error: str | None = None
    interpreted_at: UtcDatetime | None = None
    follow_up: FollowUp | None = None


class Delivery(Model):
    """One verified webhook.

    Its body is stored beside this record, as it was sent.

    `key` is the provider's id. `secret` is the index of the secret that verified it; 0 is the
    current one. `notes` explain why parts of it created no task. `version` rises when it is
    interpreted again, by a replay or because it was sent again. `acks` are the latencies of earlier
    answers in milliseconds, for the counters. `deferral` is that of a delivery that was answered
    first. `keep_bodies` is what its source said when it was received.
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
    deferral: Deferral | None = None
    keep_bodies: KeepBodies = KeepBodies.ALL
    retention: int = 7 * 86_400

    @property
    def due_at(self) -> datetime | None:
        """Return when something is left to do for it, None if nothing is."""
        return self.deferral.due_at if self.deferral else None

    @property
    def keeps_body(self) -> bool:
        """Return whether its body is stored: as long as something is left to do, then by choice."""
        if self.due_at is not None or self.keep_bodies is KeepBodies.ALL:
            return True
        return self.keep_bodies is KeepBodies.FAILED and self.status is DeliveryStatus.FAILED


class DuplicateCount(Model):
    """How often a delivery was received again. A lost answer of the table may count twice."""

    count: int = 0
    last_at: UtcDatetime | None = None


@frozen
class StoredDelivery:
    """A delivery, its body as it was sent, None if it is not kept, and its duplicates."""

    delivery: Delivery
    body: bytes | None
    duplicates: DuplicateCount


def reinterpreted(before: Delivery, now: Delivery) -> Delivery:
    """Return the record of a delivery after it was interpreted again, with the outcome of `now`.

    Tasks that were created before stay in it, and one that was pending is so no more, unless `now`
    is.
    """
    tasks = tuple(dict.fromkeys((*before.task_ids, *now.task_ids)))
    pending = now.status is DeliveryStatus.PENDING
    return before.model_copy(
        update={
            "version": before.version + 1,
            "status": DeliveryStatus.ACCEPTED if tasks and not pending else now.status,
            "reason": now.reason,
            "event": now.event or before.event,
            "task_ids": tasks,
            "notes": now.notes,
            "replayed_at": now.replayed_at or before.replayed_at,
            "replayed_by": now.replayed_by or before.replayed_by,
            "deferral": now.deferral if pending else _ended(before.deferral),
        }
    )


def _ended(deferral: Deferral | None) -> Deferral | None:
    """Return a deferral after which nothing is left to do."""
    return deferral and deferral.model_copy(update={"due_at": None})
