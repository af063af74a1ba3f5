"""Compress what tables hold, with a dictionary of what is typical of it.

`python -m cli.dictionaries` makes the dictionaries. One that was released stays as it is, and what
was compressed with it has its name, so that it can be read forever.
"""

from __future__ import annotations

import re
import zlib
from functools import cache
from pathlib import Path
from typing import Final

DICTIONARIES: Final = Path(__file__).parent / "dictionaries"

_SUFFIX: Final = ".zdict"
_NAME: Final = re.compile(r"[a-z]+/[a-z0-9_-]+\.[0-9]+")
_GZIP: Final = 31
_LEVEL: Final = 6


class CompressedDataInvalid(ValueError):
    """Stored bytes cannot be decompressed to what they should be."""


@cache
def newest_dictionary(folder: str, name: str) -> str | None:
    """Return the newest dictionary for this name in a folder, such as `bodies/github.1`."""
    versions = [
        int(path.name.removesuffix(_SUFFIX).rpartition(".")[2])
        for path in (DICTIONARIES / folder).glob(f"{name}.*{_SUFFIX}")
    ]
    return f"{folder}/{name}.{max(versions)}" if versions else None


def compress(data: bytes, dictionary: str | None = None) -> bytes:
    """Return the data compressed with a dictionary, or in gzip; the same bytes for the same data.

    With a dictionary it is in the format of zlib, with checksums of dictionary and data.
    """
    if dictionary is None:
        compressor = zlib.compressobj(_LEVEL, wbits=_GZIP)
    else:
        compressor = zlib.compressobj(_LEVEL, memLevel=9, zdict=_dictionary(dictionary))
    return compressor.compress(data) + compressor.flush()


def decompress(stored: bytes, dictionary: str | None = None, *, limit: int) -> bytes:
    """Return the data, of at most `limit` bytes.

    Raises:
        CompressedDataInvalid: The bytes are damaged, were compressed with another dictionary, or
            there is more data.
    """
    if dictionary is None:
        decompressor = zlib.decompressobj(_GZIP)
    else:
        decompressor = zlib.decompressobj(zdict=_dictionary(dictionary))
    try:
        data = decompressor.decompress(stored, limit + 1)
    except zlib.error as error:
        raise CompressedDataInvalid(str(error)) from None
    if len(data) > limit:
        raise CompressedDataInvalid(f"there are more than {limit} bytes")
    if not decompressor.eof:
        raise CompressedDataInvalid("the end is missing")
    return data


@cache
def _dictionary(name: str) -> bytes:
    if _NAME.fullmatch(name):
        path = DICTIONARIES / f"{name}{_SUFFIX}"
        if path.is_file():
            return path.read_bytes()
    raise CompressedDataInvalid("there is no such dictionary")
