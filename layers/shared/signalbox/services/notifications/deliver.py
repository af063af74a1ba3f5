"""Delivers a notification: one attempt, and a record of how it ended.

The attempt is written down before it is made, under the condition that nobody else has begun one.
Whatever dies in between, the message comes back and finds an attempt that ended without a word.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from signalbox.models.backoff import retry_delay, throttled_wait
from signalbox.models.config import Connection
from signalbox.models.errors import NotFound, SendDelayed, SendRefused, Unavailable, WriteConflict
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.notification import (
    GIVE_UP_AFTER,
    MAX_ATTEMPTS,
    THROTTLED,
    Notification,
    begun,
    delayed,
    delivered,
    exhausted,
    refused,
)
from signalbox.models.redaction import redacted
from signalbox.models.text import one_line
from signalbox.services.notifications.circuits import CallAllowed, CallBlocked, CircuitBreakers
from signalbox.services.ports.config import ConfigStore, SecretStore
from signalbox.services.ports.notifications import Connector, NotificationStore
from signalbox.services.ports.time import Clock

ATTEMPT_TIMEOUT: Final = timedelta(minutes=2)
"""How long nobody else may try: longer than any attempt takes, so only a dead one is overtaken."""

RETRY_SOON: Final = timedelta(seconds=5)
"""When to look again after somebody else was faster."""

_REASON: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing is left to do for this message. `result` is one word, for the log."""

    result: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """The message should come back after a while, and be hidden until then."""

    result: str
    after: timedelta
    reason: str | None = None


Outcome = Done | Later


class _Unsent(SendRefused):
    """It is our own word: nobody was called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverNotification:
    """Makes one attempt. Raises Unavailable where not even that can be written down."""

    connector: Connector
    notifications: NotificationStore
    config: ConfigStore
    secrets: SecretStore
    circuits: CircuitBreakers
    clock: Clock
    random: Random

    def __call__(self, task: TaskId, notification: NotificationId) -> Outcome:
        """What became of it; the same message may come any number of times."""
        try:
            owed = self.notifications.get(task, notification)
        except NotFound:
            return Done(result="forgotten")
        now = self.clock()
        if not owed.open:
            return Done(result=f"already {owed.status}")
        if (free_at := _free_at(owed)) and free_at > now:
            return Later(result="early", after=free_at - now)
        if _spent(owed, now):
            return self._kept(owed, exhausted(owed, "no attempts are left", now))
        way = self.circuits.admit(owed.connection)
        return self._begun(owed, way) if isinstance(way, CallAllowed) else self._shut_out(owed, way)

    def _shut_out(self, owed: Notification, shut: CallBlocked) -> Outcome:
        now = self.clock()
        if now + shut.after - owed.queued_at > GIVE_UP_AFTER:
            return self._kept(owed, exhausted(owed, "the circuit was open to the end", now))
        return Later(result="circuit open", after=shut.after)

    def _begun(self, owed: Notification, way: CallAllowed) -> Outcome:
        now = self.clock()
        attempt = begun(owed, now, now + ATTEMPT_TIMEOUT)
        try:
            self.notifications.replace(owed, attempt)
        except WriteConflict:
            self.circuits.tell(way, heard=None)
            return Later(result="busy", after=RETRY_SOON)
        after, heard = self._attempted(attempt)
        outcome = self._kept(attempt, after)
        self.circuits.tell(way, heard=heard)
        return outcome

    def _attempted(self, attempt: Notification) -> tuple[Notification, bool | None]:
        """The notification after it was sent, or was not; and whether the far side was heard."""
        try:
            self._send(attempt)
        except SendRefused as refusal:
            heard = None if isinstance(refusal, _Unsent) else True
            return refused(attempt, _told(refusal.reason), self.clock()), heard
        except SendDelayed as told:
            return self._delayed(attempt, told.reason, told.after), told.after is not None
        except Unavailable as trouble:
            return self._delayed(attempt, trouble.reason, None), None
        return delivered(attempt, self.clock()), True

    def _send(self, attempt: Notification) -> None:
        """Sends it; once more where connection or secret were changed since we read them."""
        way = None
        try:
            way = self._way(attempt, self.secrets.secrets)
            self._try(attempt, *way)
        except SendRefused:
            self.config.invalidate()
            fresh = self._way(attempt, self.secrets.refresh)
            if fresh == way:
                raise
            self._try(attempt, *fresh)

    def _way(
        self, attempt: Notification, secrets: Callable[[str], Sequence[str]]
    ) -> tuple[Connection, list[str]]:
        connection = self._connection(attempt)
        return connection, list(secrets(f"connections/{connection.id}"))

    def _try(self, attempt: Notification, connection: Connection, secrets: Sequence[str]) -> None:
        with _without(secrets):
            self.connector.send(attempt, connection, secrets)

    def _connection(self, attempt: Notification) -> Connection:
        try:
            connection = self.config.connection(attempt.connection)
        except NotFound:
            raise _Unsent("there is no such connection any more") from None
        if not connection.enabled:
            raise _Unsent("the connection is switched off")
        if connection.connector != self.connector.name:
            raise _Unsent(f"the connection is one of {connection.connector} now")
        return connection

    def _delayed(
        self, attempt: Notification, reason: str, retry_after: timedelta | None
    ) -> Notification:
        """Being told to wait is no attempt; every other trouble is one."""
        now = self.clock()
        told = None
        if retry_after is not None:
            before = [
                each
                for each in attempt.attempts
                if each.outcome == THROTTLED and each.at >= attempt.queued_at
            ]
            told = throttled_wait(retry_after, len(before))
        next_at = now + retry_delay(attempt.number, told, self.random)
        return delayed(attempt, _told(reason), next_at, now, counts=told is None)

    def _kept(self, before: Notification, after: Notification) -> Outcome:
        """Writes down how the attempt ended; if it was overtaken, the other one decides."""
        try:
            self.notifications.replace(before, after)
        except WriteConflict:
            return Later(result="overtaken", after=RETRY_SOON)
        reason = after.attempts[-1].reason
        if after.next_at and after.open:
            return Later(result="delayed", after=after.next_at - self.clock(), reason=reason)
        return Done(result=after.status, reason=reason)


def _free_at(owed: Notification) -> datetime | None:
    """When the next attempt may be made, None where it may be at once."""
    return max((at for at in (owed.busy_until, owed.next_at) if at), default=None)


def _spent(owed: Notification, now: datetime) -> bool:
    """Whether attempts that ended without a word have used up what there was."""
    late = now - owed.queued_at > GIVE_UP_AFTER
    return owed.number >= MAX_ATTEMPTS or (owed.number > 0 and late)


def _told(reason: str) -> str:
    return one_line(redacted(reason), _REASON)


@contextmanager
def _without(secrets: Sequence[str]) -> Iterator[None]:
    """Takes these secrets out of what an attempt says."""
    try:
        yield
    except SendRefused as refusal:
        raise SendRefused(redacted(refusal.reason, secrets)) from None
    except SendDelayed as told:
        raise SendDelayed(redacted(told.reason, secrets), told.after) from None
