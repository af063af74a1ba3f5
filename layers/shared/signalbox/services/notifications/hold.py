"""Release held notifications when their connection is enabled; runs every minute."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from signalbox.models.errors import Conflict, NotFound, SignalboxError
from signalbox.models.frozen import frozen
from signalbox.models.hold import HOLD_LIMIT, released_from_hold
from signalbox.models.ids import ConnectionId
from signalbox.models.notification import Notification, exhausted, refused
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.notifications import (
    HeldIndex,
    NotificationQueue,
    NotificationStore,
)
from signalbox.services.ports.tasks import DueItem
from signalbox.services.ports.time import Clock, TimeLeft

_RESERVE: Final = 10.0
_EXPIRED: Final = f"its connection was disabled for {HOLD_LIMIT.days} days"


@dataclass(slots=True, kw_only=True)
class ReleaseResult:
    """How many held notifications were released, and ended. The next run repeats failed ones."""

    released: int = 0
    expired: int = 0
    failed: int = 0


@frozen
class ReleaseHeld:
    """Release held notifications.

    Those of a connection that no longer exists are released too, and fail at their connector. Those
    that were held for too long are dead.
    """

    index: HeldIndex
    notifications: NotificationStore
    notification_queue: NotificationQueue
    config: ConfigStore
    clock: Clock

    def __call__(self, time_left: TimeLeft) -> ReleaseResult:
        """Return what was done before the time was up."""
        result = ReleaseResult()
        for connection in self.index.connections():
            try:
                release = self._may_release(connection)
            except SignalboxError:
                result.failed += 1
                continue
            until = None if release else self.clock() - HOLD_LIMIT
            for item in self.index.of_connection(connection, until):
                if time_left() < _RESERVE:
                    return result
                self._settle(item, result, release=release)
        return result

    def _may_release(self, connection: ConnectionId) -> bool:
        try:
            return self.config.connection(connection).enabled
        except NotFound:
            return True

    def _settle(self, item: DueItem, result: ReleaseResult, *, release: bool) -> None:
        try:
            if release:
                result.released += self._release(item)
            else:
                result.expired += self._expire(item, self.clock())
        except (Conflict, NotFound):
            return  # it has moved on by itself
        except (SignalboxError, ValueError):
            result.failed += 1

    def _release(self, item: DueItem) -> int:
        before = self._held(item)
        if before is None:
            return 0
        after = released_from_hold(before, self.clock())
        if not self.notification_queue.has_queue(before.connector):
            reason = f"this installation has no connector {before.connector}"
            self.notifications.replace(before, refused(before, reason, self.clock()))
            return 1
        self.notifications.replace(before, after)
        # if the message cannot be sent, the notification is overdue in two minutes
        self.notification_queue.send(after.connector, after)
        return 1

    def _expire(self, item: DueItem, now: datetime) -> int:
        before = self._held(item)
        if before is None or before.hold is None or now - before.hold.since < HOLD_LIMIT:
            return 0
        self.notifications.replace(before, exhausted(before, _EXPIRED, now))
        return 1

    def _held(self, item: DueItem) -> Notification | None:
        """Return the notification, None if the index is behind and it is no longer held."""
        if item.notification is None:
            return None
        found = self.notifications.get(item.task, item.notification)
        return found if found.open and found.hold else None
