"""Make one attempt to send a notification, and judge its outcome."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Final

from signalbox.models.backoff import SHORTEST, retry_delay, throttled_wait
from signalbox.models.connection import Connection, ReplyConnection
from signalbox.models.delivery_policy import DEFAULT_RETRY, RetryPolicy
from signalbox.models.errors import (
    NotFound,
    SendDelayed,
    SendPostponed,
    SendRefused,
    Unavailable,
)
from signalbox.models.frozen import frozen
from signalbox.models.hold import DISABLED, held_during_attempt
from signalbox.models.notification import (
    THROTTLED,
    Notification,
    delayed,
    delivered,
    refused,
)
from signalbox.models.redaction import redacted
from signalbox.models.text import one_line
from signalbox.services.notifications.masked_errors import masked_errors
from signalbox.services.notifications.order import is_ordered
from signalbox.services.notifications.replies import find_connection
from signalbox.services.ports.config import ConfigStore, SecretStore
from signalbox.services.ports.notifications import Connector
from signalbox.services.ports.time import Clock

_MAX_REASON: Final = 300


class _Unsent(SendRefused):
    """The notification was refused before the target was called."""


class _Disabled(_Unsent):
    """The connection was disabled during the attempt."""


@frozen
class MakeAttempt:
    """Send a notification with the current connection and secrets."""

    connector: Connector
    config: ConfigStore
    secrets: SecretStore
    clock: Clock
    random: Random

    def __call__(
        self, attempt: Notification, seen: Connection | None
    ) -> tuple[Notification, bool | None]:
        """Return the notification after the attempt, and whether the target answered.

        `seen` is the connection by which the attempt was admitted, None if it could not be read.
        """
        retry = retry_of(seen)
        try:
            self._send(attempt, seen)
        except _Disabled as error:
            return held_during_attempt(attempt, error.reason, self.clock()), None
        except SendRefused as error:
            answered = None if isinstance(error, _Unsent) else True
            return refused(attempt, _reason(error.reason), self.clock()), answered
        except SendPostponed as error:
            return self._delayed(attempt, error.reason, error.after, retry), None
        except SendDelayed as error:
            after = self._delayed(attempt, error.reason, error.after, retry)
            return after, error.after is not None
        except Unavailable as error:
            return self._delayed(attempt, error.reason, None, retry), None
        return delivered(attempt, self.clock()), True

    def _send(self, attempt: Notification, seen: Connection | None) -> None:
        """Send it, and again if connection or secret have changed since they were read."""
        route = None
        try:
            route = self._route(attempt, seen, self.secrets.secrets)
            self._try(attempt, *route)
        except SendRefused:
            self.config.invalidate()
            refreshed = self._route(attempt, seen, self.secrets.refresh)
            if refreshed == route:
                raise
            self._try(attempt, *refreshed)

    def _route(
        self,
        attempt: Notification,
        seen: Connection | None,
        secrets: Callable[[str], Sequence[str]],
    ) -> tuple[Connection, list[str]]:
        connection = self._connection(attempt)
        if is_ordered(attempt, connection) and (not seen or seen.order is not connection.order):
            raise SendPostponed("the order of the connection has changed", SHORTEST)
        return connection, list(secrets(connection.secret_name))

    def _try(self, attempt: Notification, connection: Connection, secrets: Sequence[str]) -> None:
        with masked_errors(secrets):
            self.connector.send(attempt, connection, secrets)

    def _connection(self, attempt: Notification) -> Connection:
        try:
            connection = find_connection(self.config, attempt.connection)
        except NotFound:
            raise _Unsent("the connection no longer exists") from None
        if not connection.enabled:
            raise _Disabled(DISABLED)
        if connection.connector != self.connector.name:
            raise _Unsent(f"the connection belongs to {connection.connector} now")
        if isinstance(connection, ReplyConnection):
            settings = self.connector.reply_settings(connection.settings)
            return connection.model_copy(update={"settings": settings})
        return connection

    def _delayed(
        self,
        attempt: Notification,
        reason: str,
        retry_after: timedelta | None,
        retry: RetryPolicy,
    ) -> Notification:
        """Delay the notification. Being throttled does not count as an attempt."""
        now = self.clock()
        throttled = None
        if retry_after is not None:
            before = [
                each
                for each in attempt.attempts
                if each.outcome == THROTTLED and each.at >= attempt.queued_at
            ]
            throttled = throttled_wait(retry_after, len(before))
        next_at = now + retry_delay(attempt.number, throttled, self.random, retry.waits)
        return delayed(
            attempt, _reason(reason), next_at, now, counts=throttled is None, retry=retry
        )


def retry_of(connection: Connection | None) -> RetryPolicy:
    """Return when notifications of the connection are sent again."""
    return connection.retry if connection else DEFAULT_RETRY


def _reason(reason: str) -> str:
    """Return the reason in one line without secrets."""
    return one_line(redacted(reason), _MAX_REASON)
