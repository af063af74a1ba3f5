"""Make the notification of a change for a connection."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

from signalbox.models.change import Change
from signalbox.models.connection import Connection
from signalbox.models.errors import TemplateInvalid
from signalbox.models.ids import notification_id
from signalbox.models.notification import Notification
from signalbox.models.subscription import Subscription
from signalbox.models.task import Task

MIN_RETENTION_SECONDS: Final = 7 * 86_400


def new_notification(
    change: Change,
    connection: Connection,
    task: Task,
    subscriptions: Sequence[Subscription],
    now: datetime,
) -> Notification:
    """Return the notification, with the message of the first template of the subscriptions."""
    template = next((each.template for each in subscriptions if each.template), None)
    return Notification(
        id=notification_id(change.id, connection.id),
        connection=connection.id,
        connector=connection.connector,
        change=change,
        text=_text(template, change) if template else None,
        request_id=task.origin.request_id,
        created_at=now,
        queued_at=now,
        updated_at=now,
        # the id must exist for as long as a change can be dispatched again
        retention=max(task.retention, MIN_RETENTION_SECONDS) if task.retention else 0,
    )


def _text(template: str, change: Change) -> str | None:
    """Return the message of a template, None if it cannot be rendered: the connector writes one."""
    from signalbox.services.notifications.message_template import (  # noqa: PLC0415  rarely needed
        message_template,
    )

    with suppress(TemplateInvalid):
        return message_template(template).render(change) or None
    return None
