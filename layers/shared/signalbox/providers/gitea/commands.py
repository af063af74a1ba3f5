"""Which text of a Gitea event may contain commands.

A text counts when it is written and when it is edited. It does not count when it is deleted, when
something else happens to what it belongs to, or when its author is not named. Our own texts are
recognised by their marker. A review has no id; its text is never edited.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText, bounded, is_own
from signalbox.ingress.facts import author, host_of
from signalbox.ingress.payload import require
from signalbox.models.event import Author
from signalbox.providers.gitea.payload import Changes, Payload, User, Written

REVIEWS: Final = frozenset(
    {
        "pull_request_review_approved",
        "pull_request_review_comment",
        "pull_request_review_rejected",
    }
)
"""The events of reviews, which differ in the verdict only."""

_BOTS: Final = frozenset({"forgejo-actions", "gitea-actions"})


class _Place(NamedTuple):
    written_by: str
    name: str
    thread: str
    part: Callable[[Payload], Written | None]


_PLACES: Final[Mapping[str, _Place]] = {
    "issue_comment": _Place("created", "comment", "comment", lambda payload: payload.comment),
    "pull_request_comment": _Place(
        "created", "comment", "comment", lambda payload: payload.comment
    ),
    "issues": _Place("opened", "issue", "issue", lambda payload: payload.issue),
    "pull_request": _Place(
        "opened", "pull_request", "pull_request", lambda payload: payload.pull_request
    ),
}


def command_text(event: str, payload: Payload) -> CommandText:
    """Return the text of an event of this name.

    Raises:
        PayloadInvalid: A part that such an event must have is missing.
    """
    if event in REVIEWS:
        return _review_text(payload)
    place = _PLACES.get(event)
    if place is None or payload.action not in {place.written_by, "edited", "deleted"}:
        return NO_TEXT
    written = require(place.part(payload), place.name)
    if is_own(written.body):
        return OWN_TEXT
    if payload.action == "deleted" or not author_of(payload.sender):
        return NO_TEXT
    text = CommandText(
        text=bounded(written.body),
        thread=f"{host_of(written.html_url)}/{place.thread}:{written.id}",
        writer=author_of(written.user),
    )
    return text if payload.action == place.written_by else _edited(text, payload.changes)


def author_of(user: User | None) -> Author | None:
    """Return an author; a bot is recognised by its name."""
    if user is None or not user.login:
        return None
    return author(user.login, automated=user.login in _BOTS or user.login.endswith("[bot]"))


def _review_text(payload: Payload) -> CommandText:
    content = require(payload.review, "review").content
    if is_own(content):
        return OWN_TEXT
    reviewer = author_of(payload.sender)
    return CommandText(text=bounded(content), writer=reviewer) if reviewer else NO_TEXT


def _edited(text: CommandText, changes: Changes | None) -> CommandText:
    """Return the text of an edit, nothing if the edit changed something else, such as a title."""
    if changes is None or changes.body is None:
        return NO_TEXT
    return replace(text, previous_text=bounded(changes.body.said))
