"""Request and response bodies of notifications."""

from typing import Annotated

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.change import Change
from signalbox.models.ids import ConnectionId, NotificationId, RequestId, SubscriptionId, TaskId
from signalbox.models.notification import Attempt, NotificationStatus
from signalbox.models.task import ChangeType

NOTIFICATIONS = "/api/v1/notifications"

OF_TASK = "/api/v1/tasks/<task_id>/notifications"


class NotificationSummary(Model):
    """A notification in a list.

    `type` is that of its change. `tries` counts the attempts that count against the limit;
    `last_reason` is the reason of the last failed one. `held` says why no attempt is made now.
    """

    id: NotificationId
    task_id: TaskId
    status: NotificationStatus
    connection: ConnectionId
    connector: str
    type: str
    title: str
    tries: int
    last_reason: str | None = None
    held: str | None = None
    created_at: UtcDatetime
    updated_at: UtcDatetime
    next_at: UtcDatetime | None = None


class NotificationView(NotificationSummary):
    """A notification with its change and its last 30 attempts.

    `text` is the message that a template made of the change.
    """

    attempts: tuple[Attempt, ...]
    change: Change
    text: str | None = None
    request_id: RequestId | None = None
    expires_at: UtcDatetime | None = None


class PreviewRequest(Model):
    """A message to preview: the `template`, or that of a `subscription`.

    It is of the `change` of the `task`, or of an example.
    """

    template: str | None = Field(default=None, min_length=1, max_length=4_096)
    subscription: SubscriptionId | None = None
    change: Annotated[ChangeType, Field(strict=False)] = ChangeType.SUCCEEDED
    task: TaskId | None = None


class PreviewResponse(Model):
    """The message."""

    text: str


class NotificationList(Model):
    """A page of notifications, newest first. `next` is the cursor of the next page.

    A page may be short or empty without being the last. A status may be a second old.
    """

    items: tuple[NotificationSummary, ...]
    next: str | None = None
