"""The ports of deliveries: providers and stores."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from signalbox.models.delivery import Delivery, StoredDelivery
from signalbox.models.event import ParsedPayload
from signalbox.models.event_vocabulary import EventVocabulary
from signalbox.models.ids import DeliveryId
from signalbox.models.rejected_request import RejectedRequest
from signalbox.models.rejection import Rejection, Rejections
from signalbox.models.request import InboundRequest
from signalbox.services.pagination import Window

RecordRejectedRequest = Callable[[RejectedRequest], None]
"""Leaves a record of a request that left no delivery. Raises Unavailable."""


class Provider(Protocol):
    """Who calls us: pure, without any I/O."""

    @property
    def name(self) -> str:
        """The word in the route and in every record."""

    @property
    def recorded_headers(self) -> frozenset[str]:
        """The headers worth keeping with a delivery; never a secret nor a signature."""

    @property
    def signature_header(self) -> str:
        """The header that carries the signature, in lower case."""

    @property
    def events(self) -> EventVocabulary:
        """The events that it reads, for checking what sources ask for."""

    def verify(self, request: InboundRequest, secrets: Sequence[str]) -> int:
        """Which secret signed the request, 0 the current one.

        Raises SignatureInvalid; Unavailable where there is no secret to verify with.
        """

    def delivery_key(self, request: InboundRequest) -> str:
        """The provider's own id of the delivery, or a hash of the body where it has none."""

    def parse(self, request: InboundRequest) -> ParsedPayload:
        """What the request says. Raises PayloadInvalid."""


Providers = Mapping[str, Callable[[], Provider]]
"""The providers of this installation by name; each is made when it is asked for."""


class DeliveryStore(Protocol):
    """Where deliveries are kept."""

    def create(self, delivery: Delivery, body: bytes) -> bool:
        """Keeps a new delivery; False where one of its id is there already."""

    def get(self, delivery: DeliveryId) -> Delivery:
        """The delivery. Raises NotFound."""

    def get_stored(self, delivery: DeliveryId) -> StoredDelivery:
        """The delivery with all that is kept of it. Raises NotFound."""

    def record_duplicate(self, delivery: DeliveryId, at: datetime) -> Delivery:
        """Counts that the delivery was sent again; the one that is kept. Raises NotFound."""

    def replace(self, before: Delivery, after: Delivery) -> None:
        """Keeps `after`. Raises WriteConflict where `before` is no longer what is kept."""

    def newest(self, provider: str, source: str, window: Window) -> Iterator[Delivery]:
        """The deliveries of a source, newest first, read as they are consumed."""


class RejectionStore(Protocol):
    """Where rejections are kept."""

    def add(self, provider: str, source: str, counts: Mapping[str, int], last: Rejection) -> None:
        """Adds to the counts of a source, and keeps the last. Raises Unavailable."""

    def of_source(self, provider: str, source: str) -> Rejections | None:
        """What is kept of a source, None where nothing is."""
