"""The content encoding of a response, by Accept-Encoding (RFC 9110, 12.5.3)."""

from collections.abc import Iterator, Sequence
from typing import Final

IDENTITY: Final = "identity"
_ANY: Final = "*"


def preferred_encoding(accept: str, available: Sequence[str]) -> str:
    """Return the encoding with the highest quality, the first of those with the same one.

    It is `identity` if the client accepts none of those that are available.
    """
    qualities = dict(_qualities(accept))
    others = qualities.get(_ANY, 0.0)
    best, chosen = 0.0, IDENTITY
    for encoding in available:
        quality = qualities.get(encoding, others)
        if quality > best:
            best, chosen = quality, encoding
    return IDENTITY if qualities.get(IDENTITY, 0.0) > best else chosen


def _qualities(accept: str) -> Iterator[tuple[str, float]]:
    """Yield the encodings with their quality; it is 0 if it is not valid."""
    for part in accept.lower().split(","):
        name, separator, weight = part.partition(";")
        if name.strip():
            yield name.strip(), _quality(weight) if separator else 1.0


def _quality(weight: str) -> float:
    name, _, value = weight.partition("=")
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if name.strip() == "q" and 0 <= quality <= 1 else 0.0
