"""What the queues carry: ids only, never the thing itself."""

from typing import Literal

from signalbox.models.base import Model
from signalbox.models.ids import NotificationId, TaskId


class TaskMessage(Model):
    """Somebody should look at this task."""

    v: Literal[1] = 1
    task_id: TaskId


class NotificationMessage(Model):
    """Somebody should deliver this notification."""

    v: Literal[1] = 1
    task_id: TaskId
    notification_id: NotificationId
