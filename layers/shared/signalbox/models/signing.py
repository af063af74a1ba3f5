"""Comparing signatures: as bytes, in constant time, against every secret there is."""

import hmac
from collections.abc import Callable, Sequence
from typing import Final

from signalbox.models.errors import SecretMissing, SignatureInvalid

_PLACEHOLDERS: Final = frozenset(
    {"", "changeme", "change-me", "change_me", "replaceme", "replace-me", "replace_me", "todo"}
)


def is_placeholder(secret: str) -> bool:
    """Whether this only stands where a secret should be."""
    return secret.strip().casefold() in _PLACEHOLDERS


class SecretInvalid(ValueError):
    """No secret may be like this; `code` is a word for programs, and neither holds the secret."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def checked_secret(text: str) -> str:
    """Return a secret as somebody gave it, without the line end behind it.

    Raises SecretInvalid for one that is empty, begins or ends with blanks, holds NUL or is a
    placeholder: nobody would find out why it does not fit.
    """
    secret = text.rstrip("\r\n")
    if not secret.strip():
        raise SecretInvalid("secret_empty", "the secret is empty")
    if secret != secret.strip():
        raise SecretInvalid("secret_blanks", "the secret begins or ends with blanks")
    if "\0" in secret:
        raise SecretInvalid("secret_nul", "the secret holds a NUL character")
    if is_placeholder(secret):
        raise SecretInvalid(
            "secret_placeholder", "this is a placeholder, which anybody would guess"
        )
    return secret


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
