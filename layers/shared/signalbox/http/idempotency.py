"""The Idempotency-Key of a request, and the fingerprint of what it names."""

import re
from hashlib import sha256
from typing import Final

from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest
from signalbox.services.tasks.create import IdempotencyKey

REPLAYED_HEADERS: Final = {"idempotency-replayed": "true"}
"""What an answer carries besides where it repeats an earlier one."""

IDEMPOTENCY_KEY_PATTERN: Final = r'(?:"([!#-~]{1,255})"|([!#-~][!-~]{0,254}))'


def idempotency_key(header: str | None, request: InboundRequest) -> IdempotencyKey | None:
    """Return the key of an Idempotency-Key header, a quoted text or a bare word; None without one.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    if header is None:
        return None
    found = re.fullmatch(IDEMPOTENCY_KEY_PATTERN, header.strip())
    if found is None:
        raise PayloadInvalid("Idempotency-Key takes 1 to 255 visible ASCII characters")
    return IdempotencyKey(text=found[1] or found[2], fingerprint=_fingerprint(request))


def _fingerprint(request: InboundRequest) -> str:
    """Return the same for the same request alone: its method, its path and its body, byte by byte."""
    head = f"{request.method}\n{request.path}\n".encode()
    return sha256(head + request.body).hexdigest()
