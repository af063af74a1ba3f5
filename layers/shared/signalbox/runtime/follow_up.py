"""Build what sends the outcomes of deferred deliveries."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signalbox.models.delivery import StoredDelivery
from signalbox.runtime.registry import follow_up_opener
from signalbox.services.deliveries.reinterpret import stored_request

if TYPE_CHECKING:
    from signalbox.egress.follow_up import FollowUpApi, HttpFollowUp
    from signalbox.runtime.wiring import Wiring


def follow_up_sender(wired: "Wiring") -> "FollowUpSender":
    """Return the SendFollowUp of a function."""
    return FollowUpSender(wired)


@dataclass(slots=True)
class FollowUpSender:
    """Sends outcomes. HTTP is imported when it is first needed."""

    wired: "Wiring"
    _http: "HttpFollowUp | None" = None

    def __call__(self, stored: StoredDelivery, outcome: str) -> None:
        """Send the outcome of a delivery. It raises SendDelayed and SendRefused."""
        if self._http is None:
            from signalbox.egress.follow_up import HttpFollowUp  # noqa: PLC0415  see above
            from signalbox.egress.http_client import HttpClient  # noqa: PLC0415  see above

            self._http = HttpFollowUp(
                open_api=self._api,
                received=stored_request,
                send=HttpClient(trusted=self.wired.settings.trusted),
                clock=self.wired.clock,
            )
        self._http(stored, outcome)

    def _api(self, stored: StoredDelivery) -> "FollowUpApi | None":
        delivery = stored.delivery
        opener = follow_up_opener(delivery.provider)
        source = self.wired.config.source(delivery.provider, delivery.source)
        return opener(source.settings if source else {}) if opener else None
