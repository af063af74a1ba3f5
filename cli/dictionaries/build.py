"""Build a dictionary for zlib from documents that are like those to compress."""

import re
from collections.abc import Iterable
from typing import Final

MAX_BYTES: Final = 16_384
"""Half of the window of deflate: the other half is for what is compressed."""

_MEMBER: Final = re.compile(rb"(?<=[,{\[])(?=[\"{\[])")


def dictionary_of(documents: Iterable[bytes]) -> bytes:
    """Return a dictionary of these documents, the most typical one first.

    Each contributes what the ones before it do not have. The first stands at the end, since what is
    near costs fewest bits; what does not fit is left out.
    """
    known: set[bytes] = set()
    built = b""
    for document in documents:
        members = _MEMBER.split(document)
        new = b"".join(member for member in members if member not in known)
        known.update(members)
        built = new + built
    return built[-MAX_BYTES:]
