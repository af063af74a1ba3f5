"""The Idempotency-Key of a request, and the fingerprint of what it names."""

from hashlib import sha256
from typing import Final

from signalbox.models.errors import PayloadInvalid
from signalbox.models.request import InboundRequest
from signalbox.services.create import IdempotencyKey

_LENGTH: Final = 255


def idempotency_key(header: str | None, request: InboundRequest) -> IdempotencyKey | None:
    """The key of an Idempotency-Key header, a quoted text or a bare word; None without one.

    Raises PayloadInvalid.
    """
    if header is None:
        return None
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 1 <= len(key) <= _LENGTH or not key.isascii() or not key.isprintable():
        raise PayloadInvalid("Idempotency-Key takes 1 to 255 visible ASCII characters")
    return IdempotencyKey(text=key, fingerprint=_fingerprint(request))


def _fingerprint(request: InboundRequest) -> str:
    """The same for the same request alone: its method, its path and its body, byte by byte."""
    head = f"{request.method}\n{request.path}\n".encode()
    return sha256(head + request.body).hexdigest()
