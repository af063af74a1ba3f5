"""Linear as a provider."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Final

from pydantic import JsonValue
from typing_extensions import override

from signalbox.ingress.command_text import IGNORED_AS_OWN
from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.providers.linear import commands, payload, tasks
from signalbox.providers.linear.setup import SETUP
from signalbox.providers.linear.signature import SCHEME, check_time, with_time

_EVENTS: Final = (
    *("comment.create", "comment.update", "comment.remove"),
    *("issue.create", "issue.update", "issue.remove"),
)
_FIELDS: Final = (
    *("issue.create.labels", "issue.create.assignee"),
    *("issue.update.labels", "issue.update.assignee", "issue.update.state"),
)
"""The fields of issues that are events of their own; their details are labels, ids and states."""


class Linear(HmacProvider):
    """Linear."""

    name: ClassVar[str] = "linear"
    setup: ClassVar[ProviderSetup] = SETUP
    scheme: ClassVar[HmacScheme] = SCHEME
    delivery_header: ClassVar[str] = "linear-delivery"
    own_headers: ClassVar[frozenset[str]] = frozenset({"linear-event", "linear-timestamp"})
    events: ClassVar[EventVocabulary] = dict.fromkeys((*_EVENTS, *_FIELDS))
    deadline: ClassVar[float] = 5.0

    @override
    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        index = super().verify(request, secrets)
        check_time(request, self.clock)
        return index

    @override
    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        return super().sign(with_time(request, self.clock), secret)

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the events in a verified request: several if an update changes several fields.

        Linear takes no status but 200 for a success, with which an answer is sent.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        return replace(_parsed(payload.decoded(request)), answer=Answer())


def _parsed(document: JsonValue) -> ParsedPayload:
    type_ = payload.event_type(document)
    if type_ not in _EVENTS:
        return ParsedPayload(type=type_, ignored=f"the event {type_} is not read")
    found = payload.read(document)
    text = commands.command_text(type_, found)
    if text.ours:
        return ParsedPayload(type=type_, ignored=IGNORED_AS_OWN)
    return ParsedPayload(type=type_, events=tasks.events_of(type_, found, text))


PROVIDER: Final = Linear
