"""Which text of a PagerDuty event may contain commands: a note on an incident.

A note is never edited.
"""

from typing import Final

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText, bounded, is_own
from signalbox.ingress.facts import author
from signalbox.ingress.payload import require
from signalbox.models.event import Author
from signalbox.providers.pagerduty.payload import Reference, WebhookEvent

_USER: Final = "user_reference"


def command_text(event: WebhookEvent) -> CommandText:
    """Return the text of an event.

    Raises:
        PayloadInvalid: A note has no id.
    """
    if event.event_type != "incident.annotated":
        return NO_TEXT
    if is_own(event.data.content):
        return OWN_TEXT
    note = require(event.data.id, "event.data.id")
    writer = author_of(event.agent)
    if writer is None:
        return NO_TEXT
    return CommandText(text=bounded(event.data.content), thread=f"note:{note}", writer=writer)


def author_of(agent: Reference | None) -> Author | None:
    """Return an author; an agent that is no user, such as an integration, is automated."""
    return author(agent.summary, automated=agent.type != _USER) if agent else None
