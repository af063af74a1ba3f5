"""What clients send as bytes, through the server itself: framing, pipelining, raw paths."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import pytest

from tests.fakes.async_server import AsyncServer, read_head
from tests.fakes.gateway_server import served_gateway

HOST: Final = b"Host: api.example.com\r\n"
GET: Final = b"GET /api/orders/42 HTTP/1.1\r\n" + HOST
POST: Final = b"POST /api/orders/42 HTTP/1.1\r\n" + HOST
SMUGGLED: Final = b"GET /api/orders/smuggled HTTP/1.1\r\n" + HOST + b"\r\n"


class Service:
    """Answers `ok` on connections that stay open, and remembers what it got."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.bodies: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await read_head(reader)
            self.lines.append(head.split(b"\r\n")[0].decode())
            length = re.search(rb"(?i)content-length: (\d+)", head)
            self.bodies.append(await reader.readexactly(int(length[1]) if length else 0))
            body = b"" if head.startswith(b"HEAD") else b"ok"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + body)


@dataclass(frozen=True)
class Exchange:
    """What a client got for its bytes, until the server closed or was silent."""

    got: bytes
    closed: bool
    lines: list[str]
    bodies: list[bytes]

    @property
    def statuses(self) -> list[int]:
        return [int(code) for code in re.findall(rb"HTTP/1\.1 (\d\d\d)", self.got)]


Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[tuple[bytes, bool]]]


async def exchange(act: Act) -> Exchange:
    service = Service()
    async with AsyncServer(service).running() as server, served_gateway(server.url) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            got, closed = await act(reader, writer)
        finally:
            writer.transport.abort()
    return Exchange(got, closed, service.lines, service.bodies)


def sent(*parts: bytes, answers: int = 1) -> Exchange:
    """Send the parts, and read so many answers and whether the server closes after them."""

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[bytes, bool]:
        got = b""
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.05 if len(parts) > 1 else 0)
        try:
            async with asyncio.timeout(5):
                while len(re.findall(rb"HTTP/1\.1 [2-5]\d\d", got)) < answers:
                    got += await _received(reader)
            async with asyncio.timeout(0.1):
                while True:
                    got += await _received(reader)
        except TimeoutError:
            return got, False
        except ConnectionError:
            return got, True

    return asyncio.run(exchange(act))


async def _received(reader: asyncio.StreamReader) -> bytes:
    data = await reader.read(65_536)
    if not data:
        raise ConnectionError
    return data


@pytest.mark.parametrize(
    "request_bytes",
    [
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        POST + b"Content-Length: +5\r\n\r\nhello",
        POST + b"Content-Length: 0x5\r\n\r\nhello",
        POST + b"Content-Length: 5, 6\r\n\r\nhello",
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length : 5\r\n\r\nhello",
        POST + b" Content-Length: 5\r\n\r\nhello",
        POST + b"X-A: 1\x00\r\nContent-Length: 5\r\n\r\nhello",
        GET + b"X-A: 1\rX-B: 2\r\n\r\n",
        GET + b"Host: other.example.com\r\n\r\n",
        b"GET /api/orders/42 HTTP/1.1\r\n\r\n",
        b"GET  /api/orders/42 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /api/orders/42 HTTP/1.1 x\r\n" + HOST + b"\r\n",
        b"GET /api/orders/42 HTTP/2.0\r\n" + HOST + b"\r\n",
        b"GET /api/orders/\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET /api/orders/\xe9 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
    ],
    ids=lambda value: repr(value.split(b"\r\n", 1)[1][28:70] or value[:40]),
)
def test_what_could_be_read_in_two_ways_ends_the_connection(request_bytes: bytes) -> None:
    done = sent(request_bytes + SMUGGLED)

    assert done.closed
    assert done.statuses[0] in (400, 501, 505)
    assert not any("smuggled" in line for line in done.lines)


def test_the_end_of_chunks_is_the_end_of_the_request() -> None:
    done = sent(
        POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + GET + b"\r\n",
        answers=2,
    )

    assert done.statuses == [200, 200]
    assert done.lines == ["POST /api/42 HTTP/1.1", "GET /api/42 HTTP/1.1"]
    assert done.bodies == [b"hello", b""]


