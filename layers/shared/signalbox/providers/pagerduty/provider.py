"""PagerDuty as a provider."""

from typing import ClassVar, Final

from typing_extensions import override

from signalbox.ingress.command_text import IGNORED_AS_OWN
from signalbox.ingress.delivery_key import delivery_key_in_body
from signalbox.ingress.payload import decode_json
from signalbox.ingress.provider import HmacProvider
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.providers.pagerduty import payload
from signalbox.providers.pagerduty.commands import command_text
from signalbox.providers.pagerduty.setup import SETUP
from signalbox.providers.pagerduty.signature import SCHEME
from signalbox.providers.pagerduty.tasks import event_of

_PING: Final = "pagey.ping"


class PagerDuty(HmacProvider):
    """The webhook subscriptions (v3) of PagerDuty.

    https://developer.pagerduty.com/docs/webhooks/v3-overview/
    """

    name: ClassVar[str] = "pagerduty"
    setup: ClassVar[ProviderSetup] = SETUP
    scheme: ClassVar[HmacScheme] = SCHEME
    own_headers: ClassVar[frozenset[str]] = frozenset({"x-webhook-id", "x-webhook-subscription"})
    events: ClassVar[EventVocabulary] = dict.fromkeys(
        (
            *("incident.triggered", "incident.acknowledged", "incident.unacknowledged"),
            *("incident.resolved", "incident.reopened", "incident.priority_updated"),
            *("incident.escalated", "incident.delegated", "incident.reassigned"),
            *("incident.annotated", "incident.status_update_published"),
            *("incident.responder.added", "incident.responder.replied"),
        )
    )
    deadline: ClassVar[float] = 5.0

    @override
    def delivery_key(self, request: InboundRequest) -> str:
        """Return the id of the event, which every subscription and every attempt repeats."""
        return delivery_key_in_body(request, "event", "id")

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the event in a verified request: at most one.

        Raises:
            PayloadInvalid: The payload is not valid.
        """
        document = decode_json(request)
        type_ = payload.type_of(document)
        if type_ == _PING:
            return ParsedPayload(type=type_, handshake=Answer())
        if type_ not in self.events:
            return ParsedPayload(type=type_, ignored=f"the event {type_} is not read")
        event = payload.read(document)
        text = command_text(event)
        if text.ours:
            return ParsedPayload(type=type_, ignored=IGNORED_AS_OWN)
        return ParsedPayload(type=type_, events=(event_of(event, text),))


PROVIDER: Final = PagerDuty
