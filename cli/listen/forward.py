"""Send a delivery to a local address: its recorded headers, and its body byte for byte."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Final
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel

from cli.api_client import session_for
from cli.errors import CommandError
from signalbox.http.schemas.deliveries import DeliveryView
from signalbox.models.request import InboundRequest

Sign = Callable[[InboundRequest], InboundRequest]
"""Return a request with a signature. Raises CommandError if it cannot be signed."""

_TIMEOUT: Final = 30.0
_MAX_PAUSE: Final = 8.0
_DELIVERY_HEADER: Final = "x-signalbox-delivery"


class ForwardedDelivery(BaseModel):
    """A delivery and the answer of the target; `status` is null if there was none."""

    delivery_id: str
    event: str | None
    received_at: str
    size: int
    status: int | None = None
    milliseconds: int | None = None
    attempts: int
    reason: str = ""

    @property
    def good(self) -> bool:
        """Return whether the target accepted it."""
        return self.status is not None and self.status < HTTPStatus.MULTIPLE_CHOICES


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenTarget:
    """The address to which deliveries are sent.

    A target that does not answer is tried again `retries` times, with growing pauses. `sign` is
    None if the requests carry no signature.
    """

    url: str
    retries: int
    sign: Sign | None = None
    sleep: Callable[[float], None] = time.sleep
    warn: Callable[[str], None] = field(default=lambda _text: None)

    def __post_init__(self) -> None:
        """Check the URL.

        Raises:
            CommandError: It is not an HTTP URL.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CommandError(f"{self.url} is not a URL such as http://localhost:3000/hooks")

    def request(self, delivery: DeliveryView, body: bytes) -> InboundRequest:
        """Return the request for a delivery."""
        parts = urlsplit(self.url)
        request = InboundRequest(
            method="POST",
            path=parts.path or "/",
            query=parts.query,
            headers={**delivery.headers, "host": parts.netloc},
            body=body,
        )
        signed = self.sign(request) if self.sign else request
        return signed.with_headers({_DELIVERY_HEADER: delivery.id})

    def forward(self, delivery: DeliveryView, body: bytes) -> ForwardedDelivery:
        """Send a delivery and return the answer, or the reason why there is none."""
        outcome = ForwardedDelivery(
            delivery_id=delivery.id,
            event=delivery.event,
            received_at=delivery.received_at.isoformat(),
            size=len(body),
            attempts=0,
        )
        request = self.request(delivery, body)
        session = session_for(self.url)
        for attempt in range(1, self.retries + 2):
            started = perf_counter()
            try:
                answer = session.post(
                    self.url,
                    data=request.body,
                    headers=dict(request.headers),
                    timeout=_TIMEOUT,
                    allow_redirects=False,
                )
            except (requests.RequestException, OSError) as failure:
                reason = type(failure).__name__
                outcome = outcome.model_copy(update={"attempts": attempt, "reason": reason})
                if attempt <= self.retries:
                    self._pause(attempt, reason)
                continue
            milliseconds = round((perf_counter() - started) * 1000)
            return outcome.model_copy(
                update={
                    "attempts": attempt,
                    "status": answer.status_code,
                    "milliseconds": milliseconds,
                    "reason": "",
                }
            )
        return outcome

    def _pause(self, attempt: int, reason: str) -> None:
        seconds = min(2.0 ** (attempt - 1) / 2, _MAX_PAUSE)
        self.warn(f"{self.url} did not answer ({reason}); trying again in {seconds:g} s")
        self.sleep(seconds)
