"""Which text of a Linear event may contain commands.

Comments count when they are written and edited, descriptions only when the issue is created: Linear
saves a description while somebody types, and half a command would run. Our own texts are recognised
by their marker.
"""

from dataclasses import replace
from typing import Final

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText, bounded, is_own
from signalbox.ingress.facts import author
from signalbox.ingress.payload import require
from signalbox.models.event import Author
from signalbox.providers.linear.payload import Data, Payload

_PEOPLE: Final = frozenset({"user", "externaluser"})
_BY_WRITER: Final = frozenset({"issue.create", "comment.create", "comment.update"})


def command_text(event: str, payload: Payload) -> CommandText:
    """Return the text of an event of this type.

    Raises:
        PayloadInvalid: The issue or the comment is missing.
    """
    kind, _, action = event.partition(".")
    data = require(payload.data, "data")
    text = data.body if kind == "comment" else data.description
    if is_own(text) and (kind == "comment" or action == "create"):
        return OWN_TEXT
    found = CommandText(text=bounded(text), thread=f"{kind}:{data.id}", writer=writer_of(data))
    if sender_of(event, payload) is None:
        return NO_TEXT
    match event:
        case "issue.create" | "comment.create":
            return found
        case "comment.update" if payload.before and payload.before.has("body"):
            return replace(found, previous_text=bounded(payload.before.body))
    return NO_TEXT


def sender_of(event: str, payload: Payload) -> Author | None:
    """Return who caused an event: its actor, or the writer, as only a writer edits a comment."""
    actor = payload.actor
    if actor:
        return author(actor.id, automated=(actor.type or "user").lower() not in _PEOPLE)
    if payload.data is None or event not in _BY_WRITER:
        return None
    return writer_of(payload.data)


def writer_of(data: Data) -> Author | None:
    """Return who wrote a comment, or created an issue, by the id that nobody can change."""
    member = data.user_id or (data.user.id if data.user else None) or data.creator_id
    name = member or data.external_user_id or data.external_creator_id
    return author(name, automated=bool(data.bot_actor))
