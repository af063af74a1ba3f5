"""How a webhook is set up in the settings of a service: the instructions for an operator."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from signalbox.models.event_vocabulary import EventVocabulary, matches_event
from signalbox.models.frozen import frozen
from signalbox.models.source import DEFAULT_SOURCE

_PLACEHOLDER: Final = re.compile(r"\{(url|secret|events|source)\}")
_NO_EVENTS: Final = "those that the source selects by its `events`, none so far"


class SecretForm(StrEnum):
    """Which secrets a service takes, or that it issues them itself."""

    TEXT = "text"
    STANDARD_WEBHOOKS = "standard_webhooks"
    """`whsec_` and the base64 of 32 bytes."""
    ISSUED = "issued"


@frozen
class ProviderSetup:
    """The instructions for one provider.

    Attributes:
        steps: What to do, in order. `{url}` stands for the URL of the webhooks, `{secret}` for the
            secret, `{events}` for the events to choose, and `{source}` for the source in the name
            of its secret, such as `github/default`.
        secret: The form of the secret.
        command_events: The events that have a text for commands, or the parts of their names before
            the first dot.
        choices: What the service calls the events in its settings, by the same names. Events that
            are missing have the part of their name before the first dot.
    """

    steps: Sequence[str]
    secret: SecretForm = SecretForm.TEXT
    command_events: frozenset[str] = frozenset()
    choices: Mapping[str, str] = field(default_factory=dict)

    def selected_events(self, events: EventVocabulary, patterns: Sequence[str]) -> tuple[str, ...]:
        """Return the events that have commands or match a pattern of a source."""
        return tuple(
            event
            for event, details in events.items()
            if {event, event_family(event)} & self.command_events
            or any(matches_event(pattern, {event: details}) for pattern in patterns)
        )

    def choices_of(self, events: Sequence[str]) -> tuple[str, ...]:
        """Return what the service calls these events, without repetitions."""
        return tuple(dict.fromkeys(self._choice(event) for event in events))

    def instructions(
        self, *, url: str, secret: str, events: Sequence[str], source: str
    ) -> tuple[str, ...]:
        """Return the steps with these values in them."""
        values = {
            "url": url,
            "secret": secret,
            "events": ", ".join(self.choices_of(events)) or _NO_EVENTS,
            "source": source,
        }
        return tuple(_PLACEHOLDER.sub(lambda match: values[match[1]], step) for step in self.steps)

    def _choice(self, event: str) -> str:
        family = event_family(event)
        return self.choices.get(event) or self.choices.get(family) or family


def webhook_path(provider: str, source: str = DEFAULT_SOURCE) -> str:
    """Return the path of a source's webhooks."""
    path = f"/api/v1/webhooks/{provider}"
    return path if source == DEFAULT_SOURCE else f"{path}/{quote(source, safe='')}"


def event_family(event: str) -> str:
    """Return the part of the name of an event before the first dot."""
    return event.partition(".")[0]


GENERIC_SETUP: Final = ProviderSetup(
    steps=(
        "Add a webhook in the settings of the service.",
        "URL: {url}",
        "Content type: application/json",
        "Secret: {secret}",
        "Events: {events}",
    )
)
"""The instructions for a service that has none of its own."""
