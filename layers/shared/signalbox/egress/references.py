"""Find or create the object of a target that stands for a task: a comment, an issue, a card.

Targets know no idempotency keys for most of what they create. So a notification claims the right to
create the object before it does, and who finds a claim that was left behind looks at the target
first: the creation may have succeeded without an answer.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final, NamedTuple, NoReturn

from typing_extensions import override

from signalbox.models.errors import SendPostponed, SendRefused, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId, TaskId
from signalbox.models.notification import Notification
from signalbox.models.reference import Reference
from signalbox.services.ports.notifications import ReferenceStore
from signalbox.services.ports.time import Clock

_CLAIM: Final = timedelta(minutes=2)
"""Longer than any attempt takes."""

_SOON: Final = timedelta(seconds=5)


class TargetGone(SendRefused):
    """The target no longer has the object, but another one can be created."""


class TargetObject(NamedTuple):
    """An object of a target; `created` marks one that was created just now."""

    target_id: str
    created: bool


@frozen
class References:
    """The objects of targets that stand for tasks: one for each task and `kind` of object."""

    store: ReferenceStore
    clock: Clock
    kind: str = ""

    def of_kind(self, kind: str) -> "References":
        """Return the objects of one kind, for a connection that has several for a task."""
        return replace(self, kind=kind)

    def find(self, notification: Notification) -> str | None:
        """Return the id of the object that stands for the task of a notification, if there is one.

        Raises:
            Unavailable: The store did not answer.
        """
        return self._stored(notification).target_id

    def ensure(
        self,
        notification: Notification,
        *,
        find: Callable[[], str | None],
        create: Callable[[], str],
    ) -> TargetObject:
        """Return the object that stands for the task of a notification.

        `create` makes it at the target and returns its id. It is called once, but for what `find`
        cannot see: `find` looks at the target for what an earlier attempt may have created, and is
        called only after one that did not end. An object that is created shows the notification.

        Raises:
            SendPostponed: Another notification is creating it.
            SendRefused: The target refuses it. The next notification of the task tries again.
            SendDelayed: What `find` and `create` raise.
            Unavailable: The store did not answer.
        """
        stored = self._stored(notification)
        if stored.target_id:
            return TargetObject(stored.target_id, created=False)
        now = self.clock()
        is_foreign = stored.claimed_by != notification.id
        if stored.claimed_until and is_foreign and now < stored.claimed_until:
            raise _postponed()
        claim = Reference(claimed_by=notification.id, claimed_until=now + _CLAIM)
        claimed = self._replace(notification, stored, claim)
        released = stored  # an attempt that did not end is looked for until the target answers
        try:
            target_id = find() if stored.claimed_until else None
            released = Reference()
            created = target_id is None
            target_id = create() if target_id is None else target_id
        except SendRefused:
            with suppress(WriteConflict, Unavailable):
                self._replace(notification, claimed, released)
            raise
        shows = notification.change.data.version if created else 0
        with suppress(WriteConflict):
            self.store.replace(
                *self._key(notification), claimed, Reference(target_id=target_id, shows=shows)
            )
        return TargetObject(target_id, created=created)

    def show(
        self,
        notification: Notification,
        *,
        find: Callable[[], str | None],
        create: Callable[[], str],
        update: Callable[[str], object],
    ) -> None:
        """Let the object show the notification: create it, or update it if it is older.

        An object that the target no longer has is created anew.

        Raises:
            SendPostponed: Another notification of the task is on its way.
            SendRefused: The target refuses it.
            SendDelayed: What `find`, `create` and `update` raise.
            Unavailable: The store did not answer.
        """
        if self.ensure(notification, find=find, create=create).created:
            return
        try:
            self.update(notification, update)
        except TargetGone:
            self.forget(notification)
            self.ensure(notification, find=lambda: None, create=create)

    def update(self, notification: Notification, update: Callable[[str], object]) -> None:
        """Update the object, unless it shows a later version of the task or there is none.

        Raises:
            SendPostponed: Another notification is updating it.
            SendRefused: What `update` raises.
            SendDelayed: What `update` raises.
            Unavailable: The store did not answer.
        """
        stored = self._stored(notification)
        version = notification.change.data.version
        if stored.target_id is None or stored.shows > version:
            return
        if stored.shows < version:
            self._replace(notification, stored, stored.model_copy(update={"shows": version}))
        update(stored.target_id)

    def forget(self, notification: Notification) -> None:
        """Forget the object, which the target no longer has; the next one is created anew.

        Raises:
            SendPostponed: Another notification has changed the record.
            Unavailable: The store did not answer.
        """
        self._replace(notification, self._stored(notification), Reference())

    def _key(self, notification: Notification) -> tuple[ConnectionId, TaskId]:
        # no name of a connection has a #
        name = "#".join(filter(None, (notification.connection, self.kind)))
        return ConnectionId(name), notification.task_id

    def _stored(self, notification: Notification) -> Reference:
        return self.store.get(*self._key(notification))

    def _replace(
        self, notification: Notification, before: Reference, after: Reference
    ) -> Reference:
        try:
            self.store.replace(*self._key(notification), before, after)
        except WriteConflict:
            raise _postponed() from None
        return after.model_copy(update={"version": before.version + 1})


class NoReferences(ReferenceStore):
    """The references of a process that sends nothing."""

    @override
    def get(self, connection: ConnectionId, task: TaskId) -> NoReturn:
        raise Unavailable("this process sends no notifications")

    @override
    def replace(
        self, connection: ConnectionId, task: TaskId, before: Reference, after: Reference
    ) -> NoReturn:
        raise Unavailable("this process sends no notifications")


def _postponed() -> SendPostponed:
    return SendPostponed("another notification of the task is on its way", _SOON)
