"""Request and response bodies of notifications."""

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.change import Change
from signalbox.models.ids import ConnectionId, NotificationId, RequestId, TaskId
from signalbox.models.notification import Attempt, NotificationStatus

NOTIFICATIONS = "/api/v1/notifications"

OF_TASK = "/api/v1/tasks/<task_id>/notifications"


class NotificationSummary(Model):
    """A notification in a list.

    `type` is that of its change. `tries` are those that count against the limit, `last_reason` is
    what the last one to fail said.
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
    created_at: UtcDatetime
    updated_at: UtcDatetime
    next_at: UtcDatetime | None = None


class NotificationView(NotificationSummary):
    """A notification with its change and the last 30 attempts."""

    attempts: tuple[Attempt, ...]
    change: Change
    request_id: RequestId | None = None
    expires_at: UtcDatetime | None = None


class NotificationList(Model):
    """A page of notifications, newest first.

    `next` is the cursor of the page behind it.

    A page may be short, or empty, and still have one behind it. What has just changed may be shown
    as it was a second ago.
    """

    items: tuple[NotificationSummary, ...]
    next: str | None = None
