"""Deliveries: what providers sent, and what became of it."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from signalbox_client.models.tasks import Priority

DeliveryStatus: TypeAlias = Literal["pending", "accepted", "ignored", "failed", "handshake"]
Encoding: TypeAlias = Literal["text", "base64"]
FollowUpStatus: TypeAlias = Literal["pending", "sent", "failed"]
TimelineKind: TypeAlias = Literal[
    "received",
    "verified",
    "deferred",
    "read",
    "event",
    "command",
    "note",
    "today",
    "repeated",
    "replayed",
    "task",
    "queue",
    "notification",
    "attempt",
    "follow_up",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateCount:
    """How often a delivery was received again. A lost answer of the table may count twice."""

    count: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyView:
    """The body, as text if it is one, else in base64.

    `masked` marks that something in the text looked like a secret and is shown as `[masked]`;
    `truncated` that only a part is shown.
    """

    encoding: Encoding
    content: str
    masked: bool = False
    truncated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """The outcome of a deferred delivery, as it is sent to the person who waits for it.

    `attempts` counts those that began, `at` is the time of the last change, `error` why the last
    attempt failed.
    """

    text: str
    status: FollowUpStatus = "pending"
    attempts: int = 0
    at: datetime
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferral:
    """Why a delivery was answered before all was done for it, and how far that is.

    `due_at` is the time from which the next step may be done, None if nothing is left to do.
    `attempts` counts the attempts to interpret it that began, `error` is why the last one was not
    completed; there are none if only its outcome was left to send. `awaited` marks that a person
    waits for the outcome.
    """

    reason: str
    due_at: datetime | None = None
    awaited: bool = False
    attempts: int = 0
    error: str | None = None
    interpreted_at: datetime | None = None
    follow_up: FollowUp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySummary:
    """A delivery in a list."""

    id: str
    provider: str
    source: str
    key: str
    received_at: datetime
    status: DeliveryStatus
    reason: str | None = None
    event: str | None = None
    size: int
    task_ids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    request_id: str | None = None
    replayed_at: datetime | None = None
    replayed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(DeliverySummary):
    """A delivery.

    `secret` is the index of the secret that verified it; 0 is the current one. `deferral` is that
    of a delivery that was answered before it was interpreted, or whose outcome follows the answer.
    There is no `body` if the source does not keep it.
    """

    secret: int
    headers: Mapping[str, str]
    deferral: Deferral | None = None
    duplicates: DuplicateCount
    body: BodyView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPage:
    """A page of deliveries, newest first. `next` is the cursor of the next page.

    A page may be short without being the last.
    """

    items: tuple[DeliverySummary, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryBody:
    """The body of a delivery as it was sent, in base64: nothing is masked, and nothing missing."""

    delivery_id: str
    size: int
    content: str = field(repr=False)

    @property
    def decoded(self) -> bytes:
        """Return the bytes."""
        return b64decode(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineStep:
    """One step; `ids` identify what it happened to: `task_id` and so on."""

    at: datetime
    what: TimelineKind
    detail: str
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened because of a delivery, and what did not and why.

    First the contents of the delivery, then its consequences by time.
    """

    delivery_id: str
    provider: str
    source: str
    key: str
    status: DeliveryStatus
    steps: tuple[TimelineStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayTask:
    """A task that a replay created, or would create."""

    id: str
    kind: str
    title: str
    priority: Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The outcome of a replay, and whether it `differs` from the record.

    `created` are tasks that were missing, `existing` those that were not. A task that has expired
    is created again.
    """

    delivery_id: str
    dry_run: bool
    differs: bool
    status_before: DeliveryStatus
    status: DeliveryStatus
    event: str | None = None
    reason: str | None = None
    notes: tuple[str, ...]
    created: tuple[ReplayTask, ...]
    existing: tuple[str, ...]
