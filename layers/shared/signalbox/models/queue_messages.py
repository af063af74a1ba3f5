"""The messages of the queues: ids only, never data."""

from typing import Literal

from signalbox.models.base import Model
from signalbox.models.ids import NotificationId, TaskId


class TaskMessage(Model):
    """A task that is waiting for a worker."""

    v: Literal[1] = 1
    task_id: TaskId


class NotificationMessage(Model):
    """A notification that is waiting to be sent."""

    v: Literal[1] = 1
    task_id: TaskId
    notification_id: NotificationId
