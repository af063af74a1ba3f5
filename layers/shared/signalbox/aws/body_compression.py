"""Compress bodies of webhooks, in which the names of a repository and of persons are repeated.

A payload of a forge has some hundred URLs, each with a name between parts that are the same in all
payloads. A byte that JSON does not have stands for the name there, so that both parts together are
found in the dictionary.
"""

import re
from functools import cache
from typing import Final

from signalbox.aws.compression import CompressedDataInvalid, compress, decompress, dictionary_bytes

_REPOSITORY: Final = b"\1"
_NUMBER: Final = b"\2"
_LOGIN: Final = b"\3"
_USER: Final = b"\4"

_FULL_NAME: Final = re.compile(rb'"full_name":"([^"\\]+)"')
_ITEM_NUMBER: Final = re.compile(rb'"number":([0-9]+)')
_LOGIN_MEMBER: Final = b'"login":"'
_USER_ID: Final = re.compile(rb',"id":([0-9]+)')


def compress_body(body: bytes, dictionary: str | None) -> tuple[bytes, str | None]:
    """Return the compressed body, and the dictionary that it needs, None if it is in gzip."""
    if dictionary is None or not _has_marks(dictionary):
        return compress(body, dictionary), dictionary
    if _has_mark(body):
        return compress(body), None
    return compress(names_marked(body), dictionary), dictionary


def decompress_body(stored: bytes, dictionary: str | None, *, limit: int) -> bytes:
    """Return the body, of at most `limit` bytes.

    Raises:
        CompressedDataInvalid: The bytes are damaged, were compressed with another dictionary, or
            there is more data.
    """
    body = decompress(stored, dictionary, limit=limit)
    if dictionary is None or not _has_marks(dictionary):
        return body
    body = names_restored(body)
    if len(body) > limit:
        raise CompressedDataInvalid(f"there are more than {limit} bytes")
    return body


def names_marked(body: bytes) -> bytes:
    """Return a body without marks with marks in place of names after a slash or a colon.

    Those of the first repository, the number of the first issue, and the login and id of each
    person up to the next one. The names themselves stay once, where they are members.
    """
    if found := _FULL_NAME.search(body):
        for before in (b"/", b":"):
            body = body.replace(before + found[1], before + _REPOSITORY)
    if found := _ITEM_NUMBER.search(body):
        for after in (b"/", b'"'):
            body = body.replace(b"/" + found[1] + after, b"/" + _NUMBER + after)
    first, *persons = body.split(_LOGIN_MEMBER)
    return _LOGIN_MEMBER.join((first, *map(_person_marked, persons)))


def names_restored(marked: bytes) -> bytes:
    """Return the body of which `names_marked` made this, by its steps in the opposite order."""
    first, *persons = marked.split(_LOGIN_MEMBER)
    body = _LOGIN_MEMBER.join((first, *map(_person_restored, persons)))
    if found := _ITEM_NUMBER.search(body):
        body = body.replace(_NUMBER, found[1])
    if found := _FULL_NAME.search(body):
        body = body.replace(_REPOSITORY, found[1])
    return body


def _person_marked(part: bytes) -> bytes:
    login, quote, rest = part.partition(b'"')
    if login:
        rest = rest.replace(b"/" + login, b"/" + _LOGIN)
    if found := _USER_ID.match(rest):
        rest = rest.replace(b"/" + found[1], b"/" + _USER)
    return login + quote + rest


def _person_restored(part: bytes) -> bytes:
    login, quote, rest = part.partition(b'"')
    if found := _USER_ID.match(rest):
        rest = rest.replace(_USER, found[1])
    return login + quote + rest.replace(_LOGIN, login)


@cache
def _has_marks(dictionary: str) -> bool:
    """Return whether a dictionary is made of bodies with marks, and is for such bodies."""
    return _has_mark(dictionary_bytes(dictionary))


def _has_mark(data: bytes) -> bool:
    return any(mark in data for mark in (_REPOSITORY, _NUMBER, _LOGIN, _USER))
