"""The ports of deliveries: providers and stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, Self

from pydantic import JsonValue

from signalbox.models.burst import BurstCap
from signalbox.models.delivery import Delivery, StoredDelivery
from signalbox.models.event import Answer, Author, Event, ParsedPayload
from signalbox.models.frozen import frozen
from signalbox.models.rejected_request import RejectedRequest
from signalbox.models.source import Source
from signalbox.services.ports.time import TimeLeft

if TYPE_CHECKING:
    from signalbox.models.event_vocabulary import EventVocabulary
    from signalbox.models.ids import DeliveryId
    from signalbox.models.provider_setup import ProviderSetup
    from signalbox.models.rejection import Rejection, Rejections
    from signalbox.models.request import InboundRequest
    from signalbox.services.pagination import Window

RecordRejectedRequest = Callable[[RejectedRequest], None]
"""Record a request that left no delivery, for the counters. Raises Unavailable."""


FindPublishedKeys = Callable[[str], Sequence[str]]
"""Return the public keys at a URL, none if there are none. Raises Unavailable."""

ConfirmSubscription = Callable[[str], None]
"""Confirm a subscription by its URL. Raises Unavailable."""


class Provider(Protocol):
    """A kind of sender. Pure, without any I/O."""

    @property
    def name(self) -> str:
        """Return the name in the route and in every record."""

    def with_settings(self, settings: Mapping[str, JsonValue]) -> Self:
        """Return the provider with the settings of a source.

        Raises:
            SettingsInvalid: They are not those of this provider.
        """

    def check_secret(self, secret: str) -> None:
        """Check a secret before it is stored.

        Raises:
            Conflict: No request can be verified with such a secret.
        """

    @property
    def uses_secret(self) -> bool:
        """Return whether secrets verify its requests, and not keys that the service publishes."""

    @property
    def uses_token(self) -> bool:
        """Return whether its settings ask for calls to the provider's API, with a token."""

    def check_token(self, token: str) -> None:
        """Check a token for the provider's API before it is stored.

        Raises:
            Conflict: No request can be made with such a token.
        """

    @property
    def recorded_headers(self) -> frozenset[str]:
        """Return the headers to store with a delivery: no secrets, no signatures."""

    @property
    def signature_header(self) -> str:
        """Return the header that carries the signature, in lower case."""

    @property
    def events(self) -> EventVocabulary:
        """Return the events that it parses, to check the filters of sources."""

    @property
    def deadline(self) -> float:
        """Return within how many seconds the sender expects an answer."""

    @property
    def setup(self) -> ProviderSetup:
        """Return how a webhook is set up in the settings of the service."""

    @property
    def delivery_header(self) -> str:
        """Return the header with the provider's id of a delivery, in lower case, or nothing."""

    def answer_unsigned(self, request: InboundRequest) -> Answer | None:
        """Return the answer to a request that a service sends without a signature, if it is one.

        It is not recorded.
        """

    def sign(self, request: InboundRequest, secret: str) -> InboundRequest:
        """Return a request with the signature that the service would add, to send samples."""

    def verification_secret(self, secret: str) -> str:
        """Return the secret to store, so that what `sign` signs with this one is accepted."""

    def key_url(self, request: InboundRequest) -> str:
        """Return the URL of the public key that verifies the request; empty where secrets do.

        Raises:
            SignatureInvalid: No key of the service verifies such a request.
        """

    def confirmation_url(self, request: InboundRequest) -> str:
        """Return the URL that confirms a subscription, if a verified request asks for it.

        Raises:
            SignatureInvalid: The URL is not that of the service.
        """

    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        """Return the index of the secret that signed the request; 0 is the current one.

        Raises:
            SignatureInvalid: None of the secrets signed the request.
            Unavailable: There is no secret to verify with.
        """

    def delivery_key(self, request: InboundRequest) -> str:
        """Return the provider's id of the delivery, or a hash of the body if it has none."""

    def document(self, request: InboundRequest) -> JsonValue:
        """Return the decoded body of a request, over which rules of its source run.

        Raises:
            PayloadInvalid: It cannot be decoded.
        """

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """Return the events in the request.

        Raises:
            PayloadInvalid: The payload cannot be parsed.
        """


PermissionCheck = Callable[[Source, Event, Author], str | None]
"""Return why a person may not give the commands of an event, None if they may.

What cannot be found out is a reason. Only the check of a caller with little time raises
DeliveryDeferred.
"""

PermissionsWithin = Callable[[TimeLeft], PermissionCheck]
"""Return the check of a caller with so many seconds left."""

TakeSlot = Callable[[Source, BurstCap, datetime], datetime]
"""Return when a delivery of a source may be interpreted: now, or later if it is over the cap.

Raises Unavailable.
"""

SendFollowUp = Callable[[StoredDelivery, str], None]
"""Send the outcome of a delivery to the person who waits for it.

Raises SendDelayed, SendRefused.
"""

Providers = Mapping[str, Callable[[], Provider]]
"""The providers of this installation by name; each is created on demand."""


@frozen
class DueDelivery:
    """A deferred delivery with something left to do from `due_at` on.

    `source` is the key of its source.
    """

    id: DeliveryId
    source: str
    due_at: datetime
    received_at: datetime


class DeliveryStore(Protocol):
    """Stores deliveries."""

    def create(self, delivery: Delivery, body: bytes) -> bool:
        """Store a new delivery; return False if its id exists."""

    def get(self, delivery: DeliveryId) -> Delivery:
        """Return the delivery.

        Raises:
            NotFound: There is no such delivery.
        """

    def get_stored(self, delivery: DeliveryId) -> StoredDelivery:
        """Return the delivery with its body and its duplicates.

        Raises:
            NotFound: There is no such delivery.
        """

    def record_duplicate(self, delivery: DeliveryId, at: datetime) -> Delivery:
        """Count that the delivery was received again, and return the stored one.

        Raises:
            NotFound: There is no such delivery.
        """

    def replace(self, before: Delivery, after: Delivery) -> None:
        """Replace `before` by `after`.

        Raises:
            WriteConflict: `before` is not what is stored.
        """

    def newest(self, provider: str, source: str, window: Window) -> Iterator[Delivery]:
        """Yield the deliveries of a source, newest first, read lazily."""

    def due(self, until: datetime | None = None, *, chunk: int = 100) -> Iterator[DueDelivery]:
        """Yield what is due until a time, or ever, earliest first, reading `chunk` at a time."""


class RejectionStore(Protocol):
    """Stores the rejections of each source."""

    def add(self, provider: str, source: str, counts: Mapping[str, int], last: Rejection) -> None:
        """Add to the counts of a source and store the last rejection.

        Raises:
            Unavailable: The store did not answer.
        """

    def batch_get(self, sources: Iterable[tuple[str, str]]) -> Sequence[Rejections]:
        """Return the rejections of those sources that have any, sorted by name.

        Sources are given by provider and name. What is returned may be a second old.
        """
