"""Read a response from a connection.

Nearly all responses of AWS have a plain head that arrives at once, with the length of the content.
Those are read here, in a tenth of the time that http.client takes for its general form of headers;
any other response is left to http.client, with what was received of it.
"""

import io
import re
import socket
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Final, cast

from typing_extensions import Buffer, override

from signalbox.models.frozen import frozen

_MAX_CONTENT_BYTES: Final = 20_000_000
"""More than the 16 MB that DynamoDB gives for a batch."""

_MAX_DIGITS: Final = 12
_RECEIVED_BYTES: Final = 65_536
_HEAD: Final = re.compile(
    rb"HTTP/1\.1 (?!204|304)([2-5][0-9]{2})(?: [\x20-\x7e]*)?"
    rb"((?:\r\n[!-9;-~]+:[\t\x20-\x7e]*)+)\r\n\r\n"
)
"""A head in which each header has a line of its own, of a response with content."""

_HEADER: Final = re.compile(r"\r\n([^:]+):[\t ]*((?:[^\r]*[^\r\t ])?)")
"""A header in such a head: its name, and its value without the blanks around it."""


@frozen
class AwsResponse:
    """A whole response; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def read_response(connection: socket.socket) -> tuple[AwsResponse, bool]:
    """Return the response, and whether another request may follow on the connection.

    Raises:
        OSError: Nothing more was received.
        HTTPException: What was received is no whole response, or too large.
    """
    received = connection.recv(_RECEIVED_BYTES)
    head = _HEAD.match(received)
    headers = _plain_headers(head[2]) if head else None
    if not head or headers is None:
        return _read_any_response(connection, received)
    length = int(headers["content-length"])
    if length > _MAX_CONTENT_BYTES:
        raise HTTPException("the response is too large")
    content = received[head.end() :]
    if len(content) < length:
        content = _rest_of(connection, content, length)
    found = AwsResponse(status=int(head[1]), headers=headers, content=content[:length])
    return found, len(content) == length


def _plain_headers(lines: bytes) -> dict[str, str] | None:
    """Return the headers, or None if they leave the length or the end of the connection open."""
    pairs = _HEADER.findall(lines.decode())
    headers = {name.lower(): value for name, value in pairs}
    length = headers.get("content-length", "")
    is_plain = (
        len(headers) == len(pairs)
        and length.isdecimal()
        and len(length) <= _MAX_DIGITS
        and "transfer-encoding" not in headers
        and headers.get("connection", "keep-alive").lower() == "keep-alive"
    )
    return headers if is_plain else None


def _rest_of(connection: socket.socket, content: bytes, length: int) -> bytes:
    parts, missing = [content], length - len(content)
    while missing > 0:
        part = connection.recv(min(missing, _RECEIVED_BYTES))
        if not part:
            raise IncompleteRead(b"".join(parts), missing)
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _read_any_response(connection: socket.socket, received: bytes) -> tuple[AwsResponse, bool]:
    """Return a response of which a part was received, as `read_response`."""
    response = HTTPResponse(cast("socket.socket", _Received(connection, received)), method="POST")
    try:
        response.begin()
        if response.length is None and not response.chunked:
            raise HTTPException("the end of the response cannot be known")
        if (response.length or 0) > _MAX_CONTENT_BYTES:
            raise HTTPException("the response is too large")
        content = response.read() if response.length else response.read(_MAX_CONTENT_BYTES + 1)
        if len(content) > _MAX_CONTENT_BYTES:
            raise HTTPException("the response is too large")
        headers = {name.lower(): value for name, value in response.headers.items()}
        found = AwsResponse(status=response.status, headers=headers, content=content)
        return found, not response.will_close
    finally:
        response.close()


class _Received(io.RawIOBase):
    """A connection, beginning with what was received of it."""

    def __init__(self, connection: socket.socket, received: bytes) -> None:
        self._connection = connection
        self._received = received

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what HTTPResponse reads from."""
        return io.BufferedReader(self)

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        if not self._received:
            return self._connection.recv_into(view)
        part, self._received = self._received[: len(view)], self._received[len(view) :]
        view[: len(part)] = part
        return len(part)
