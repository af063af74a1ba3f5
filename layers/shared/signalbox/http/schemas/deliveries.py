"""Request and response bodies of deliveries."""

from pydantic import Field

from signalbox.http.body_view import BodyView
from signalbox.models.base import Model, UtcDatetime
from signalbox.models.delivery import Deferral, DeliveryStatus, DuplicateCount
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
    """A delivery.

    `secret` is the index of the secret that verified it; 0 is the current one. `deferral` is that
    of a delivery that was answered before it was interpreted, or whose outcome follows the answer.
    There is no `body` if the source does not keep it.
    """

    secret: int
    headers: dict[str, str]
    deferral: Deferral | None = None
    duplicates: DuplicateCount
    body: BodyView | None


class DeliveryBodyResponse(Model):
    """The body of a delivery as it was sent, in base64: nothing is masked, and nothing missing."""

    delivery_id: DeliveryId
    size: int
    content: str


class DeliveryList(Model):
    """A page of deliveries, newest first. `next` is the cursor of the next page.

    A page may be short without being the last.
    """

    items: tuple[DeliverySummary, ...]
    next: str | None = None


class ReplayTask(Model):
    """A task that a replay created, or would create."""

    id: TaskId
    kind: str
    title: str
    priority: Priority


class ReplayResponse(Model):
    """The outcome of a replay, and whether it `differs` from the record.

    `created` are tasks that were missing, `existing` those that were not. A task that has expired
    is created again.
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


class RejectionMeaning(Model):
    """What a code of rejections means, and what to do about it."""

    what: str
    advice: str


class RejectionList(Model):
    """The rejections of each source, and what their codes mean."""

    items: tuple[Rejections, ...] = Field(default=())
    meanings: dict[str, RejectionMeaning] = Field(default_factory=dict)
