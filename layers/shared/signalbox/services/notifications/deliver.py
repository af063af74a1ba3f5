"""Deliver a notification: make one attempt and record its outcome.

The attempt is recorded before it is made, on the condition that no other attempt has begun. If the
process dies in between, the message returns and finds an attempt without an outcome.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from signalbox.models.backoff import retry_delay, throttled_wait
from signalbox.models.config import Connection, ReplyConnection
from signalbox.models.errors import (
    NotFound,
    SendDelayed,
    SendPostponed,
    SendRefused,
    Unavailable,
    WriteConflict,
)
from signalbox.models.hold import DISABLED, held, held_during_attempt
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.notification import (
    GIVE_UP_AFTER,
    MAX_ATTEMPTS,
    THROTTLED,
    Notification,
    SendResult,
    begun,
    delayed,
    delivered,
    exhausted,
    refused,
)
from signalbox.models.redaction import redacted
from signalbox.models.text import one_line
from signalbox.services.notifications.circuits import CallAllowed, CallBlocked, CircuitBreakers
from signalbox.services.notifications.digest import Digests
from signalbox.services.notifications.replies import find_connection
from signalbox.services.ports.config import ConfigStore, SecretStore
from signalbox.services.ports.notifications import Connector, NotificationStore
from signalbox.services.ports.time import Clock

ATTEMPT_TIMEOUT: Final = timedelta(minutes=2)
"""For how long no other attempt may begin: longer than any attempt takes."""

RETRY_SOON: Final = timedelta(seconds=5)
"""When to look again after another process was faster."""

_MAX_REASON: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing is left to do for this message. `result` is for the log."""

    result: SendResult
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """The message must be received again after a while, and is hidden until then."""

    result: SendResult
    after: timedelta
    reason: str | None = None


Outcome = Done | Later


class _Unsent(SendRefused):
    """The notification was refused before the target was called."""


