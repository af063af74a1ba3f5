"""Responses are read alike, whatever their head looks like and however they arrive."""

import socket
from collections.abc import Iterable, Iterator
from http.client import HTTPException

import pytest

from signalbox.aws.transport.http_response import AwsResponse, read_response

PLAIN = b"HTTP/1.1 200 OK\r\nX-Amz-Crc32: 7\r\ncontent-length: 7\r\n\r\n"
CONTENT = b'{"a":1}'
EXPECTED = AwsResponse(
    status=200, headers={"x-amz-crc32": "7", "content-length": "7"}, content=CONTENT
)


class Arriving(socket.socket):
    """A connection on which these parts arrive, one for each read, and then the end."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        super().__init__()
        self.parts: Iterator[bytes] = iter(parts)

    def recv(self, _size: int, _flags: int = 0) -> bytes:
        return next(self.parts, b"")

    def recv_into(self, buffer: memoryview, _size: int = 0, _flags: int = 0) -> int:  # type: ignore[override]  # all that is used of it
        part = self.recv(len(buffer))
        buffer[: len(part)] = part
        return len(part)


def reading(*parts: bytes) -> tuple[AwsResponse, bool]:
    with Arriving(parts) as connection:
        return read_response(connection)


@pytest.mark.parametrize("at", range(1, len(PLAIN + CONTENT)))
def test_a_response_is_the_same_wherever_it_is_split(at: int) -> None:
    whole = PLAIN + CONTENT

    assert reading(whole[:at], whole[at:]) == (EXPECTED, True)


@pytest.mark.parametrize(
    ("head", "stays_open"),
    [
        (b"HTTP/1.1 200\r\ncontent-length:7\r\n\r\n", True),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nx-folded: one\r\n two\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\ncontent-length: 7\n\n", True),
        (b"HTTP/1.1 200 OK\r\nconnection: Keep-Alive\r\ncontent-length: 7\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 7\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 7\r\n\r\n", False),
    ],
    ids=["bare", "interim", "folded", "line feeds", "keep-alive", "close", "http 1.0"],
)
def test_a_head_that_is_written_in_another_way_is_read_too(
    head: bytes, *, stays_open: bool
) -> None:
    found, open_after = reading(head + CONTENT)

    assert (found.status, found.content, open_after) == (200, CONTENT, stays_open)


def test_values_of_headers_have_no_blanks_around_them() -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Empty:\r\nX-Blank: \t \r\nX-One:\t a b: c \t\r\n"

    found, _ = reading(head + b"Content-Length: 7\r\n\r\n" + CONTENT)

    assert found.headers == {"x-empty": "", "x-blank": "", "x-one": "a b: c", "content-length": "7"}


def test_a_head_that_names_a_header_twice_is_read_as_well() -> None:
    head = b"HTTP/1.1 200 OK\r\nx-one: 1\r\nX-One: 2\r\ncontent-length: 7\r\n\r\n"

    found, _ = reading(head + CONTENT)

    assert (found.status, found.content) == (200, CONTENT)


def test_a_status_that_has_no_content_is_read_without_any() -> None:
    found, _ = reading(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n")

    assert (found.status, found.content) == (304, b"")


def test_a_connection_with_more_than_the_response_takes_no_other_request() -> None:
    found, stays_open = reading(PLAIN + CONTENT + b"HTTP/1.1 200 OK\r\n")

    assert (found, stays_open) == (EXPECTED, False)


@pytest.mark.parametrize("parts", [(PLAIN, CONTENT[:3]), (PLAIN[:9],), ()])
def test_a_response_that_ends_early_is_an_error(parts: tuple[bytes, ...]) -> None:
    with pytest.raises((HTTPException, OSError)):
        reading(*parts)


def test_a_length_of_more_digits_than_a_number_has_is_an_error() -> None:
    with pytest.raises(HTTPException):
        reading(b"HTTP/1.1 200 OK\r\ncontent-length: " + b"9" * 5_000 + b"\r\n\r\n")
