"""Interpret a stored delivery with the current code and configuration."""

from datetime import timedelta

from signalbox.models.delivery import Delivery, StoredDelivery
from signalbox.models.errors import Conflict, PayloadInvalid
from signalbox.models.frozen import frozen
from signalbox.models.hops import read_hops
from signalbox.models.ids import RequestId
from signalbox.models.request import InboundRequest
from signalbox.models.source import Source
from signalbox.services.config.find_source import find_source
from signalbox.services.deliveries.interpret import Interpretation, interpret
from signalbox.services.deliveries.permissions import nobody_may
from signalbox.services.deliveries.plan_tasks import DeliveryContext
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.deliveries import PermissionCheck, Providers
from signalbox.services.ports.time import Clock


@frozen
class ReinterpretDelivery:
    """Interpret stored deliveries. `retention` is that of their tasks; 0 means forever."""

    config: ConfigStore
    providers: Providers
    clock: Clock
    retention: timedelta
    permission: PermissionCheck = nobody_may

    def __call__(
        self,
        stored: StoredDelivery,
        request_id: RequestId | None = None,
        permission: PermissionCheck | None = None,
    ) -> Interpretation:
        """Return the interpretation, with another check of permissions if one is given.

        Raises:
            Conflict: Its source or provider no longer exists, or does not fit the other, or its
                body is not kept.
            DeliveryDeferred: The other check cannot be made now.
        """
        delivery = stored.delivery
        create_provider = self.providers.get(delivery.provider)
        if create_provider is None:
            raise Conflict(f"this installation has no provider {delivery.provider}")
        source = self.source(delivery)
        try:
            provider = create_provider().with_settings(source.settings)
        except PayloadInvalid as invalid:
            raise Conflict(invalid.reason) from invalid
        context = DeliveryContext(
            id=delivery.id,
            key=delivery.key,
            source=source,
            at=self.clock(),
            received_at=delivery.received_at,
            request_id=request_id or delivery.request_id,
            retention=int(self.retention.total_seconds()),
            hops=read_hops(delivery.headers),
            permission=permission or self.permission,
        )
        return interpret(provider, stored_request(stored), context)

    def source(self, delivery: Delivery) -> Source:
        """Return the source of a delivery as it is now.

        Raises:
            Conflict: The source is disabled or no longer exists.
        """
        source = find_source(self.config, delivery.provider, delivery.source)
        if source is None:
            raise Conflict("the source of the delivery is disabled or no longer exists")
        return source


def stored_request(stored: StoredDelivery) -> InboundRequest:
    """Return the request as received, without the headers that are not stored.

    Raises:
        Conflict: Its body is not kept.
    """
    delivery = stored.delivery
    if stored.body is None:
        kept = delivery.keep_bodies
        raise Conflict(f"the body of the delivery was not kept: its source has keep_bodies: {kept}")
    return InboundRequest(
        method="POST",
        path=f"/api/v1/webhooks/{delivery.provider}",
        headers=delivery.headers,
        body=stored.body,
        request_id=delivery.request_id or "",
    )