class _Disabled(_Unsent):
    """The connection was disabled during the attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverNotification:
    """Deliver notifications of one connector."""

    connector: Connector
    notifications: NotificationStore
    config: ConfigStore
    secrets: SecretStore
    circuits: CircuitBreakers
    clock: Clock
    random: Random
    digests: Digests | None = None

    def __call__(self, task: TaskId, notification: NotificationId) -> Outcome:
        """Make one attempt and return its outcome. A message may be received any number of times.

        Raises:
            Unavailable: The outcome could not be recorded.
        """
        try:
            current = self.notifications.get(task, notification)
        except NotFound:
            return Done(result=SendResult.EXPIRED)
        return self._without_attempt(current, self.clock()) or self._gathered(current)

    def _gathered(self, current: Notification) -> Outcome:
        """Make the attempt; that of the leader of a digest with the changes of its members."""
        if self.digests is None or current.digest is None:
            return self._admitted(current)
        try:
            leader = self.digests.gathered(current)
        except WriteConflict:
            return Later(result=SendResult.ATTEMPT_IN_PROGRESS, after=RETRY_SOON)
        outcome = self._admitted(leader)
        if outcome.result is SendResult.DELIVERED:
            self.digests.complete(leader)
        return outcome

    def _without_attempt(self, current: Notification, now: datetime) -> Outcome | None:
        """Return the outcome if no attempt may be made now."""
        if not current.open:
            return Done(result=SendResult.FINISHED, reason=current.status)
        if (free_at := _next_attempt_at(current)) and free_at > now:
            return Later(result=SendResult.NOT_DUE, after=free_at - now)
        if self._is_disabled(current):
            if current.hold and current.hold.until is None:
                return Done(result=SendResult.HELD, reason=current.hold.reason)
            return self._record(current, held(current, DISABLED, now))
        if _is_exhausted(current, now):
            return self._record(current, exhausted(current, "no attempts are left", now))
        return None

    def _admitted(self, current: Notification) -> Outcome:
        call = self.circuits.admit(current.connection)
        if isinstance(call, CallBlocked):
            return self._blocked(current, call)
        return self._attempt(current, call)

    def _is_disabled(self, current: Notification) -> bool:
        """Return whether the connection is disabled; the attempt finds out what else is wrong."""
        try:
            for _ in range(2):
                connection = self.config.connection(current.connection)
                if connection.enabled or connection.connector != self.connector.name:
                    return False
                self.config.invalidate()  # it may have been enabled since it was read
        except (NotFound, Unavailable):
            return False
        return True

    def _blocked(self, current: Notification, blocked: CallBlocked) -> Outcome:
        now = self.clock()
        if now + blocked.after - current.retried_from > GIVE_UP_AFTER:
            return self._record(
                current, exhausted(current, "the circuit was open until the end", now)
            )
        return Later(result=SendResult.CIRCUIT_OPEN, after=blocked.after)

    def _attempt(self, current: Notification, call: CallAllowed) -> Outcome:
        now = self.clock()
        attempt = begun(current, now, now + ATTEMPT_TIMEOUT)
        try:
            self.notifications.replace(current, attempt)
        except WriteConflict:
            self.circuits.record(call, answered=None)
            return Later(result=SendResult.ATTEMPT_IN_PROGRESS, after=RETRY_SOON)
        after, answered = self._sent(attempt)
        outcome = self._record(attempt, after)
        self.circuits.record(call, answered=answered)
        return outcome

    def _sent(self, attempt: Notification) -> tuple[Notification, bool | None]:
        """Return the notification after the attempt, and whether the target answered."""
        try:
            self._send(attempt)
        except _Disabled as error:
            return held_during_attempt(attempt, error.reason, self.clock()), None
        except SendRefused as error:
            answered = None if isinstance(error, _Unsent) else True
            return refused(attempt, _reason(error.reason), self.clock()), answered
        except SendPostponed as error:
            return self._delayed(attempt, error.reason, error.after), None
        except SendDelayed as error:
            after = self._delayed(attempt, error.reason, error.after)
            return after, error.after is not None
        except Unavailable as error:
            return self._delayed(attempt, error.reason, None), None
        return delivered(attempt, self.clock()), True

    def _send(self, attempt: Notification) -> None:
        """Send it, and again if connection or secret have changed since they were read."""
        route = None
        try:
            route = self._route(attempt, self.secrets.secrets)
            self._try(attempt, *route)
        except SendRefused:
            self.config.invalidate()
            refreshed = self._route(attempt, self.secrets.refresh)
            if refreshed == route:
                raise
            self._try(attempt, *refreshed)

    def _route(
        self, attempt: Notification, secrets: Callable[[str], Sequence[str]]
    ) -> tuple[Connection, list[str]]:
        connection = self._connection(attempt)
        return connection, list(secrets(connection.secret_name))

    def _try(self, attempt: Notification, connection: Connection, secrets: Sequence[str]) -> None:
        with _masking(secrets):
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
        self, attempt: Notification, reason: str, retry_after: timedelta | None
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
        next_at = now + retry_delay(attempt.number, throttled, self.random)
        return delayed(attempt, _reason(reason), next_at, now, counts=throttled is None)

    def _record(self, before: Notification, after: Notification) -> Outcome:
        """Record the outcome. If another attempt has begun meanwhile, that one decides."""
        try:
            self.notifications.replace(before, after)
        except WriteConflict:
            return Later(result=SendResult.SUPERSEDED, after=RETRY_SOON)
        if after.hold:
            return Done(result=SendResult.HELD, reason=after.hold.reason)
        reason = after.attempts[-1].reason
        if after.next_at and after.open:
            return Later(
                result=SendResult.DELAYED, after=after.next_at - self.clock(), reason=reason
            )
        return Done(result=SendResult(after.status), reason=reason)


def _next_attempt_at(current: Notification) -> datetime | None:
    """Return when the next attempt may be made, or None if it may be made now."""
    return max((at for at in (current.busy_until, current.next_at) if at), default=None)


def _is_exhausted(current: Notification, now: datetime) -> bool:
    """Return whether the attempts without an outcome have used up the limit."""
    late = now - current.retried_from > GIVE_UP_AFTER
    return current.number >= MAX_ATTEMPTS or (current.number > 0 and late)


def _reason(reason: str) -> str:
    """Return the reason in one line without secrets."""
    return one_line(redacted(reason), _MAX_REASON)


@contextmanager
def _masking(secrets: Sequence[str]) -> Iterator[None]:
    """Mask these secrets in the errors of an attempt."""
    try:
        yield
    except SendPostponed:
        raise
    except SendRefused as error:
        raise SendRefused(redacted(error.reason, secrets)) from None
    except SendDelayed as error:
        raise SendDelayed(redacted(error.reason, secrets), error.after) from None
