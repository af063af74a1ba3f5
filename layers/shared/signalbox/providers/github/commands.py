"""Where people speak at GitHub: which part of an event is theirs to write commands in.

A text speaks when it is first written, and again when it is edited; never when it is deleted, when
something else happens to what it belongs to, or when nobody is named who says it. What we wrote
ourselves is known by its marker. Whether a bot may speak is for the source to say: its events name
an automated author.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from signalbox.models.grammar import marked
from signalbox.providers.github.payload import Changes, Payload, Written, needed

_TEXT: Final = 262_144
"""GitHub takes 65,536 characters; a pull request may have four times as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What was said in an event; `ours` where Signalbox said it."""

    text: str | None = None
    previous_text: str | None = None
    thread: str | None = None
    ours: bool = False


class _Place(NamedTuple):
    written_by: str
    part: Callable[[Payload], Written | None]


_PLACES: Final[Mapping[str, _Place]] = {
    "issue_comment": _Place("created", lambda payload: payload.comment),
    "issues": _Place("opened", lambda payload: payload.issue),
    "pull_request": _Place("opened", lambda payload: payload.pull_request),
    "pull_request_review": _Place("submitted", lambda payload: payload.review),
    "pull_request_review_comment": _Place("created", lambda payload: payload.comment),
    "discussion": _Place("created", lambda payload: payload.discussion),
    "discussion_comment": _Place("created", lambda payload: payload.comment),
}
_SILENT: Final = Speech()


def speech(event: str, payload: Payload) -> Speech:
    """What was said in an event of this name. Raises PayloadInvalid."""
    place = _PLACES.get(event)
    if place is None or payload.action not in {place.written_by, "edited", "deleted"}:
        return _SILENT
    written = needed(place.part(payload), event)
    text = (written.body or "")[:_TEXT]
    if marked(text):
        return Speech(ours=True)
    if payload.action == "deleted" or payload.sender is None or not payload.sender.login:
        return _SILENT
    thread = f"{event}:{written.id}"
    if payload.action == place.written_by:
        return Speech(text=text, thread=thread)
    return _edited(text, payload.changes, thread)


def _edited(text: str, changes: Changes | None, thread: str) -> Speech:
    """An edit that left the text alone, of a title say, says nothing."""
    if changes is None or changes.body is None:
        return _SILENT
    return Speech(text=text, previous_text=(changes.body.said or "")[:_TEXT], thread=thread)
