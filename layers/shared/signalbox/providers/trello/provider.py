"""Trello as a provider."""

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar, Final

from typing_extensions import override

from signalbox.ingress.command_text import IGNORED_AS_OWN
from signalbox.ingress.delivery_key import delivery_key_in_body
from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.frozen import frozen
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.providers.trello import commands, payload, tasks
from signalbox.providers.trello.setup import SETUP
from signalbox.providers.trello.signature import SCHEME, TrelloSettings, as_called

_ACTIONS: Final = (
    *("commentCard", "updateComment", "deleteComment"),
    *("createCard", "updateCard", "addLabelToCard", "addMemberToCard"),
)
_FIELDS: Final = ("updateCard.list", "updateCard.desc")


@frozen
class Trello(HmacProvider):
    """Trello."""

    settings: TrelloSettings = field(default_factory=TrelloSettings.model_construct)

    name: ClassVar[str] = "trello"
    setup: ClassVar[ProviderSetup] = SETUP
    scheme: ClassVar[HmacScheme] = SCHEME
    events: ClassVar[EventVocabulary] = dict.fromkeys((*_ACTIONS, *_FIELDS))

    @override
    def answer_unsigned(self, request: InboundRequest) -> Answer | None:
        """Return the answer to the HEAD request by which Trello tests a new callback URL."""
        return Answer() if request.method == "HEAD" else None

    @override
    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        return SCHEME.verify(as_called(request, self.settings), secrets, self.clock)

    @override
    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        signature = SCHEME.signature(secret, as_called(request, self.settings))
        return request.with_headers({SCHEME.header: signature})

    @override
    def delivery_key(self, request: InboundRequest) -> str:
        return delivery_key_in_body(request, "action", "id")

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the events in a verified request.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        document = payload.decoded(request)
        type_ = payload.action_type(document)
        if type_ not in _ACTIONS:
            return ParsedPayload(type=type_, ignored=f"the action {type_} is not read")
        action = payload.read(document)
        text = commands.command_text(action)
        if text.ours:
            return ParsedPayload(type=type_, ignored=IGNORED_AS_OWN)
        return ParsedPayload(type=type_, events=tasks.events_of(action, text))


PROVIDER: Final = Trello
