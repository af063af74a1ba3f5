"""The base of providers that sign with HMAC: what remains to write is how a request is read."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from signalbox.ingress.delivery_key import delivery_key
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.event import ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.request import InboundRequest
from signalbox.services.ports.time import Clock, utc_now

_ALWAYS_KEPT: Final = frozenset({"content-type", "user-agent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacProvider(ABC):
    """A provider that signs with HMAC.

    Attributes:
        clock: Where the current time comes from, for schemes that sign a timestamp.
        name: The name of the provider's module, which is in its route and in every record.
        scheme: How it signs.
        delivery_header: The header with its id of the delivery, in lower case. A provider whose id
            stands elsewhere overrides `delivery_key`.
        own_headers: The headers to keep with a delivery beside Content-Type and User-Agent, in
            lower case; never a secret nor a signature.
        events: The events that are read.
    """

    clock: Clock = utc_now

    name: ClassVar[str]
    scheme: ClassVar[HmacScheme]
    delivery_header: ClassVar[str] = ""
    own_headers: ClassVar[frozenset[str]] = frozenset()
    events: ClassVar[EventVocabulary]

    @property
    def signature_header(self) -> str:
        """The header that carries the signature, in lower case."""
        return self.scheme.header

    @property
    def recorded_headers(self) -> frozenset[str]:
        """The headers worth keeping with a delivery."""
        own = self.own_headers | _ALWAYS_KEPT
        return own | {self.delivery_header} if self.delivery_header else own

    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        """Return the index of the secret with which the request was signed.

        Raises:
            SignatureInvalid: The request was not signed with any of them, or not recently.
            SecretMissing: There is no secret to verify with.
        """
        return self.scheme.verify(request, secrets, self.clock)

    def delivery_key(self, request: InboundRequest) -> str:
        """Return the provider's id of the delivery, or a hash of the body where it has none."""
        return delivery_key(request, self.delivery_header)

    @abstractmethod
    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return what a verified request says.

        Raises:
            PayloadInvalid: It is not what the provider documents.
        """
