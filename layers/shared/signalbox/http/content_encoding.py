"""The content encoding of a response, by Accept-Encoding (RFC 9110, 12.5.3)."""

from collections.abc import Iterator
from typing import Final

_GZIP: Final = "gzip"
_IDENTITY: Final = "identity"
_ANY: Final = "*"


def accepts_gzip(accept: str) -> bool:
    """Return whether the client accepts gzip and does not prefer the unencoded content."""
    qualities = dict(_qualities(accept))
    quality = qualities.get(_GZIP, qualities.get(_ANY, 0.0))
    return quality > 0 and quality >= qualities.get(_IDENTITY, 0.0)


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
