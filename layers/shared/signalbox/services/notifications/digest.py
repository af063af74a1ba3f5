"""Collect changes into digests: one message for several changes of a connection.

The first change of a window is the leader: its notification waits for the end and is sent with a
line for each change. The others wait for it, and each has a due time of its own after that, at
which maintenance decides: a member waits on while its leader is unfinished, and is sent by itself
if the leader did not deliver it. So a crash between any two writes loses nothing.
See docs/decisions/0018-digests.md.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from signalbox.models.digest import (
    DigestBucket,
    DigestBuckets,
    DigestMember,
    DigestPart,
)
from signalbox.models.errors import NotFound, SignalboxError, Unavailable, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.hold import HOLD_LIMIT, held_until
from signalbox.models.notification import Notification, delivered
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.subscription import Subscription
from signalbox.models.text import one_line
from signalbox.services.ports.notifications import DigestStore, NotificationStore
from signalbox.services.ports.time import Clock

DIGESTING: Final = frozenset({"discord", "slack", "teams"})
"""The connectors that post messages. The others show each task, or pass each change on."""

MEMBER_GRACE: Final = timedelta(minutes=10)
"""How long after the end of its window maintenance looks after a member."""

_MAX_TEXT: Final = 4_000
_MAX_CONFLICTS: Final = 5
_MAX_BUCKETS: Final = 20
_STALE: Final = timedelta(days=1)


@frozen
class Digests:
    """Collects, writes and completes digests."""

    store: DigestStore
    notifications: NotificationStore
    clock: Clock

    def join(
        self, notification: Notification, subscription: Subscription, ends_at: datetime
    ) -> Notification | None:
        """Return the notification waiting in a digest, None if it cannot join one.

        `ends_at` is the end of the window that it begins if it is the first. Repeated, it finds
        the digest that it joined before.

        Raises:
            Unavailable: The store did not answer.
        """
        member = _member(notification)
        for _ in range(_MAX_CONFLICTS):
            before = self.store.get(notification.connection, subscription.id)
            joined = next((each for each in before.buckets if member in each.members), None)
            if joined is None:
                after, joined = self._joined(before, member, subscription, ends_at)
                if len(after.buckets) > _MAX_BUCKETS:
                    return None
                try:
                    self.store.replace(notification.connection, subscription.id, before, after)
                except WriteConflict:
                    continue
            return _waiting(notification, subscription, joined, self.clock())
        return None

    def gathered(self, leader: Notification) -> Notification:
        """Return the leader of a digest with the message for all of its members.

        The members are recorded before the digest is closed. Other notifications stay as they are.

        Raises:
            WriteConflict: Another process was faster.
            Unavailable: A store did not answer.
        """
        part = leader.digest
        if part is None or part.leader != _member(leader) or part.members is not None:
            return leader
        current = leader
        for _ in range(_MAX_CONFLICTS):
            before = self.store.get(leader.connection, part.subscription)
            own = next((each for each in before.buckets if each.leader == part.leader), None)
            members = self._members(own, part) if own else []
            recorded = _with_members(current, leader, members)
            self.notifications.replace(current, recorded)
            current = recorded
            if own is None:
                return current
            rest = tuple(each for each in before.buckets if each != own)
            with suppress(WriteConflict):
                after = DigestBuckets(buckets=rest)
                self.store.replace(leader.connection, part.subscription, before, after)
                return current
        return current

    def complete(self, leader: Notification) -> None:
        """Mark the members of a delivered digest; maintenance does it for those that fail."""
        for member in (leader.digest.members or ()) if leader.digest else ():
            with suppress(SignalboxError):
                stored = self.notifications.get(member.task, member.notification)
                if _waits_for(stored, _member(leader)):
                    self.notifications.replace(stored, _in_digest(stored, leader, self.clock()))

    def settled(self, member: Notification) -> Notification | None:
        """Return what an overdue member becomes, None if it is to be sent by itself.

        Raises:
            Unavailable: The store did not answer.
        """
        part, now = member.digest, self.clock()
        if part is None or part.leader == _member(member):
            return None
        try:
            leader = self.notifications.get(part.leader.task, part.leader.notification)
        except NotFound:
            return None
        listed = leader.digest.members if leader.digest else ()
        if listed is not None and _member(member) not in listed:
            return None
        if leader.status is NotificationStatus.DELIVERED:
            return _in_digest(member, leader, now) if listed else None
        if leader.open and now - member.created_at < HOLD_LIMIT:
            return held_until(member, _reason(part.leader), now + MEMBER_GRACE, now)
        return None

    def _joined(
        self,
        before: DigestBuckets,
        member: DigestMember,
        subscription: Subscription,
        ends_at: datetime,
    ) -> tuple[DigestBuckets, DigestBucket]:
        now = self.clock()
        limit = subscription.digest.max if subscription.digest else 1
        kept = [each for each in before.buckets if now - each.ends_at < _STALE]
        for index, bucket in enumerate(kept):
            if now < bucket.ends_at and len(bucket.members) < limit:
                joined = DigestBucket(members=(*bucket.members, member), ends_at=bucket.ends_at)
                kept[index] = joined
                return DigestBuckets(buckets=tuple(kept)), joined
        opened = DigestBucket(members=(member,), ends_at=ends_at)
        return DigestBuckets(buckets=(*kept, opened)), opened

    def _members(self, bucket: DigestBucket, part: DigestPart) -> list[Notification]:
        """Return the other members that are stored and still wait for this leader."""
        members = []
        for each in bucket.members[1:]:
            with suppress(NotFound):
                stored = self.notifications.get(each.task, each.notification)
                if _waits_for(stored, part.leader):
                    members.append(stored)
        return members


def _waiting(
    notification: Notification, subscription: Subscription, bucket: DigestBucket, now: datetime
) -> Notification:
    is_leader = bucket.leader == _member(notification)
    part = DigestPart(subscription=subscription.id, leader=bucket.leader)
    reason = "collects the changes of a digest" if is_leader else _reason(bucket.leader)
    until = bucket.ends_at if is_leader else bucket.ends_at + MEMBER_GRACE
    return held_until(notification.model_copy(update={"digest": part}), reason, until, now)


def _with_members(
    current: Notification, leader: Notification, members: Sequence[Notification]
) -> Notification:
    if leader.digest is None:
        raise Unavailable("the notification leads no digest")
    part = leader.digest.model_copy(update={"members": tuple(map(_member, members))})
    text = _text([leader, *members]) if members else leader.text
    return current.model_copy(update={"version": current.version + 1, "digest": part, "text": text})


def _text(notifications: Sequence[Notification]) -> str:
    """Return a line for each change; all of them fit."""
    room = _MAX_TEXT // len(notifications) - 1
    return "\n".join(_line(each, room) for each in notifications)


def _line(notification: Notification, room: int) -> str:
    if notification.text is not None:
        return one_line(notification.text, room)
    change = notification.change
    url = change.data.url or ""
    link = f" {url}" if len(url) <= room // 2 else ""
    return one_line(f"{change.change_type}: {change.data.title}", room - len(link)) + link


def _in_digest(member: Notification, leader: Notification, now: datetime) -> Notification:
    return delivered(member, now, f"in the digest of {leader.id}")


def _waits_for(stored: Notification, leader: DigestMember) -> bool:
    return bool(stored.open and stored.hold and stored.digest and stored.digest.leader == leader)


def _reason(leader: DigestMember) -> str:
    return f"waits for the digest of {leader.notification}"


def _member(notification: Notification) -> DigestMember:
    return DigestMember(task=notification.task_id, notification=notification.id)
