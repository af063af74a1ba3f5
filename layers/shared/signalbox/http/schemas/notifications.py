"""Request and response bodies of notifications."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from signalbox.http.schemas.dead_letters import ShortText
from signalbox.models.base import Model, Rfc3339, UtcDatetime
from signalbox.models.change import Change
from signalbox.models.ids import ConnectionId, NotificationId, RequestId, SubscriptionId, TaskId
from signalbox.models.notification import Attempt
from signalbox.models.notification_status import NotificationStatus
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

    `text` is the message that a template made of the change. `waits` says why no attempt is made
    yet although it is not held: the rate limit of its connection, or an earlier notification.
    """

    attempts: tuple[Attempt, ...]
    change: Change
    text: str | None = None
    waits: str | None = None
    request_id: RequestId | None = None
    expires_at: UtcDatetime | None = None


class RedeliverableStatus(StrEnum):
    """The status of a notification that can be redelivered: it was refused, or given up."""

    FAILED = "failed"
    DEAD = "dead"


class RedeliverRequest(Model):
    """Which notifications to redeliver: all that match, created at or after `since`."""

    status: Annotated[RedeliverableStatus | None, Field(strict=False)] = None
    connection: ShortText | None = None
    connector: ShortText | None = None
    since: Rfc3339 | None = None
    until: Rfc3339 | None = None
    limit: int = Field(default=100, ge=1, le=200)
    cursor: str | None = Field(
        default=None, max_length=500, description="`next` of the page before"
    )


class RedeliverRejection(Model):
    """A notification that was not queued again, and the reason."""

    notification: NotificationSummary
    reason: str


class RedeliverResponse(Model):
    """A page of notifications that are queued again.

    `next` is the cursor of the next page, null at the end. A page may be short or empty without
    being the last.
    """

    dry_run: bool
    redelivered: tuple[NotificationSummary, ...]
    refused: tuple[RedeliverRejection, ...] = ()
    next: str | None = None


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
