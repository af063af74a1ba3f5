"""Digests: one message for several changes of a connection within a window."""

from typing import Annotated

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.ids import NotificationId, SubscriptionId, TaskId


class DigestWindow(Model):
    """For how long the changes of a digest are collected, and how many it has at most."""

    minutes: Annotated[int, Field(ge=1, le=1_440)] = 15
    max: Annotated[int, Field(ge=2, le=50)] = 20


class DigestMember(Model):
    """A notification in a digest. The first one is the leader, whose message is sent."""

    task: TaskId
    notification: NotificationId


class DigestBucket(Model):
    """The members that have joined a digest; the leader is the first of them."""

    members: Annotated[tuple[DigestMember, ...], Field(min_length=1)]
    ends_at: UtcDatetime

    @property
    def leader(self) -> DigestMember:
        """Return the member whose message is sent."""
        return self.members[0]


class DigestBuckets(Model):
    """The digests of a subscription that have not been sent; `version` is 0 if none is stored."""

    version: int = 0
    buckets: tuple[DigestBucket, ...] = ()


class DigestPart(Model):
    """The part of a notification in a digest.

    `members` are the others whose changes the message of the leader has, once it is written.
    """

    subscription: SubscriptionId
    leader: DigestMember
    members: tuple[DigestMember, ...] | None = None
