"""What operators configure: sources, connections, subscriptions."""

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field, JsonValue

from signalbox.models.base import NAME_CONSTRAINTS, Model, Name, UtcDatetime
from signalbox.models.change import Change
from signalbox.models.event_vocabulary import escape_pattern
from signalbox.models.ids import ConnectionId, SubscriptionId
from signalbox.models.task import ChangeType, Priority, TaskStatus

Pattern = Annotated[str, Field(min_length=1, max_length=200)]
"""A text to match, where `*` stands for anything."""

Patterns = Annotated[tuple[Pattern, ...], Field(max_length=100)]


class Source(Model):
    """One configured sender of a provider's kind.

    `events` are patterns of events that make a task even without a command, such as `issues.*`, or
    with a detail `workflow_run.completed:failure`. Empty `commands` or `authors` let everything
    through; `bots` are those whose commands are taken, and empty lets none through.
    """

    provider: Name
    name: Name = "default"
    enabled: bool = True
    events: Patterns = ()
    commands: Patterns = ()
    authors: Patterns = ()
    bots: Patterns = ()
    mention: Name = "signalbox"
    priority: Priority = Priority.NORMAL
    max_attempts: int = Field(default=3, ge=1, le=100)


class Connection(Model):
    """One configured use of a connector; its secret is stored apart.

    `settings` are checked by the connector's own model.
    """

    id: Annotated[ConnectionId, NAME_CONSTRAINTS]
    connector: Name
    enabled: bool = True
    settings: dict[str, JsonValue] = Field(default_factory=dict)


class Subscription(Model):
    """Which changes go to which connection. An empty filter lets everything through."""

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


class Pause(Model):
    """A queue that no task is given from, until somebody resumes it. What waits in it stays."""

    priority: Priority
    at: UtcDatetime
    by: str
    reason: str | None = None


def pattern_matches(patterns: tuple[str, ...], text: str) -> bool:
    """Return whether any pattern fits the text, without regard to case; no patterns fit everything."""
    folded = text.casefold()
    return not patterns or any(fnmatchcase(folded, escape_pattern(pattern)) for pattern in patterns)


def subscription_matches(subscription: Subscription, change: Change) -> bool:
    """Return whether the subscription asks for this change."""
    task = change.data
    return (
        subscription.enabled
        and change.change_type in subscription.changes
        and pattern_matches(subscription.providers, task.provider)
        and pattern_matches(subscription.repositories, task.repository or "")
        and pattern_matches(subscription.kinds, task.kind)
        and (not subscription.statuses or task.status in subscription.statuses)
    )
