"""A reference: the object of a target that stands for a task, such as a comment or an issue."""

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import NotificationId


class Reference(Model):
    """The object of a target that stands for a task.

    `target_id` is its id at the target, None while the notification `claimed_by` creates it; until
    `claimed_until` no other may. `shows` is the version of the task that it shows. `version` is
    that of this record, 0 before it is stored.
    """

    version: int = 0
    target_id: str | None = None
    shows: int = 0
    claimed_by: NotificationId | None = None
    claimed_until: UtcDatetime | None = None
