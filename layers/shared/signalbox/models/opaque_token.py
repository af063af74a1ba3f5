"""Opaque tokens: random texts, of which only a digest is stored."""

import hashlib
import secrets


def random_token() -> str:
    """Return a new random token of 256 bits, in 43 characters for URLs and cookies."""
    return secrets.token_urlsafe(32)


def token_digest(text: str) -> str:
    """Return the SHA-256 of a token, in hexadecimal; of any text that a client may send."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
