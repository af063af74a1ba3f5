"""Which text of a Trello action may contain commands.

Comments count when they are written and edited, descriptions of cards when they are changed; what
creates a card does not bring its description. Only its author can edit a comment, and a change of a
description runs only commands that it adds: whoever acts is the writer of the text. Our own texts
are recognised by their marker.
"""

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText, bounded, is_own
from signalbox.ingress.facts import author
from signalbox.models.event import Author
from signalbox.providers.trello.payload import Action, Before, Card, Comment, Data, Member


def command_text(action: Action) -> CommandText:
    """Return the text of an action."""
    data = action.data or Data()
    before = data.before or Before()
    match action.type:
        case "commentCard":
            return _text(action, data.text, thread=_thread("comment", action.id))
        case "updateComment":
            comment = data.comment or Comment()
            thread = _thread("comment", comment.id)
            return _text(action, comment.text, thread=thread, previous_text=before.text)
        case "updateCard" if before.has("desc"):
            card = data.card or Card()
            thread = _thread("card", card.id)
            return _text(action, card.desc, thread=thread, previous_text=before.desc or "")
    return NO_TEXT


def author_of(member: Member | None) -> Author | None:
    """Return a member as an author."""
    return author(member.username) if member else None


def _text(
    action: Action, text: str | None, *, thread: str | None, previous_text: str | None = None
) -> CommandText:
    if is_own(text):
        return OWN_TEXT
    writer = author_of(action.creator)
    if writer is None:
        return NO_TEXT
    return CommandText(
        text=bounded(text),
        previous_text=None if previous_text is None else bounded(previous_text),
        thread=thread,
        writer=writer,
    )


def _thread(kind: str, identifier: str | None) -> str | None:
    return f"{kind}:{identifier}" if identifier else None
