"""A source: a configured sender of one provider."""

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Final

from pydantic import Field, JsonValue
from typing_extensions import override

from signalbox.models.base import Model, Name
from signalbox.models.burst import BurstCap
from signalbox.models.config_resource import (
    SOURCE_SECRETS,
    SOURCE_TOKENS,
    ConfigResource,
    secret_path,
)
from signalbox.models.delivery import KeepBodies
from signalbox.models.event_vocabulary import escape_pattern
from signalbox.models.networks import SourceNetwork
from signalbox.models.source_rules import SourceAnswer, SourceExpression, TaskTransform
from signalbox.models.task import Priority

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


def pattern_matches(patterns: tuple[str, ...], text: str) -> bool:
    """Return whether a pattern matches the text, ignoring case; no patterns match everything."""
    folded = text.casefold()
    return not patterns or any(fnmatchcase(folded, escape_pattern(pattern)) for pattern in patterns)
