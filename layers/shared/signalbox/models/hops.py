"""Hops: how many installations a request has passed, so that a circle of them ends.

An installation that makes a task of another one's webhook counts one more. Our own texts are
recognised by their marker; this is for webhooks, which have none.
"""

from collections.abc import Mapping
from typing import Final

HOPS_HEADER: Final = "signalbox-hops"
"""The header of our webhooks with the number, in lower case."""

MAX_HOPS: Final = 3

_DIGITS: Final = 3


def read_hops(headers: Mapping[str, str]) -> int:
    """Return the number in the headers of a request; what is no number counts as too many."""
    text = headers.get(HOPS_HEADER, "0").strip()
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= _DIGITS else MAX_HOPS + 1
    return MAX_HOPS + 1
