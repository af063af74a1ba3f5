"""Bitbucket Cloud as a provider."""

import re
from typing import ClassVar, Final

from signalbox.ingress.command_text import IGNORED_AS_OWN
from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.errors import PayloadInvalid
from signalbox.models.event import ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.providers.bitbucket.commands import command_text
from signalbox.providers.bitbucket.payload import read
from signalbox.providers.bitbucket.setup import SETUP
from signalbox.providers.bitbucket.signature import SCHEME
from signalbox.providers.bitbucket.tasks import EVENT_TYPES, events_of

_KEY: Final = re.compile(r"[a-z]{1,32}(?::[a-z_]{1,32}){1,2}")
_STATES: Final = frozenset({"failed", "inprogress", "stopped", "successful"})
_DETAILS: Final = {
    "repo.commit_status_created": _STATES,
    "repo.commit_status_updated": _STATES,
}


class Bitbucket(HmacProvider):
    """Bitbucket Cloud; Data Center has other events, which are ignored."""

    name: ClassVar[str] = "bitbucket"
    setup: ClassVar[ProviderSetup] = SETUP
    scheme: ClassVar[HmacScheme] = SCHEME
    delivery_header: ClassVar[str] = "x-request-uuid"
    own_headers: ClassVar[frozenset[str]] = frozenset(
        {"x-attempt-number", "x-event-key", "x-hook-uuid"}
    )
    events: ClassVar[EventVocabulary] = {type_: _DETAILS.get(type_) for type_ in EVENT_TYPES}

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the events in a verified request.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        key = request.header("x-event-key")
        if not _KEY.fullmatch(key):
            raise PayloadInvalid("the header X-Event-Key names no event")
        type_ = key.replace(":", ".")  # a colon separates the detail in a pattern
        if type_ not in self.events:
            return ParsedPayload(type=type_, ignored=f"the event {type_} is not read")
        payload = read(request)
        text = command_text(type_, payload)
        if text.ours:
            return ParsedPayload(type=type_, ignored=IGNORED_AS_OWN)
        events = events_of(type_, payload, text)
        return ParsedPayload(
            type=type_, events=events, ignored=None if events else "the push changed nothing"
        )


PROVIDER: Final = Bitbucket
