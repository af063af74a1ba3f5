"""The timeline of a delivery: everything that happened because of it, in order."""

from enum import StrEnum

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.delivery import DeliveryStatus
from signalbox.models.ids import DeliveryId


class TimelineKind(StrEnum):
    """What a step of the timeline is about."""

    RECEIVED = "received"
    VERIFIED = "verified"
    DEFERRED = "deferred"
    READ = "read"
    EVENT = "event"
    COMMAND = "command"
    NOTE = "note"
    TODAY = "today"
    REPEATED = "repeated"
    REPLAYED = "replayed"
    TASK = "task"
    QUEUE = "queue"
    NOTIFICATION = "notification"
    ATTEMPT = "attempt"
    FOLLOW_UP = "follow_up"


class TimelineStep(Model):
    """One step; `ids` identify what it happened to: `task_id` and so on."""

    at: UtcDatetime
    what: TimelineKind
    detail: str
    ids: dict[str, str] = Field(default_factory=dict)


class Timeline(Model):
    """What happened because of a delivery, and what did not and why.

    First the contents of the delivery, then its consequences by time.
    """

    delivery_id: DeliveryId
    provider: str
    source: str
    key: str
    status: DeliveryStatus
    steps: tuple[TimelineStep, ...]
