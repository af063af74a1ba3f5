"""The deliveries of a source in the order in which they were received, as they arrive."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cli.operator_client import OperatorClient
from signalbox.http.schemas.deliveries import DeliverySummary
from signalbox.models.ids import DeliveryId

OVERLAP: Final = timedelta(seconds=60)
"""How far back each poll looks: the list is eventually consistent, and clocks differ."""

_ALL: Final = 10**9


@dataclass(slots=True, kw_only=True)
class DeliveryFeed:
    """Polls the deliveries of a source that were received at or after `since`."""

    operator: OperatorClient
    provider: str
    source: str
    since: datetime
    _newest: datetime | None = None
    _seen: dict[DeliveryId, datetime] = field(default_factory=dict)

    def skip_existing(self) -> None:
        """Skip the deliveries that there are, by the clock of the stack and not by our own.

        Raises:
            ApiError: The API refused the request.
            ApiUnavailable: The API did not answer.
        """
        newest = self.operator.deliveries({"provider": self.provider, "source": self.source}, 1)
        if newest:
            self.since = newest[0].received_at - OVERLAP
            self.poll()

    def poll(self) -> Sequence[DeliverySummary]:
        """Return the deliveries that no earlier poll returned, oldest first.

        Raises:
            ApiError: The API refused the request.
            ApiUnavailable: The API did not answer.
        """
        start = max(self.since, self._newest - OVERLAP) if self._newest else self.since
        filters = {
            "provider": self.provider,
            "source": self.source,
            "since": start.isoformat().replace("+00:00", "Z"),
        }
        found = self.operator.deliveries(filters, _ALL)
        new = [delivery for delivery in found if delivery.id not in self._seen]
        for delivery in new:
            self._seen[delivery.id] = delivery.received_at
            self._newest = max(self._newest or delivery.received_at, delivery.received_at)
        self._forget()
        return sorted(new, key=lambda delivery: (delivery.received_at, delivery.id))

    def _forget(self) -> None:
        """Drop the ids that are too old to be listed again."""
        if self._newest is None:
            return
        start = self._newest - OVERLAP
        self._seen = {each: at for each, at in self._seen.items() if at >= start}
