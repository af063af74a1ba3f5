"""Which text of a GitLab event may contain commands: a comment, or a description.

A text counts when it is written and when it is edited. It does not count when something else
happens to what it belongs to, or when its author has no name. Our own texts are recognised by their
marker. GitLab sends no deletions, and no earlier text of an edited comment: all of its commands are
found again, and are the same tasks.
"""

import re
from collections.abc import Mapping
from typing import Final

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText, bounded, is_own
from signalbox.ingress.facts import author, host_of
from signalbox.ingress.payload import require
from signalbox.models.event import Author
from signalbox.providers.gitlab.payload import Attributes, Payload, User

_BOT: Final = re.compile(r"(?:project|group)_[0-9]+_bot[0-9a-z_]*|service_account_.+|.+-bot")

_DESCRIBED: Final[Mapping[str, str]] = {
    "issue": "issue",
    "work_item": "issue",
    "merge_request": "merge_request",
}
"""The events whose object has a description, and what its ids count; issues are work items."""


def command_text(kind: str, action: str | None, payload: Payload) -> CommandText:
    """Return the text of an event of this kind.

    Raises:
        PayloadInvalid: A part that such an event must have is missing.
    """
    if kind == "note":
        note = require(payload.object_attributes, "object_attributes")
        return _text(note.note, "note", note, payload)
    if kind not in _DESCRIBED or action not in {"open", "update"}:
        return NO_TEXT
    described = require(payload.object_attributes, "object_attributes")
    change = payload.changes.description if payload.changes else None
    if action == "update" and change is None:
        return NO_TEXT
    before = change.previous if action == "update" and change else None
    return _text(described.description, _DESCRIBED[kind], described, payload, before)


def author_of(user: User | None) -> Author | None:
    """Return an author; a bot is recognised by its name.

    The name that is shown is no substitute for a missing username, since people choose it freely.
    """
    return named(user.username) if user else None


def named(username: str | None) -> Author | None:
    """Return the author of this username."""
    return author(username, automated=bool(username and _BOT.fullmatch(username)))


def _text(
    text: str | None,
    thread: str,
    written: Attributes,
    payload: Payload,
    before: str | None = None,
) -> CommandText:
    if is_own(text):
        return OWN_TEXT
    sender = author_of(payload.user)
    if sender is None:
        return NO_TEXT
    id_ = require(written.id, "object_attributes.id")
    return CommandText(
        text=bounded(text),
        previous_text=None if before is None else bounded(before),
        thread=f"{host_of(written.url)}/{thread}:{id_}",
        writer=sender if _is_by(payload.user, written) else None,
    )


def _is_by(user: User | None, written: Attributes) -> bool:
    """Return whether the sender wrote the text first; GitLab names other writers by number."""
    return bool(user and user.id is not None and user.id == written.author_id)
