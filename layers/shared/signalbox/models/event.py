"""What a provider tells us, in our words."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who caused an event. `automated` is the provider's own word for a bot or an app."""

    name: str
    automated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened at a provider.

    `type` is `<event>` or `<event>.<action>` in the provider's words. `detail` is what that leaves
    open: the label put on, the person assigned, how a run ended. `counts_as` are other details that
    patterns for it match as well: a run that timed out is a failure too. `text` is where commands
    may stand, None if the event carries none; `previous_text` is what it said before an edit.
    `thread` names what `text` belongs to (one comment, one description) and stays the same when it
    is edited, so that a command in it is run once. `writer` is who wrote the text, which need not
    be the `author`, who edited it, say; None if nobody is named. `moved` where the text was not
    said here but brought from elsewhere.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An instruction found in an event's text.

    `line` counts from 0 in the normalised text. `instruction` is what follows the name, as it was
    written: the rest of the line, the lines below where that is empty, or for the free form
    everything said to the bot. `description` holds the lines below where `instruction` does not.
    `truncated` where either was too long to be stored whole.
    """

    name: str
    arguments: tuple[str, ...] = ()
    instruction: str = ""
    description: str = ""
    truncated: bool = False
    line: int = 0
    free_form: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPayload:
    """What a provider read in one request.

    `handshake` is the body to answer at once with 200, for a provider's ping. `ignored` says why a
    delivery with no event worth reading has none.
    """

    type: str
    events: tuple[Event, ...] = ()
    ignored: str | None = None
    handshake: str | None = None
