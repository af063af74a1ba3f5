"""Comparing signatures: as bytes, in constant time, against every secret there is."""

import hmac
from collections.abc import Callable, Sequence

from signalbox.models.errors import SecretMissing, SignatureInvalid
from signalbox.models.secret import is_placeholder


def hmac_digest(secret: str, message: bytes, algorithm: str = "sha256") -> bytes:
    """The HMAC of the message under the secret's UTF-8 bytes."""
    return hmac.digest(_raw(secret), message, algorithm)


def verified_by(
    secrets: Sequence[str], given: Sequence[str], expected: Callable[[str], str]
) -> int:
    """The index of the secret under which one of the given signatures is the expected one.

    `expected` makes the signature's text for a secret. Every secret is tried with every given
    signature, also after a match, so that the time says nothing of which one it was. A placeholder
    left in the configuration is no secret. Raises SignatureInvalid; SecretMissing where there is no
    secret to compare with, whatever was sent.
    """
    usable = [index for index, secret in enumerate(secrets) if not is_placeholder(secret)]
    if not usable:
        raise SecretMissing("no secret is configured to verify signatures with")
    signatures = [_raw(text) for text in given]
    matches = [
        index
        for index in usable
        for signature in signatures
        if hmac.compare_digest(_raw(expected(secrets[index])), signature)
    ]
    if not matches:
        raise SignatureInvalid("the signature is missing or was not made with our secret")
    return matches[0]


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
