"""Where people speak at GitHub: which part of an event is theirs to write commands in.

A text speaks when it is first written, and again when it is edited; never when it is deleted, when
something else happens to what it belongs to, or when nobody is named who says it. A transfer moves
a text and says nothing. What we wrote ourselves is known by its marker. Who may speak is for the
source to say: who wrote a text is told beside who sent it, and which of them are automated.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from signalbox.ingress.payload import require
from signalbox.models.grammar import marked
from signalbox.providers.github.payload import Changes, Payload, User, Written

_HOST: Final = re.compile(r"https?://([^/?#]{1,253}/)")
_USUAL: Final = "github.com/"
_TEXT: Final = 262_144
"""GitHub takes 65,536 characters; a pull request may have four times as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What was said in an event; `ours` where Signalbox said it, `moved` where it is not new here.

    `writer` is who wrote the text first.
    """

    text: str | None = None
    previous_text: str | None = None
    thread: str | None = None
    writer: User | None = None
    moved: bool = False
    ours: bool = False


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
_SILENT: Final = Speech()


def speech(event: str, payload: Payload) -> Speech:
    """What was said in an event of this name. Raises PayloadInvalid."""
    place = _PLACES.get(event)
    if place is None or payload.action not in {place.written_by, "edited", "deleted"}:
        return _SILENT
    written = require(place.part(payload), place.name)
    text = (written.body or "")[:_TEXT]
    if marked(text):
        return Speech(ours=True)
    if payload.action == "deleted" or payload.sender is None or not payload.sender.login:
        return _SILENT
    thread = f"{_host(written)}{event}:{written.id}"
    said = Speech(text=text, thread=thread, writer=written.user)
    if payload.action == place.written_by:
        return replace(said, moved=_is_transfer(payload.changes))
    return _edited(said, payload.changes)


def _host(written: Written) -> str:
    """Whose number it is, where that is not github.com: each host counts from 1."""
    found = _HOST.match(written.html_url or "")
    return found[1].lower() if found and found[1].lower() != _USUAL else ""


def _edited(said: Speech, changes: Changes | None) -> Speech:
    """An edit that left the text alone, of a title say, says nothing."""
    if changes is None or changes.body is None:
        return _SILENT
    return replace(said, previous_text=(changes.body.said or "")[:_TEXT])


def _is_transfer(changes: Changes | None) -> bool:
    return changes is not None and bool(changes.old_issue or changes.old_repository)
