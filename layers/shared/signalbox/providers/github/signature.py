"""GitHub signs the raw body, form or JSON, without a timestamp.

The older `X-Hub-Signature` (SHA-1) is sent along and never read.
https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

from typing import Final

from signalbox.ingress.signatures import HmacScheme
from signalbox.models.request import InboundRequest

SCHEME: Final = HmacScheme(header="x-hub-signature-256", prefix="sha256=")


def signature(secret: str, body: bytes) -> str:
    """Return the value of GitHub's signature header for this body."""
    request = InboundRequest(method="POST", path="/", headers={}, body=body)
    return SCHEME.signature(secret, request)
