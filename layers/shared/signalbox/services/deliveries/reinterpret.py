"""Reads what was kept of a delivery with today's code and configuration, as if it came now."""

from dataclasses import dataclass
from datetime import timedelta

from signalbox.models.config import Source
from signalbox.models.delivery import Delivery, StoredDelivery
from signalbox.models.errors import Conflict
from signalbox.models.ids import RequestId
from signalbox.models.request import InboundRequest
from signalbox.services.deliveries.interpret import Interpretation, interpret
from signalbox.services.deliveries.plan_tasks import DeliveryContext
from signalbox.services.deliveries.receive import DEFAULT_SOURCE
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.deliveries import Providers
from signalbox.services.ports.time import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinterpretDelivery:
    """Reads kept deliveries. `retention` is that of their tasks, 0 for ever."""

    config: ConfigStore
    providers: Providers
    clock: Clock
    retention: timedelta

    def __call__(self, kept: StoredDelivery, request_id: RequestId | None = None) -> Interpretation:
        """What it says. Raises Conflict where its source or provider is not there any more."""
        delivery = kept.delivery
        make = self.providers.get(delivery.provider)
        if make is None:
            raise Conflict(f"this installation has no provider {delivery.provider}")
        provider = make()
        received = DeliveryContext(
            id=delivery.id,
            key=delivery.key,
            source=self.source(delivery),
            at=self.clock(),
            request_id=request_id or delivery.request_id,
            retention=int(self.retention.total_seconds()),
        )
        return interpret(provider, _request(kept), received)

    def source(self, delivery: Delivery) -> Source:
        """The source of a delivery as it is now. Raises Conflict where it is off or gone."""
        source = self.config.source(delivery.provider, delivery.source)
        if source is None and delivery.source == DEFAULT_SOURCE:
            return Source(provider=delivery.provider)
        if source is None or not source.enabled:
            raise Conflict("the source of the delivery is switched off, or not there any more")
        return source


def _request(kept: StoredDelivery) -> InboundRequest:
    """The request as it came, but for the headers that are not kept."""
    delivery = kept.delivery
    return InboundRequest(
        method="POST",
        path=f"/api/v1/webhooks/{delivery.provider}",
        headers=delivery.headers,
        body=kept.body,
        request_id=delivery.request_id or "",
    )
