"""Discord signs the timestamp and the raw body with Ed25519; the secret is its public key.

It also sends signatures that are wrong on purpose, and removes a URL that accepts one.
https://docs.discord.com/developers/interactions/overview#setting-up-an-endpoint-validating-security-request-headers

cryptography is imported when a signature is verified or made: other functions do not have it.
"""

import re
from collections.abc import Sequence
from typing import Final

from signalbox.ingress.signatures import check_timestamp, require_secret
from signalbox.models.errors import SecretMissing, SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.models.secret import is_placeholder
from signalbox.services.ports.time import Clock

HEADER: Final = "x-signature-ed25519"
TIMESTAMP_HEADER: Final = "x-signature-timestamp"

_KEY: Final = re.compile(r"[0-9a-fA-F]{64}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")


def verify(request: InboundRequest, keys: Sequence[str], clock: Clock) -> int:
    """Return the index of the public key with which the request verifies.

    Raises:
        SignatureInvalid: The signature or the timestamp is missing, malformed or wrong.
        SecretMissing: There is no public key.
    """
    require_secret(keys)
    known = {index: key for index, text in enumerate(keys) if (key := key_bytes(text))}
    if not known:
        raise SecretMissing("no configured secret is a public key of 64 hexadecimal digits")
    signature = request.header(HEADER)
    if not _SIGNATURE.fullmatch(signature):
        raise SignatureInvalid("the signature is missing or malformed")
    message = _message(request)
    matches = [
        index for index, key in known.items() if _is_signed(key, bytes.fromhex(signature), message)
    ]
    if not matches:
        raise SignatureInvalid("the signature was not made with the key of our application")
    check_timestamp(request.header(TIMESTAMP_HEADER), clock)
    return matches[0]


def sign(request: InboundRequest, seed: str, clock: Clock) -> InboundRequest:
    """Return a request with the timestamp, if it has none, and the signature.

    `seed` is a private key of 64 hexadecimal digits.

    Raises:
        SecretMissing: It is something else.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  see above
        Ed25519PrivateKey,
    )

    if not request.header(TIMESTAMP_HEADER):
        request = request.with_headers({TIMESTAMP_HEADER: str(int(clock().timestamp()))})
    private = Ed25519PrivateKey.from_private_bytes(_seed_bytes(seed))
    return request.with_headers({HEADER: private.sign(_message(request)).hex()})


def public_key(seed: str) -> str:
    """Return the public key of a private key, both of 64 hexadecimal digits.

    Raises:
        SecretMissing: The private key is something else.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  see above
        Ed25519PrivateKey,
    )

    private = Ed25519PrivateKey.from_private_bytes(_seed_bytes(seed))
    return private.public_key().public_bytes_raw().hex()


def key_bytes(text: str) -> bytes | None:
    """Return a key of 64 hexadecimal digits, between which may be blanks; None if it is none."""
    digits = "".join(text.split())
    return bytes.fromhex(digits) if not is_placeholder(text) and _KEY.fullmatch(digits) else None


def _seed_bytes(seed: str) -> bytes:
    found = key_bytes(seed)
    if found is None:
        raise SecretMissing("a private key has 64 hexadecimal digits")
    return found


def _message(request: InboundRequest) -> bytes:
    return request.header(TIMESTAMP_HEADER).encode("utf-8", "surrogatepass") + request.body


def _is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  see above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  see above
        Ed25519PublicKey,
    )

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True
