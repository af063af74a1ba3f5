"""Request and response bodies of deliveries."""

from pydantic import Field

from signalbox.http.body_view import BodyView
from signalbox.models.base import Model, UtcDatetime
from signalbox.models.delivery import DeliveryStatus, DuplicateCount
from signalbox.models.ids import DeliveryId, RequestId, TaskId
from signalbox.models.rejection import Rejections
from signalbox.models.task import Priority

DELIVERIES = "/api/v1/deliveries"


class DeliverySummary(Model):
    """A delivery in a list."""

    id: DeliveryId
    provider: str
    source: str
    key: str
    received_at: UtcDatetime
    status: DeliveryStatus
    reason: str | None = None
    event: str | None = None
    size: int
    task_ids: tuple[TaskId, ...] = ()
    notes: tuple[str, ...] = ()
    request_id: RequestId | None = None
    replayed_at: UtcDatetime | None = None
    replayed_by: str | None = None


class DeliveryView(DeliverySummary):
    """A delivery. `secret` counts which secret of the source verified it, 0 being the current."""

    secret: int
    headers: dict[str, str]
    duplicates: DuplicateCount
    body: BodyView


class DeliveryList(Model):
    """A page of deliveries, newest first.

    `next` is the cursor of the page behind it.

    A page may be short and still have one behind it.
    """

    items: tuple[DeliverySummary, ...]
    next: str | None = None


class ReplayTask(Model):
    """A task that a replay made, or would make."""

    id: TaskId
    kind: str
    title: str
    priority: Priority


class ReplayResponse(Model):
    """What today's code makes of a delivery, and whether that `differs` from the record.

    `made` are tasks that were not there, `there` those that were. A task that has ended and whose
    time was over is made again.
    """

    delivery_id: DeliveryId
    dry_run: bool
    differs: bool
    status_before: DeliveryStatus
    status: DeliveryStatus
    event: str | None = None
    reason: str | None = None
    notes: tuple[str, ...]
    created: tuple[ReplayTask, ...]
    existing: tuple[TaskId, ...]


class RejectionList(Model):
    """What was refused of each source."""

    items: tuple[Rejections, ...] = Field(default=())
