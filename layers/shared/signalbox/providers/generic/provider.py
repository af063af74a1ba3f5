"""Any service as a provider, by the settings of a source."""

import re
from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar, Final

from pydantic import JsonValue
from pydantic_core import to_json
from typing_extensions import override

from signalbox.ingress.command_text import IGNORED_AS_OWN
from signalbox.ingress.delivery_key import delivery_key_of
from signalbox.ingress.provider import ALWAYS_RECORDED, WebhookProvider
from signalbox.models.errors import PayloadInvalid, SignatureInvalid
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.event_vocabulary import ANY_EVENT, EventVocabulary
from signalbox.models.frozen import frozen
from signalbox.models.provider_setup import ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.models.text import one_line
from signalbox.providers.generic.commands import command_text
from signalbox.providers.generic.payload import RequestDocument, decoded_body, document_of
from signalbox.providers.generic.settings import GenericSettings, SourceRules
from signalbox.providers.generic.setup import SETUP
from signalbox.providers.generic.sns import SnsScheme
from signalbox.providers.generic.tasks import event_of, event_type

_HOST: Final = re.compile(r"[A-Za-z0-9.:-]{1,253}")
_IGNORED: Final = "the setting ignore says so"
_CONFIRMED: Final = "it asks to confirm a subscription, which is done"


@frozen
class Generic(WebhookProvider):
    """Any service that signs its webhooks or sends a token with them."""

    settings: GenericSettings = field(default_factory=GenericSettings.model_construct)

    name: ClassVar[str] = "generic"
    events: ClassVar[EventVocabulary] = ANY_EVENT
    deadline: ClassVar[float] = 10.0
    setup: ClassVar[ProviderSetup] = SETUP

    @property
    @override
    def recorded_headers(self) -> frozenset[str]:
        """The headers that expressions name, so that a replay reads what was read at first."""
        return ALWAYS_RECORDED | self._rules.headers

    @property
    @override
    def signature_header(self) -> str:
        """The header that carries the signature or the token; empty if it is in the URL."""
        return self._rules.scheme.header

    @override
    def answer_unsigned(self, request: InboundRequest) -> Answer | None:
        """Return the consent that CloudEvents asks for before it delivers.

        It only says that requests from this origin are expected here; each of them is verified.
        https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
        """
        origin = request.header("webhook-request-origin")
        if request.method != "OPTIONS" or not _HOST.fullmatch(origin):
            return None
        headers = {"allow": "POST", "webhook-allowed-origin": origin}
        if request.header("webhook-request-rate"):
            headers["webhook-allowed-rate"] = "*"
        return Answer(headers=headers)

    @property
    @override
    def uses_secret(self) -> bool:
        return not isinstance(self._rules.scheme, SnsScheme)

    @override
    def key_url(self, request: InboundRequest) -> str:
        scheme = self._rules.scheme
        return scheme.key_url(request) if isinstance(scheme, SnsScheme) else ""

    @override
    def confirmation_url(self, request: InboundRequest) -> str:
        scheme = self._rules.scheme
        return scheme.confirmation_url(request) if isinstance(scheme, SnsScheme) else ""

    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        """Return the index of the secret with which the request is verified.

        Raises:
            SignatureInvalid: None of them fits.
            SecretMissing: There is no secret to verify with.
        """
        return self._rules.scheme.verify(request, secrets, self.clock)

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """Return a request with the signature or the token."""
        return self._rules.scheme.sign(request, secret, self.clock)

    @override
    def delivery_key(self, request: InboundRequest) -> str:
        """Return the id that the settings name, or a hash of the body."""
        try:
            given = self._document(request).text(self._rules.delivery_id)
        except PayloadInvalid:
            given = None
        return delivery_key_of(given, request)

    @override
    def document(self, request: InboundRequest) -> JsonValue:
        """Return the decoded body, which may be a text, or the JSON in a field of a form."""
        return decoded_body(request, self._rules.form_field)

    @override
    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return what the settings find in a verified request: a handshake, or one event at most.

        Raises:
            PayloadInvalid: The body cannot be read, or the event has no type.
        """
        rules = self._rules
        document = self._document(request)
        handshake = _answer(document.value(rules.handshake))
        if handshake:
            return ParsedPayload(type="handshake", handshake=handshake)
        type_ = event_type(rules, document)
        ignored = _reason(document.value(rules.ignore))
        if ignored and self._is_confirmed(request):
            ignored = _CONFIRMED
        text = command_text(rules, document)
        if ignored or text.ours:
            return ParsedPayload(type=type_, ignored=ignored or IGNORED_AS_OWN)
        return ParsedPayload(type=type_, events=(event_of(type_, rules, document, text),))

    def _is_confirmed(self, request: InboundRequest) -> bool:
        """Return whether it asks for what was confirmed; a replay may have another topic."""
        try:
            return bool(self.confirmation_url(request))
        except SignatureInvalid:
            return False

    @property
    def _rules(self) -> SourceRules:
        return self.settings.rules

    def _document(self, request: InboundRequest) -> RequestDocument:
        return document_of(request, self.recorded_headers, self._rules.form_field)


def _answer(value: JsonValue) -> Answer | None:
    if isinstance(value, str) and value:
        return Answer(body=value, media_type="text/plain")
    return Answer(body=to_json(value).decode()) if isinstance(value, dict) and value else None


def _reason(value: JsonValue) -> str | None:
    if isinstance(value, str):
        return one_line(value) or None
    return _IGNORED if value else None


PROVIDER: Final = Generic
