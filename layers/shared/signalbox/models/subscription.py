"""A subscription: which changes of tasks go to which connection."""

from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from signalbox.models.base import NAME_CONSTRAINTS
from signalbox.models.change import Change
from signalbox.models.config_resource import ConfigResource
from signalbox.models.digest import DigestWindow
from signalbox.models.ids import ConnectionId, SubscriptionId
from signalbox.models.quiet_hours import QuietHours
from signalbox.models.source import Patterns, pattern_matches
from signalbox.models.subscription_rules import ChangeExpression
from signalbox.models.task import ChangeType, Priority, TaskStatus


class Subscription(ConfigResource):
    """Which changes go to which connection. An empty filter matches everything.

    `when` is an expression that must be true for a change, besides the filters.
    `template` is that of the messages; without one the connector writes them. If several
    subscriptions select a change for a connection, the first by id that has a template counts,
    and a message waits for the end of the `quiet_hours`, or is part of a `digest`, only by all of
    them.
    """

    kind: ClassVar = "subscription"

    id: Annotated[SubscriptionId, NAME_CONSTRAINTS]
    connection: Annotated[ConnectionId, NAME_CONSTRAINTS]
    enabled: bool = True
    changes: Annotated[tuple[ChangeType, ...], Field(max_length=20)] = (
        ChangeType.CREATED,
        ChangeType.STARTED,
        ChangeType.SUCCEEDED,
        ChangeType.FAILED,
        ChangeType.CANCELLED,
    )
    providers: Patterns = ()
    repositories: Patterns = ()
    kinds: Patterns = ()
    statuses: Annotated[tuple[TaskStatus, ...], Field(max_length=20)] = ()
    priorities: Annotated[tuple[Priority, ...], Field(max_length=3)] = ()
    labels: Patterns = ()
    when: ChangeExpression | None = None
    quiet_hours: QuietHours | None = None
    digest: DigestWindow | None = None
    template: Annotated[str, Field(min_length=1, max_length=4_096)] | None = None

    @property
    @override
    def key(self) -> str:
        return self.id


def subscription_matches(subscription: Subscription, change: Change) -> bool:
    """Return whether the subscription selects this change."""
    task = change.data
    return (
        subscription.enabled
        and change.change_type in subscription.changes
        and pattern_matches(subscription.providers, task.provider)
        and pattern_matches(subscription.repositories, task.repository or "")
        and pattern_matches(subscription.kinds, task.kind)
        and (not subscription.statuses or task.status in subscription.statuses)
        and (not subscription.priorities or task.priority in subscription.priorities)
        and (
            not subscription.labels
            or any(pattern_matches(subscription.labels, label) for label in task.labels)
        )
    )
