"""What a provider reports, in a form that is common to all providers."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime

from signalbox.models.frozen import frozen


@frozen
class Author:
    """Who caused an event. `automated` marks what the provider calls a bot or an app."""

    name: str
    automated: bool = False


@frozen
class Event:
    """Something that happened at a provider.

    `type` is `<event>` or `<event>.<action>` as the provider names them. `detail` is what that
    leaves open: a label, an assignee, the conclusion of a run. `counts_as` are other details that
    patterns match as well: a run that timed out also counts as a failure. `text` may contain
    commands, None if the event has no text; `previous_text` is the text before an edit. `thread`
    identifies the text (a comment, a description) and stays the same when it is edited, so that a
    command in it runs once. `writer` wrote the text, and may differ from the `author`, who edited
    it; None if the provider does not say. `moved` marks a text that was moved here. `mention` is
    what stands for `@` and the name of the bot in the text, such as `<@U024BE7LH>`; a slash command
    stands for it only if it has that name.
    """

    type: str
    title: str
    detail: str | None = None
    counts_as: tuple[str, ...] = field(default=())
    author: Author | None = None
    occurred_at: datetime | None = None
    repository: str | None = None
    branch: str | None = None
    commit: str | None = None
    url: str | None = None
    labels: tuple[str, ...] = field(default=())
    text: str | None = None
    previous_text: str | None = None
    thread: str | None = None
    writer: Author | None = None
    moved: bool = False
    mention: str | None = None


@frozen
class Command:
    """A command in the text of an event.

    `line` counts from 0 in the normalised text. `instruction` is the text after the name: the rest
    of the line, or the lines below if that is empty, or for the free form all of the text.
    `description` has the lines below unless `instruction` does. `truncated` marks that one of them
    was cut.
    """

    name: str
    arguments: tuple[str, ...] = ()
    instruction: str = ""
    description: str = ""
    truncated: bool = False
    line: int = 0
    free_form: bool = False


@frozen
class Answer:
    """The response that a provider expects.

    Without a `body` the usual one is sent; an empty `body` stays empty.
    """

    body: str | None = None
    media_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@frozen
class ParsedPayload:
    """What a provider found in a request.

    `handshake` is the answer to a ping of the provider, `answer` that to a request with events.
    `reply` returns the answer for a sentence on the outcome, where the provider shows it to the
    person who gave a command; `deferred` is the answer if the outcome follows later. `follow_up`
    marks that the provider does not show the answer, and takes the outcome as a message after it.
    `ignored` is the reason why a delivery contains no events.
    """

    type: str
    events: tuple[Event, ...] = ()
    ignored: str | None = None
    handshake: Answer | None = None
    answer: Answer | None = None
    reply: Callable[[str], Answer] | None = None
    deferred: Answer | None = None
    follow_up: bool = False
