"""Which text of a generic event may contain commands: the one that the settings name."""

from signalbox.ingress.command_text import NO_TEXT, OWN_TEXT, CommandText, bounded, is_own
from signalbox.ingress.facts import author
from signalbox.models.event import Author
from signalbox.providers.generic.payload import RequestDocument
from signalbox.providers.generic.settings import SourceRules


def command_text(rules: SourceRules, document: RequestDocument) -> CommandText:
    """Return the text of an event."""
    text = document.text(rules.text)
    if text is None:
        return NO_TEXT
    if is_own(text):
        return OWN_TEXT
    previous = document.text(rules.previous_text)
    return CommandText(
        text=bounded(text),
        previous_text=None if previous is None else bounded(previous),
        thread=document.text(rules.thread),
        writer=author_of(rules, document),
    )


def author_of(rules: SourceRules, document: RequestDocument) -> Author | None:
    """Return who caused an event."""
    return author(document.text(rules.author), automated=bool(document.value(rules.bot)))
