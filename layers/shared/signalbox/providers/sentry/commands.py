"""Which text of a Sentry event may contain commands: a comment on an issue.

A comment counts when it is written and when it is edited, not when it is deleted. Sentry does not
send the text before an edit; since the thread names the comment, its commands still run once. Only
the author of a comment can edit it, so the actor is its writer.
"""

from typing import Final

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText, bounded, is_own
from signalbox.ingress.facts import author
from signalbox.ingress.payload import require
from signalbox.models.event import Author
from signalbox.providers.sentry.payload import Actor, Payload

_WRITTEN: Final = frozenset({"created", "updated"})


def command_text(resource: str, payload: Payload) -> CommandText:
    """Return the text of an event of this resource.

    Raises:
        PayloadInvalid: A comment has no id.
    """
    if resource != "comment":
        return NO_TEXT
    if is_own(payload.data.comment):
        return OWN_TEXT
    comment_id = require(payload.data.comment_id, "data.comment_id")
    writer = author_of(payload.actor)
    if payload.action not in _WRITTEN or writer is None:
        return NO_TEXT
    return CommandText(
        text=bounded(payload.data.comment), thread=f"comment:{comment_id}", writer=writer
    )


def author_of(actor: Actor | None) -> Author | None:
    """Return an author, by the id where there is no name; an application is automated."""
    if actor is None:
        return None
    identity = None if actor.id is None else str(actor.id)
    return author(actor.name or identity, automated=actor.type == "application")