@pytest.mark.parametrize(
    "chunk", [b"x\r\n", b"-1\r\n", b"5\r\nhelloxx0\r\n\r\n", b"5 \x00\r\nhello"]
)
def test_broken_chunks_end_the_connection(chunk: bytes) -> None:
    done = sent(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + SMUGGLED, answers=1)

    assert done.closed
    assert not any("smuggled" in line for line in done.lines)


def test_pipelined_requests_are_answered_in_turn_on_one_connection_to_the_service() -> None:
    requests = [f"GET /api/orders/{n} HTTP/1.1\r\n".encode() + HOST + b"\r\n" for n in range(3)]

    done = sent(b"".join(requests), answers=3)

    assert done.statuses == [200, 200, 200]
    assert done.lines == [f"GET /api/{n} HTTP/1.1" for n in range(3)]
    assert not done.closed


@pytest.mark.parametrize(
    "path", ["a%2Fb", "a%2fb", "%61", "a;b=c", "a%3Bb", "~a", "a%20b", "%C3%A9"]
)
def test_a_path_arrives_as_it_was_sent(path: str) -> None:
    done = sent(f"GET /api/orders/{path}?q=%2F&&a HTTP/1.1\r\n".encode() + HOST + b"\r\n")

    assert done.lines == [f"GET /api/{path}?q=%2F&&a HTTP/1.1"]


def test_a_target_in_absolute_form_is_taken() -> None:
    done = sent(b"GET http://api.example.com/api/orders/42 HTTP/1.1\r\n" + HOST + b"\r\n")

    assert done.lines == ["GET /api/42 HTTP/1.1"]


def test_a_client_that_expects_100_gets_it_before_its_body_is_read() -> None:
    head = POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"

    done = sent(head, b"hello")

    assert done.statuses == [100, 200]
    assert done.bodies == [b"hello"]


def test_a_client_that_expects_100_for_too_much_gets_413_at_once() -> None:
    head = b"POST /api/small/42 HTTP/1.1\r\n" + HOST

    done = sent(head + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")

    assert (done.statuses, done.closed, done.lines) == ([413], True, [])


def test_chunks_over_the_limit_end_the_connection() -> None:
    head = b"POST /api/small/42 HTTP/1.1\r\n" + HOST

    done = sent(head + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")

    assert (done.statuses, done.closed, done.lines) == ([413], True, [])


def test_head_and_get_share_a_connection() -> None:
    head = b"HEAD /api/orders/42 HTTP/1.1\r\n" + HOST + b"\r\n"

    done = sent(head + GET + b"\r\n", answers=2)

    assert done.statuses == [200, 200]
    assert done.got.count(b"\r\n\r\nok") == 1
    assert done.got.count(b"content-length: 2") == 2


def test_http_1_0_closes() -> None:
    done = sent(b"GET /api/orders/42 HTTP/1.0\r\n" + HOST + b"\r\n")

    assert (done.statuses, done.closed) == ([200], True)
    assert done.got.endswith(b"ok")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (GET + b"X-A: " + b"1" * 17_000 + b"\r\n\r\n", 431),
        (GET + b"X-A: " + b"1" * 600_000 + b"\r\n\r\n", 400),
        (b"GET /api/orders/" + b"1" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (GET + b"Upgrade: websocket\r\nConnection: upgrade\r\n\r\n", 501),
        (b"TRACE /api/orders/42 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
        (b"CONNECT api.example.com:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ],
)
def test_what_is_not_forwarded_has_its_status(request_bytes: bytes, status: int) -> None:
    done = sent(request_bytes)

    assert (done.statuses, done.lines) == ([status], [])


def test_a_body_that_the_client_never_finishes_is_not_sent() -> None:
    async def act(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[bytes, bool]:
        writer.write(POST + b"Content-Length: 5\r\n\r\nhel")
        await writer.drain()
        writer.close()
        await asyncio.sleep(0.1)
        return b"", True

    done = asyncio.run(exchange(act))

    assert done.lines == []
