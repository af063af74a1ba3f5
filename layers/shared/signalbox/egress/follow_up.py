"""The outcome of a deferred delivery over HTTP: a provider renders the request."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Protocol

from pydantic import JsonValue

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import send_error
from signalbox.models.delivery import StoredDelivery
from signalbox.models.errors import PayloadInvalid, SendDelayed, SendRefused, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest
from signalbox.services.ports.time import Clock


class FollowUpApi(Protocol):
    """How a provider takes a message after its answer to a request. Pure, without any I/O."""

    @property
    def lifetime(self) -> timedelta:
        """Return for how long after the request it takes one."""

    def request(self, received: InboundRequest, outcome: str) -> HttpRequest:
        """Return the request that shows the outcome to the person who made the received one.

        Raises:
            SendRefused: The received request does not say where to send it.
            PayloadInvalid: It cannot be parsed.
        """


OpenFollowUpApi = Callable[[Mapping[str, JsonValue]], FollowUpApi]
"""Return how to follow up, by the settings of a source. Raises SettingsInvalid."""


@frozen
class HttpFollowUp:
    """Sends outcomes. Neither its errors nor anything else shows where they are sent to.

    `open_api` returns how the provider of a delivery takes them, None if it does not.
    """

    open_api: Callable[[StoredDelivery], FollowUpApi | None]
    received: Callable[[StoredDelivery], InboundRequest]
    send: Callable[[HttpRequest], HttpResponse]
    clock: Clock

    def __call__(self, stored: StoredDelivery, outcome: str) -> None:
        """Send the outcome of a delivery.

        Raises:
            SendDelayed: The provider does not answer now.
            SendRefused: It does not take it, or takes it no more.
        """
        try:
            api = self.open_api(stored)
            if api is None:
                raise SendRefused("the provider takes no message after its answer")
            if self.clock() - stored.delivery.received_at > api.lifetime:
                raise SendRefused("the provider takes no message any more")
            request = api.request(self.received(stored), outcome)
        except PayloadInvalid:
            raise SendRefused("the request does not say where to send the outcome") from None
        except Unavailable as unavailable:
            raise SendDelayed(unavailable.reason) from unavailable
        response = self.send(request)
        if response.status not in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
            reason = f"the provider answers {response.status}"
            raise send_error(response.status, reason, response.retry_after)
