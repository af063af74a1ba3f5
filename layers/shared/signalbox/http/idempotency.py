"""The Idempotency-Key of a request, and a fingerprint of the request."""

import re
from hashlib import sha256
from typing import Final

from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest
from signalbox.services.tasks.create import IdempotencyKey

REPLAYED_HEADERS: Final = {"idempotency-replayed": "true"}
"""The headers of a response that repeats an earlier one."""

IDEMPOTENCY_KEY_PATTERN: Final = r'(?:"([!#-~]{1,255})"|([!#-~][!-~]{0,254}))'


def idempotency_key(header: str | None, request: InboundRequest) -> IdempotencyKey | None:
    """Return the key in an Idempotency-Key header, quoted or not; None without a header.

    Raises:
        PayloadInvalid: The header is malformed.
    """
    if header is None:
        return None
    found = re.fullmatch(IDEMPOTENCY_KEY_PATTERN, header.strip())
    if found is None:
        raise PayloadInvalid("Idempotency-Key takes 1 to 255 visible ASCII characters")
    return IdempotencyKey(text=found[1] or found[2], fingerprint=_fingerprint(request))


def _fingerprint(request: InboundRequest) -> str:
    """Return a hash of method, path and body."""
    head = f"{request.method}\n{request.path}\n".encode()
    return sha256(head + request.body).hexdigest()
