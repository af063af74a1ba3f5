"""The status of a notification, which keys of tables and counters name without the rest."""

from enum import StrEnum


class NotificationStatus(StrEnum):
    """The status of a notification."""

    QUEUED = "queued"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DEAD = "dead"

    @property
    def is_final(self) -> bool:
        """Return whether the notification is finished."""
        return self not in {NotificationStatus.QUEUED, NotificationStatus.SENDING}
