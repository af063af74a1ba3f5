"""GitHub signs the raw body, form or JSON, and puts no time into it.

The older `X-Hub-Signature` (SHA-1) is sent along and never looked at.
"""

from collections.abc import Sequence
from typing import Final

from signalbox.ingress.signatures import hmac_digest, verified_by
from signalbox.models.request import InboundRequest

HEADER: Final = "x-hub-signature-256"


def signature(secret: str, body: bytes) -> str:
    """What the header says of this body: `sha256=<64 hexadecimal digits in lower case>`."""
    return f"sha256={hmac_digest(secret, body).hex()}"


def verify(request: InboundRequest, secrets: Sequence[str]) -> int:
    """Which of the secrets signed the request. Raises SignatureInvalid or Unavailable."""
    given = request.header(HEADER)
    return verified_by(secrets, [given], lambda secret: signature(secret, request.body))
