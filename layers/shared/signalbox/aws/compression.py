"""Compress what tables hold, with a dictionary of what is typical of it.

`python -m cli.dictionaries` makes the dictionaries. One that was released stays as it is, and what
was compressed with it has its name, so that it can be read forever.
"""

from __future__ import annotations

import re
import zlib
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Final

DICTIONARIES: Final = Path(__file__).parent / "dictionaries"

_SUFFIX: Final = ".zdict"
_NAME: Final = re.compile(r"[a-z]+/[a-z0-9_-]+\.[0-9]+")
_GZIP: Final = 31
_LEVEL: Final = 6
_LARGEST: Final = 15
_RECORDS: Final = "records"
_RECORD_WINDOW: Final = 13
"""8 KB: as good for a record as a larger one, and made in a third of the time."""

_SMALL_MEMORY: Final = 5
"""The memory level of zlib for records: 64 KB to copy and not 160, for the same sizes."""

_MAX_RECORD: Final = 2**23
"""Twenty times what an item may hold."""


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


def compress(data: bytes, dictionary: str | None = None, *, window: int = _LARGEST) -> bytes:
    """Return the data compressed with a dictionary, or in gzip; the same bytes for the same data.

    With a dictionary it is in the format of zlib, with checksums of dictionary and data. `window`
    is the binary logarithm of how many bytes back a repetition is found, the dictionary included.
    """
    if dictionary is None:
        compressor = zlib.compressobj(_LEVEL, wbits=_GZIP)
    else:
        compressor = _primed(dictionary, window).copy()
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
        decompressor = zlib.decompressobj(zdict=dictionary_bytes(dictionary))
    try:
        data = decompressor.decompress(stored, limit + 1)
    except zlib.error as error:
        raise CompressedDataInvalid(str(error)) from None
    if len(data) > limit:
        raise CompressedDataInvalid(f"there are more than {limit} bytes")
    if not decompressor.eof:
        raise CompressedDataInvalid("the end is missing")
    return data


def pack_record(kind: str, document: str) -> bytes:
    """Return a document as it is stored: the name of a dictionary, a zero byte, and compressed.

    `kind` is that of the record, such as `task`.
    """
    newest = newest_dictionary(_RECORDS, kind)
    name = (newest or "").partition("/")[2]
    return name.encode() + b"\0" + compress(document.encode(), newest, window=_RECORD_WINDOW)


def unpack_record(attribute: object) -> str | bytes:
    """Return the document in an attribute of DynamoDB: packed, in base64 where it is JSON, or text.

    Raises:
        CompressedDataInvalid: It holds no document.
    """
    value = attribute if isinstance(attribute, dict) else {}
    stored, text = value.get("B"), value.get("S")
    if isinstance(stored, bytes):
        return _unpacked(stored)
    if isinstance(text, str):
        return text
    if isinstance(stored, str):
        return _unpacked(b64decode(stored))
    raise CompressedDataInvalid("there is no document")


def _unpacked(stored: bytes) -> bytes:
    name, _, packed = stored.partition(b"\0")
    dictionary = f"{_RECORDS}/{name.decode(errors='replace')}" if name else None
    return decompress(packed, dictionary, limit=_MAX_RECORD)


@cache
def _primed(dictionary: str, window: int) -> zlib._Compress:
    """Return a compressor that has read a dictionary, to be copied and never used itself.

    Reading the dictionary takes longer than compressing a record.
    """
    memory = _SMALL_MEMORY if window == _RECORD_WINDOW else zlib.DEF_MEM_LEVEL
    return zlib.compressobj(
        _LEVEL, wbits=window, memLevel=memory, zdict=dictionary_bytes(dictionary)
    )


@cache
def dictionary_bytes(name: str) -> bytes:
    """Return a dictionary.

    Raises:
        CompressedDataInvalid: There is none with this name.
    """
    if _NAME.fullmatch(name):
        path = DICTIONARIES / f"{name}{_SUFFIX}"
        if path.is_file():
            return path.read_bytes()
    raise CompressedDataInvalid("there is no such dictionary")
