"""The bases of providers: what remains to write is how a request is read."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import ClassVar, Final, Self

from pydantic import JsonValue
from typing_extensions import override

from signalbox.ingress.delivery_key import delivery_key
from signalbox.ingress.payload import decode_form, decode_json, is_form
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.base import Model
from signalbox.models.errors import Conflict
from signalbox.models.event import Answer, ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.frozen import frozen
from signalbox.models.hops import HOPS_HEADER
from signalbox.models.provider_setup import GENERIC_SETUP, ProviderSetup
from signalbox.models.request import InboundRequest
from signalbox.models.resource_settings import NoSettings, parse_settings
from signalbox.services.ports.time import Clock, utc_now

_SENDABLE: Final = re.compile(r"[!-~]+")
ALWAYS_RECORDED: Final = frozenset({"content-type", "user-agent", HOPS_HEADER})
"""The headers that are kept with every delivery."""


@frozen
class WebhookProvider(ABC):
    """A provider.

    Attributes:
        clock: Where the current time comes from, for schemes that sign a timestamp.
        settings: The settings of the source whose requests are read. A provider that has some
            declares its own model with defaults.
        name: The name of the provider's module, which is in its route and in every record.
        delivery_header: The header with its id of the delivery, in lower case. A provider whose id
            stands elsewhere overrides `delivery_key`.
        own_headers: The headers to keep with a delivery beside Content-Type and User-Agent, in
            lower case; never a secret nor a signature.
        events: The events that are read.
        deadline: Within what time it must be answered, in seconds.
        setup: How a webhook is set up in the settings of the service.
    """

    clock: Clock = utc_now
    settings: Model = field(default_factory=NoSettings.model_construct)

    name: ClassVar[str]
    delivery_header: ClassVar[str] = ""
    own_headers: ClassVar[frozenset[str]] = frozenset()
    events: ClassVar[EventVocabulary]
    deadline: ClassVar[float] = 10.0
    setup: ClassVar[ProviderSetup] = GENERIC_SETUP

    @property
    def recorded_headers(self) -> frozenset[str]:
        """The headers worth keeping with a delivery."""
        own = self.own_headers | ALWAYS_RECORDED
        return own | {self.delivery_header} if self.delivery_header else own

    def with_settings(self, settings: Mapping[str, JsonValue]) -> Self:
        """Return the provider with the settings of a source.

        Raises:
            SettingsInvalid: They are not those of this provider.
        """
        if not settings:
            return self
        return replace(self, settings=parse_settings(type(self.settings), settings))

    def check_secret(self, secret: str) -> None:  # noqa: ARG002  for those who need it
        """Check a secret before it is stored.

        Raises:
            Conflict: No request can be verified with such a secret.
        """
        return

    @property
    def uses_secret(self) -> bool:
        """Whether secrets verify its requests, and not keys that the service publishes."""
        return True

    @property
    def uses_token(self) -> bool:
        """Whether its settings ask for calls to the provider's API, with a token."""
        return False

    def check_token(self, token: str) -> None:
        """Check a token for the provider's API before it is stored.

        Raises:
            Conflict: No request can be made with such a token.
        """
        if not _SENDABLE.fullmatch(token):
            raise Conflict("the token has a character that no HTTP header may have")

    @property
    @abstractmethod
    def signature_header(self) -> str:
        """The header that carries the signature, in lower case."""

    def answer_unsigned(self, request: InboundRequest) -> Answer | None:  # noqa: ARG002
        """Return the answer to a request that a service sends without a signature, if it is one.

        It is answered and not recorded.
        """
        return None

    def key_url(self, request: InboundRequest) -> str:  # noqa: ARG002  for those who need it
        """Return the URL of the public key that verifies the request; empty where secrets do.

        `verify` gets the keys at this URL in place of secrets.

        Raises:
            SignatureInvalid: No key of the service verifies such a request.
        """
        return ""

    def confirmation_url(self, request: InboundRequest) -> str:  # noqa: ARG002
        """Return the URL that confirms a subscription, if a verified request asks for it.

        Raises:
            SignatureInvalid: The URL is not that of the service.
        """
        return ""

    @abstractmethod
    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        """Return the index of the secret with which the request was signed.

        Raises:
            SignatureInvalid: The request was not signed with any of them, or not recently.
            SecretMissing: There is no secret to verify with.
        """

    @abstractmethod
    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """Return a request with the signature that the service would add, to send samples."""

    def verification_secret(self, secret: str) -> str:
        """Return the secret to store, so that what `sign` signs with this one is accepted.

        It is the same, but where a service signs with the private key of a pair.
        """
        return secret

    def delivery_key(self, request: InboundRequest) -> str:
        """Return the provider's id of the delivery, or a hash of the body where it has none."""
        return delivery_key(request, self.delivery_header)

    def document(self, request: InboundRequest) -> JsonValue:
        """Return the decoded body: JSON, the JSON in the field `payload` of a form, or its fields.

        Raises:
            PayloadInvalid: It cannot be decoded.
        """
        fields = decode_form(request) if is_form(request) else {}
        if not fields or "payload" in fields:
            return decode_json(request, form_field="payload")
        return {**fields}

    @abstractmethod
    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return what a verified request says.

        Raises:
            PayloadInvalid: It is not what the provider documents.
        """


class HmacProvider(WebhookProvider):
    """A provider that signs with HMAC.

    Attributes:
        scheme: How it signs.
    """

    __slots__ = ()

    scheme: ClassVar[HmacScheme]

    @property
    @override
    def signature_header(self) -> str:
        return self.scheme.header

    @override
    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        return self.scheme.verify(request, secrets, self.clock)

    @override
    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        return self.scheme.sign(request, secret, self.clock)
