"""What operators configure: sources, connections, subscriptions."""

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Final

from pydantic import Field, JsonValue
from typing_extensions import override

from signalbox.models.base import NAME_CONSTRAINTS, Model, Name, UtcDatetime
from signalbox.models.burst import BurstCap
from signalbox.models.change import Change
from signalbox.models.config_resource import (
    CERTIFICATE,
    CONNECTION_SECRETS,
    GRANTS,
    SOURCE_SECRETS,
    SOURCE_TOKENS,
    ConfigResource,
    secret_path,
)
from signalbox.models.connection_auth import ConnectionAuth, ConnectionTls
from signalbox.models.delivery import KeepBodies
from signalbox.models.delivery_policy import DEFAULT_RETRY, DeliveryOrder, RetryPolicy, SendRate
from signalbox.models.digest import DigestWindow
from signalbox.models.event_vocabulary import escape_pattern
from signalbox.models.ids import ConnectionId, SubscriptionId
from signalbox.models.networks import SourceNetwork
from signalbox.models.quiet_hours import QuietHours
from signalbox.models.source_rules import SourceAnswer, SourceExpression, TaskTransform
from signalbox.models.subscription_rules import ChangeExpression
from signalbox.models.task import ChangeType, Priority, TaskStatus

Pattern = Annotated[str, Field(min_length=1, max_length=200)]
"""A text to match, where `*` matches any characters."""

Patterns = Annotated[tuple[Pattern, ...], Field(max_length=100)]


DEFAULT_SOURCE: Final = "default"
"""The name of the source that each provider has, also where none is configured."""


class CommandPermission(StrEnum):
    """Whether the provider must say that a person has write access before a command counts."""

    REQUIRED = "required"
    OFF = "off"


class ReplyMode(StrEnum):
    """Which tasks answer where they came from, with the token of their source."""

    COMMANDS = "commands"
    """Those of a command."""

    ALL = "all"
    OFF = "off"


class Controls(StrEnum):
    """On which tasks the commands approve, reject, cancel and retry of a source may act."""

    OWN = "own"
    """On the tasks of the source that are of the same repository."""

    ANY = "any"


class ApprovalRule(Model):
    """Which tasks of a source need an approval before they run.

    `kinds` are patterns of the kinds of tasks: names of commands, or events. An approval may be
    given for `expires_minutes`, up to 30 days. `by_requester` lets the person approve who gave
    the command.
    """

    kinds: Annotated[Patterns, Field(min_length=1)] = ("*",)
    expires_minutes: Annotated[int, Field(ge=1, le=43_200)] = 1_440
    by_requester: bool = False


class Source(ConfigResource):
    """A configured sender of one provider.

    `events` are patterns of events that become tasks without a command, such as `issues.*`, or with
    a detail `workflow_run.completed:failure`. Empty `commands` or `authors` match everything.
    `bots` are the bots whose commands are accepted; by default there are none. Without `authors`
    those persons may give commands who have write access by the API of the provider, or everybody
    if `permission` is off. Requests from other addresses than those of the `networks` are refused;
    without any they may come from anywhere. Tasks that `approval` selects run when somebody
    has approved them. Deliveries with tasks that are over `burst` are deferred.
    Bodies with events keep to `body_schema`, a JSON Schema, or fail. Events for which the
    expression `filter` is not true are ignored; `transform` sets fields of the tasks of the others.
    `keep_bodies` chooses the deliveries whose bodies stay stored when they are processed.
    `answer` is sent to verified requests whose provider expects no other. The provider's own model
    validates `settings`.
    """

    kind: ClassVar = "source"

    provider: Name
    name: Name = DEFAULT_SOURCE
    enabled: bool = True
    events: Patterns = ()
    commands: Patterns = ()
    authors: Patterns = ()
    bots: Patterns = ()
    permission: CommandPermission = CommandPermission.REQUIRED
    networks: Annotated[tuple[SourceNetwork, ...], Field(max_length=100)] = ()
    mention: Name = "signalbox"
    priority: Priority = Priority.NORMAL
    max_attempts: int = Field(default=3, ge=1, le=100)
    approval: ApprovalRule | None = None
    controls: Controls = Controls.OWN
    reply: ReplyMode = ReplyMode.COMMANDS
    burst: BurstCap | None = None
    body_schema: dict[str, JsonValue] | None = None
    filter: SourceExpression | None = None
    transform: TaskTransform | None = None
    answer: SourceAnswer | None = None
    keep_bodies: KeepBodies = KeepBodies.ALL
    settings: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    @override
    def key(self) -> str:
        return f"{self.provider}/{self.name}"

    @property
    def has_event_rules(self) -> bool:
        """Whether rules decide over the contents of a delivery."""
        return bool(self.filter or self.transform) or self.body_schema is not None

    @property
    @override
    def secret_name(self) -> str:
        return secret_path(SOURCE_SECRETS, self.provider, self.name)

    @property
    def token_name(self) -> str:
        """Return the name of the token with which the provider's API is called."""
        return secret_path(SOURCE_TOKENS, self.provider, self.name)

    @property
    @override
    def secret_names(self) -> tuple[str, ...]:
        return (self.secret_name, self.token_name)


class Connection(ConfigResource):
    """A configured target of one connector; its secret is stored separately.

    A disabled connection holds its notifications. `retry` is when they are sent again, `rate_limit`
    how many are sent in a time, `order` what waits for earlier ones. The connector's own model
    validates `settings`. With `auth` the secret is for an authorization server, which issues access
    tokens. With `tls.client_certificate` it has a second secret. With `incidents` the connection
    gets the alerts of incidents, except of its own.
    """

    kind: ClassVar = "connection"

    id: Annotated[ConnectionId, NAME_CONSTRAINTS]
    connector: Name
    enabled: bool = True
    incidents: bool = False
    retry: RetryPolicy = DEFAULT_RETRY
    rate_limit: SendRate | None = None
    order: DeliveryOrder = Field(default=DeliveryOrder.NONE, strict=False)
    auth: ConnectionAuth | None = None
    tls: ConnectionTls = ConnectionTls()
    settings: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    @override
    def key(self) -> str:
        return self.id

    @property
    @override
    def secret_name(self) -> str:
        return secret_path(CONNECTION_SECRETS, self.id)

    @property
    def certificate_name(self) -> str:
        """Return the name of its client certificate, with the private key."""
        return secret_path(CONNECTION_SECRETS, self.id, CERTIFICATE)

    @property
    def grants_name(self) -> str:
        """Return the name of the current tokens of its grants, which its connector writes."""
        return secret_path(GRANTS, self.connector, self.id)

    @property
    @override
    def secret_names(self) -> tuple[str, ...]:
        return (self.secret_name, self.certificate_name, self.grants_name)


class ReplyConnection(Connection):
    """A source as a connection, by which its tasks answer. It is never stored.

    `settings` are those of the source; its connector has those of a connection for them.
    """

    id: ConnectionId
    token: str

    @property
    @override
    def secret_name(self) -> str:
        return self.token


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


class Pause(ConfigResource):
    """A paused queue: no task is handed out, and waiting tasks stay."""

    kind: ClassVar = "pause"

    priority: Priority
    at: UtcDatetime
    by: str
    reason: str | None = None

    @property
    @override
    def key(self) -> str:
        return self.priority


def pattern_matches(patterns: tuple[str, ...], text: str) -> bool:
    """Return whether a pattern matches the text, ignoring case; no patterns match everything."""
    folded = text.casefold()
    return not patterns or any(fnmatchcase(folded, escape_pattern(pattern)) for pattern in patterns)


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
