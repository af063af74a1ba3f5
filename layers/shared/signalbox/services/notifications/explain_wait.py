"""Explain why a notification waits although it is not held."""

from contextlib import suppress
from typing import Final

from signalbox.models.errors import NotFound, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.services.notifications.order import NotificationOrder
from signalbox.services.notifications.replies import find_connection
from signalbox.services.notifications.wait_in_order import waiting_reason
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.time import Clock

RATE_LIMITED: Final = "waits for its slot under the rate limit of the connection"


@frozen
class ExplainWait:
    """Find what a notification waits for, and change nothing."""

    config: ConfigStore
    order: NotificationOrder
    clock: Clock

    def __call__(self, notification: Notification) -> str | None:
        """Return the reason, None if there is none or it cannot be read now."""
        if not notification.open or notification.hold:
            return None
        if notification.slot_at and notification.slot_at > self.clock():
            return RATE_LIMITED
        with suppress(NotFound, Unavailable):
            connection = find_connection(self.config, notification.connection)
            earlier = self.order.predecessor(notification, connection, read_only=True)
            return waiting_reason(earlier.notification) if earlier else None
        return None
