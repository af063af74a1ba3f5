"""Which text of a GitHub event may contain commands.

A text counts when it is written and when it is edited. It does not count when it is deleted, when
something else happens to what it belongs to, or when its author is not named. A transfer only moves
a text. Our own texts are recognised by their marker. The source decides whose commands count, so
the event has the sender and the writer, and whether each is a bot.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText, bounded, is_own
from signalbox.ingress.facts import author
from signalbox.ingress.payload import require
from signalbox.models.event import Author
from signalbox.providers.github.payload import Changes, Payload, User, Written

_HOST: Final = re.compile(r"https?://([^/?#]{1,253}/)")
_USUAL: Final = "github.com/"


class _Place(NamedTuple):
    written_by: str
    name: str
    part: Callable[[Payload], Written | None]


_PLACES: Final[Mapping[str, _Place]] = {
    "issue_comment": _Place("created", "comment", lambda payload: payload.comment),
    "issues": _Place("opened", "issue", lambda payload: payload.issue),
    "pull_request": _Place("opened", "pull_request", lambda payload: payload.pull_request),
    "pull_request_review": _Place("submitted", "review", lambda payload: payload.review),
    "pull_request_review_comment": _Place("created", "comment", lambda payload: payload.comment),
    "discussion": _Place("created", "discussion", lambda payload: payload.discussion),
    "discussion_comment": _Place("created", "comment", lambda payload: payload.comment),
}


def command_text(event: str, payload: Payload) -> CommandText:
    """Return the text of an event of this name.

    Raises:
        PayloadInvalid: A part that such an event must have is missing.
    """
    place = _PLACES.get(event)
    if place is None or payload.action not in {place.written_by, "edited", "deleted"}:
        return NO_TEXT
    written = require(place.part(payload), place.name)
    if is_own(written.body):
        return OWN_TEXT
    if payload.action == "deleted" or payload.sender is None or not payload.sender.login:
        return NO_TEXT
    thread = f"{_host(written)}{event}:{written.id}"
    is_new = payload.action == place.written_by
    said = CommandText(
        text=bounded(written.body),
        thread=thread,
        writer=author_of(written.user),
        moved=is_new and _is_transfer(payload.changes),
    )
    return said if is_new else _edited(said, payload.changes)


def author_of(user: User | None) -> Author | None:
    """Return an author; a bot is recognised by its type or by its name."""
    if user is None or not user.login:
        return None
    return author(user.login, automated=user.type == "Bot" or user.login.endswith("[bot]"))


def _host(written: Written) -> str:
    """Return the host of the page, unless it is github.com: ids are unique per host only."""
    found = _HOST.match(written.html_url or "")
    return found[1].lower() if found and found[1].lower() != _USUAL else ""


def _edited(said: CommandText, changes: Changes | None) -> CommandText:
    """Return the text of an edit, nothing if the edit changed something else, such as a title."""
    if changes is None or changes.body is None:
        return NO_TEXT
    return replace(said, previous_text=bounded(changes.body.said))


def _is_transfer(changes: Changes | None) -> bool:
    return changes is not None and bool(changes.old_issue or changes.old_repository)
