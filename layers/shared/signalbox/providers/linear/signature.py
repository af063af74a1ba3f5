"""Linear signs the raw body, which has the time at which it was sent.

https://linear.app/developers/webhooks#securing-webhooks
"""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Final

from pydantic import Field

from signalbox.ingress.payload import PayloadPart, decode_json, validate
from signalbox.ingress.signatures import HmacScheme
from signalbox.models.errors import PayloadInvalid, SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.services.ports.time import Clock

SCHEME: Final = HmacScheme(header="linear-signature")
_TOLERANCE: Final = timedelta(seconds=60)
_TIME: Final = "webhookTimestamp"


class _Signed(PayloadPart):
    """The part of a body that protects against replays, in milliseconds since 1970."""

    sent_at: Annotated[float, Field(alias=_TIME, strict=True)]


def check_time(request: InboundRequest, clock: Clock) -> None:
    """Check that a request whose signature is right was sent now.

    Raises:
        SignatureInvalid: The time is missing, malformed, or too far from the current time.
    """
    try:
        sent_at = validate(_Signed, decode_json(request)).sent_at
    except PayloadInvalid:
        raise SignatureInvalid(f"{_TIME} is missing or malformed") from None
    if abs(clock().timestamp() * 1_000 - sent_at) > _TOLERANCE.total_seconds() * 1_000:
        raise SignatureInvalid(f"{_TIME} is more than {_TOLERANCE} from the current time")


def with_time(request: InboundRequest, clock: Clock) -> InboundRequest:
    """Return a request with the current time in its body, if that is a JSON object."""
    try:
        document = decode_json(request)
    except PayloadInvalid:
        return request
    if not isinstance(document, dict):
        return request
    sent = {**document, _TIME: int(clock().timestamp() * 1_000)}
    return replace(request, body=json.dumps(sent, ensure_ascii=False).encode())
