"""A receiver of signed webhooks, as Standard Webhooks describes it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from cli.doubles.double import DoubleRequest, DoubleResponse
from signalbox.ingress.signatures import HmacScheme, Timestamp
from signalbox.models.errors import SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.services.ports.time import utc_now

STANDARD_WEBHOOKS: Final = HmacScheme(
    header="webhook-signature",
    encoding="base64",
    prefix="v1,",
    separator=" ",
    signed="{webhook-id}.{timestamp}.{body}",
    key="base64",
    timestamp=Timestamp(header="webhook-timestamp"),
)
_SECRET: Final = "whsec_ZG91YmxlIG9mIGEgcmVjZWl2ZXIsIG5vIHNlY3JldA=="  # noqa: S105  see the base64
_ATTRIBUTES: Final = ("specversion", "id", "source", "type")
"""What every CloudEvent has."""


class WebhookDouble:
    """A receiver that takes a webhook once, however often it is sent."""

    def __init__(self) -> None:
        self._events: dict[str, dict[str, JsonValue]] = {}

    def settings(self, url: str) -> Mapping[str, JsonValue]:
        """Return the settings of a connection that posts to it."""
        return {"url": f"{url}/webhooks"}

    def secret(self, url: str) -> str:  # noqa: ARG002  others need it
        """Return the shared secret."""
        return _SECRET

    def respond(self, request: DoubleRequest) -> DoubleResponse:
        """Verify a webhook, and take it if it is new."""
        if (request.method, request.path) != ("POST", "/webhooks"):
            return DoubleResponse(status=404)
        signed = InboundRequest(
            method=request.method,
            path=request.path,
            headers=dict(request.headers),
            body=request.body,
        )
        try:
            STANDARD_WEBHOOKS.verify(signed, [_SECRET], utc_now)
        except SignatureInvalid as invalid:
            return DoubleResponse.of_json({"error": invalid.reason}, 401)
        event = request.json()
        if not all(isinstance(event.get(name), str) for name in _ATTRIBUTES):
            return DoubleResponse.of_json({"error": "this is no CloudEvent"}, 400)
        self._events.setdefault(request.headers["webhook-id"], event)
        return DoubleResponse(status=204)

    def shown(self) -> Sequence[str]:
        """Return type and title of each event."""
        return [f"{event['type']}: {_title(event)}" for event in self._events.values()]


def _title(event: dict[str, JsonValue]) -> JsonValue:
    task = event.get("data")
    return task.get("title") if isinstance(task, dict) else None


DOUBLE: Final = WebhookDouble
