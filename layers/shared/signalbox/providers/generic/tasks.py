"""The fields of a generic event, within the limits of a task."""

import re
from typing import Final

from signalbox.ingress.command_text import CommandText
from signalbox.ingress.facts import commit_id, label_names, short_name
from signalbox.ingress.payload import require
from signalbox.models.event import Event
from signalbox.models.text import one_line, web_url
from signalbox.providers.generic.commands import author_of
from signalbox.providers.generic.payload import RequestDocument
from signalbox.providers.generic.settings import SourceRules

DEFAULT_TYPE: Final = "webhook"
"""The type of an event where no expression is configured for it."""

_SEPARATORS: Final = re.compile(r"[^a-z0-9._-]+")
_MAX_TYPE: Final = 100


def event_of(type_: str, rules: SourceRules, document: RequestDocument, text: CommandText) -> Event:
    """Return the event of this type."""
    return Event(
        type=type_,
        title=one_line(document.text(rules.title) or "") or type_,
        detail=short_name(document.text(rules.detail)),
        author=author_of(rules, document),
        occurred_at=document.time(rules.occurred_at),
        repository=short_name(document.text(rules.repository)),
        branch=short_name(document.text(rules.branch)),
        commit=commit_id(document.text(rules.commit)),
        url=web_url(document.text(rules.url)),
        labels=label_names(document.texts(rules.labels)),
        text=text.text,
        previous_text=text.previous_text,
        thread=text.thread,
        writer=text.writer,
    )


def event_type(rules: SourceRules, document: RequestDocument) -> str:
    """Return the type of the event, in lower case and with dots in place of other characters.

    `orders/create` is `orders.create`, as patterns separate details with colons.

    Raises:
        PayloadInvalid: The expression for it yields no text.
    """
    if rules.event_type is None:
        return DEFAULT_TYPE
    given = (document.text(rules.event_type) or "")[: 4 * _MAX_TYPE].casefold()
    type_ = _SEPARATORS.sub(".", given).strip(".")[:_MAX_TYPE]
    return require(type_ or None, f"the type of the event, by {rules.event_type},")
