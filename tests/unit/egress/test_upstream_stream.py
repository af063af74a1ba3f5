import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from signalbox.egress.upstream_connections import IdleConnections
from signalbox.egress.upstream_line import HIGH_WATER
from signalbox.egress.upstream_stream import StreamingClient
from signalbox.models.errors import PayloadTooLarge
from signalbox.models.gateway_errors import AttemptFailed, ClientLeft, UpstreamFault
from signalbox.services.gateway.bodies import read_body
from signalbox.services.ports.gateway import Body, GatewayResponse, UpstreamRequest
from tests.builders import an_instance
from tests.fakes.async_server import AsyncServer, Serve, read_head
from tests.fakes.body_stream import FakeBody
from tests.fakes.certificates import FakeAuthority
from tests.fakes.http_server import FakeHttpServer, Fault, Reply
from tests.fakes.raw_server import OK, RawServer

LOOPBACK = ("127.0.0.0/8",)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
T = TypeVar("T")


def a_call(
    url: str, *, seconds: float = 5, body: Body = b"", method: str = "POST"
) -> UpstreamRequest:
    length = len(body) if isinstance(body, bytes) else body.length
    framing = (
        ("transfer-encoding", "chunked") if length is None else ("content-length", str(length))
    )
    return UpstreamRequest(
        instance=an_instance(url=url),
        method=method,
        target="/",
        fields=(("host", "x"), framing),
        body=body,
        connect=1,
        seconds=seconds,
    )


def a_client(**given: object) -> StreamingClient:
    return StreamingClient(networks=LOOPBACK, **given)  # type: ignore[arg-type]  # as named


async def body_of(response: GatewayResponse) -> bytes:
    return await read_body(response.body, 100_000_000)


async def fault_of(sent: Awaitable[object]) -> UpstreamFault:
    with pytest.raises(AttemptFailed) as caught:
        await sent
    return caught.value.fault


def within(serve: Serve, act: Callable[[AsyncServer, StreamingClient], Awaitable[T]]) -> T:
    """What comes of a client and a server in one event loop."""

    async def run() -> T:
        client = a_client()
        async with AsyncServer(serve).running() as server:
            try:
                return await act(server, client)
            finally:
                client.close()

    return asyncio.run(run())


def send(client: StreamingClient, call: UpstreamRequest) -> GatewayResponse:
    async def run() -> GatewayResponse:
        try:
            return await client(call)
        finally:
            client.close()
            await asyncio.sleep(0)

    return asyncio.run(run())


def fault(client: StreamingClient, call: UpstreamRequest) -> UpstreamFault:
    with pytest.raises(AttemptFailed) as caught:
        send(client, call)
    return caught.value.fault


def answering(*answers: bytes) -> Serve:
    """Answer the requests of a connection in turn, then close it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await read_head(reader)
            writer.write(answer)
            await writer.drain()

    return serve


@pytest.mark.parametrize(
    ("url", "addresses", "networks"),
    [
        ("http://a.example.com", ["93.184.215.14"], ()),
        ("https://a.example.com", ["10.0.0.1"], ()),
        ("http://a.example.com", ["169.254.169.254"], ("0.0.0.0/0",)),
        ("https://user@a.example.com", ["93.184.215.14"], ()),
        ("https://169.254.169.254", [], ("0.0.0.0/0",)),
        ("https://127.0.0.1", [], ()),
    ],
)
def test_an_address_that_may_not_be_called_is_refused(
    url: str, addresses: Sequence[str], networks: tuple[str, ...]
) -> None:
    client = StreamingClient(networks=networks, resolve=lambda _host, _port: addresses)

    assert fault(client, a_call(url)) is UpstreamFault.REFUSED


def test_names_are_resolved_once_in_five_seconds_and_the_checked_address_is_called() -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async def act(server: AsyncServer, _: StreamingClient) -> list[bytes]:
        client = a_client(resolve=resolve)
        call = a_call(server.url.replace("127.0.0.1", "orders.internal"))
        bodies = [await body_of(await client(call)) for _ in range(2)]
        client.close()
        return bodies

    assert within(answering(OK, OK), act) == [b"ok", b"ok"]
    assert asked == ["orders.internal"]


def test_nobody_who_listens_is_a_failed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert fault(a_client(), a_call(f"http://127.0.0.1:{port}")) is UpstreamFault.CONNECT


def test_a_name_without_an_address_is_a_failed_connection() -> None:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror

    client = StreamingClient(resolve=resolve)

    assert fault(client, a_call("https://a.example.com")) is UpstreamFault.CONNECT


@pytest.mark.parametrize("slow", [Fault.HANG, Fault.DRIP_HEADERS])
def test_whoever_is_slow_with_the_head_is_cut_off_at_the_deadline(slow: Fault) -> None:
    with FakeHttpServer().running() as server:
        server.replies(Reply(fault=slow))

        assert fault(a_client(), a_call(server.url, seconds=0.3)) is UpstreamFault.TIMEOUT


@pytest.mark.parametrize("broken", [Fault.RESET, Fault.HALF])
def test_a_short_answer_that_breaks_is_no_answer(broken: Fault) -> None:
    with FakeHttpServer().running() as server:
        server.replies(Reply(fault=broken, body=b"part"))

        assert fault(a_client(), a_call(server.url)) is UpstreamFault.BROKEN


def test_a_request_that_is_not_valid_says_nothing_of_the_instance() -> None:
    with RawServer().running() as raw:
        call = replace(a_call(raw.url), target="/a b")

        assert fault(a_client(), call) is UpstreamFault.REFUSED


def test_a_certificate_is_verified_for_the_name(tmp_path: Path) -> None:
    authority = FakeAuthority(tmp_path)

    with FakeHttpServer(authority.server("127.0.0.1")).running() as server:
        assert send(a_client(tls=authority.client), a_call(server.url)).body == b"ok"
        assert fault(a_client(), a_call(server.url)) is UpstreamFault.CONNECT
        other = a_call(server.url.replace("127.0.0.1", "127.0.0.2"))
        assert fault(a_client(tls=authority.client), other) is UpstreamFault.CONNECT


def test_connections_are_used_again() -> None:
    async def act(server: AsyncServer, client: StreamingClient) -> int:
        for _ in range(3):
            await client(a_call(server.url))
        return server.connections

    assert within(answering(OK, OK, OK), act) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + b"HTTP/1.1 200 OK\r\n",
    ],
    ids=["close", "HTTP/1.0", "more than the answer"],
)
def test_a_connection_that_may_not_be_used_again_is_closed(answer: bytes) -> None:
    async def act(server: AsyncServer, client: StreamingClient) -> int:
        for _ in range(2):
            assert await body_of(await client(a_call(server.url))) == b"ok"
        return server.connections

    assert within(answering(answer, answer), act) == 2


def test_an_idle_connection_on_which_something_arrives_is_not_used() -> None:
    later = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK)
        await later.wait()
        writer.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    async def act(server: AsyncServer, client: StreamingClient) -> tuple[int, int]:
        await client(a_call(server.url))
        later.set()
        await asyncio.sleep(0.05)
        response = await client(a_call(server.url))
        return response.status, server.connections

    assert within(serve, act) == (200, 2)


def test_a_request_on_an_idle_connection_that_ends_is_sent_again_if_it_may_be() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK)
        await read_head(reader)  # and no answer: it was about to close

    async def act(server: AsyncServer, client: StreamingClient) -> tuple[bytes, UpstreamFault, int]:
        await client(a_call(server.url))
        repeated = await client(a_call(server.url, method="PUT"))
        broken = await fault_of(client(a_call(server.url)))
        return await body_of(repeated), broken, server.connections

    assert within(serve, act) == (b"ok", UpstreamFault.BROKEN, 2)


def test_idle_connections_are_closed_after_a_time() -> None:
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(OK)
        await reader.read()
        closed.set()

    async def act(server: AsyncServer, _: StreamingClient) -> bool:
        client = a_client(idle=IdleConnections(seconds=0.05))
        await client(a_call(server.url))
        client.close()
        await asyncio.wait_for(closed.wait(), 5)
        closed.clear()
        await client(a_call(server.url))  # also those that are kept from now on
        await asyncio.wait_for(closed.wait(), 5)
        return True

    assert within(serve, act)


def test_no_more_connections_than_the_limit_wait() -> None:
    async def act(server: AsyncServer, _: StreamingClient) -> int:
        idle = IdleConnections(limit=1)
        client = a_client(idle=idle)
        await asyncio.gather(*(client(a_call(server.url)) for _ in range(3)))
        kept = sum(map(len, idle._idle.values()))
        client.close()
        return kept

    assert within(answering(OK, OK), act) == 1


def test_a_long_body_is_streamed_with_its_length() -> None:
    data = b"x" * 300_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"

    async def act(server: AsyncServer, client: StreamingClient) -> tuple[int | None, bytes, int]:
        response = await client(a_call(server.url))
        assert not isinstance(response.body, bytes)
        length, body = response.body.length, await body_of(response)
        await client(a_call(server.url))
        return length, body, server.connections

    assert within(answering(head + data, OK), act) == (300_000, data, 1)


def test_pieces_of_an_answer_arrive_while_the_instance_still_sends() -> None:
    more = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(CHUNKED + b"1\r\na\r\n")
        await more.wait()
        writer.write(b"1\r\nb\r\n0\r\n\r\n")
        await reader.read()

    async def act(server: AsyncServer, client: StreamingClient) -> list[bytes]:
        response = await client(a_call(server.url))
        assert not isinstance(response.body, bytes)
        pieces = []
        async for piece in response.body:
            pieces.append(piece)
            more.set()
        return pieces

    assert within(serve, act) == [b"a", b"b"]


@pytest.mark.parametrize(
    "rest", [b"", b"5\r\nhel", b"x\r\n"], ids=["no last chunk", "half a chunk", "no size"]
)
def test_a_stream_that_breaks_off_is_an_error_after_what_came(rest: bytes) -> None:
    async def act(server: AsyncServer, client: StreamingClient) -> tuple[bytes, UpstreamFault]:
        response = await client(a_call(server.url))
        assert not isinstance(response.body, bytes)
        first = await anext(aiter(response.body))

        async def remaining() -> None:
            assert not isinstance(response.body, bytes)
            async for _ in response.body:
                pass

        return first, await fault_of(remaining())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(CHUNKED + b"1\r\na\r\n")
        await asyncio.sleep(0.05)
        writer.write(rest)

    assert within(serve, act) == (b"a", UpstreamFault.BROKEN)


def test_a_stream_that_stalls_is_cut_off() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(CHUNKED + b"1\r\na\r\n")
        await reader.read()

    async def act(server: AsyncServer, client: StreamingClient) -> UpstreamFault:
        response = await client(a_call(server.url, seconds=0.2))
        return await fault_of(body_of(response))

    assert within(serve, act) is UpstreamFault.TIMEOUT


def test_closing_a_stream_closes_its_connection() -> None:
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(CHUNKED + b"1\r\na\r\n")
        await reader.read()
        closed.set()

    async def act(server: AsyncServer, client: StreamingClient) -> bool:
        response = await client(a_call(server.url))
        assert not isinstance(response.body, bytes)
        await response.body.close()
        await asyncio.wait_for(closed.wait(), 5)
        return True

    assert within(serve, act)


def test_cancelling_a_request_closes_its_connection() -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_head(reader)
        asked.set()
        await reader.read()
        closed.set()

    async def act(server: AsyncServer, client: StreamingClient) -> bool:
        sent = asyncio.create_task(client(a_call(server.url)))
        await asked.wait()
        sent.cancel()
        await asyncio.wait_for(closed.wait(), 5)
        return sent.cancelled() or sent.cancelling() > 0

    assert within(serve, act)


@pytest.mark.parametrize("length", [None, 6])
def test_the_body_of_a_request_is_streamed(length: int | None) -> None:
    got = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        end = b"def" if length else b"0\r\n\r\n"
        got.append(await reader.readuntil(end))
        writer.write(OK)

    async def act(server: AsyncServer, client: StreamingClient) -> GatewayResponse:
        return await client(a_call(server.url, body=FakeBody(b"abc", b"def", length=length)))

    assert within(serve, act).body == b"ok"
    assert got == [b"abcdef" if length else b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n"]


def test_an_answer_may_come_before_the_body_was_sent() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000
            await asyncio.sleep(0)

    class Endless(FakeBody):
        def __aiter__(self) -> AsyncIterator[bytes]:
            return endless()

    refusal = b"HTTP/1.1 413 X\r\nContent-Length: 2\r\n\r\nno"

    async def act(server: AsyncServer, client: StreamingClient) -> GatewayResponse:
        return await client(a_call(server.url, body=Endless()))

    response = within(answering(refusal), act)

    assert (response.status, response.body) == (413, b"no")


@pytest.mark.parametrize("error", [ClientLeft("it left"), PayloadTooLarge("too many")])
def test_an_error_of_the_body_ends_the_request(error: Exception) -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()
        ended.set()

    async def act(server: AsyncServer, client: StreamingClient) -> bool:
        with pytest.raises(type(error)):
            await client(a_call(server.url, body=FakeBody(b"abc", error=error)))
        await asyncio.wait_for(ended.wait(), 5)
        return True

    assert within(serve, act)


class Counted(FakeBody):
    """A body without end that counts what was taken of it."""

    taken = 0

    async def _endless(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += HIGH_WATER
            yield b"x" * HIGH_WATER

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._endless()


def test_an_instance_that_does_not_read_stops_the_body() -> None:
    body = Counted()

    async def serve(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async def act(server: AsyncServer, client: StreamingClient) -> UpstreamFault:
        return await fault_of(client(a_call(server.url, seconds=0.5, body=body)))

    assert within(serve, act) is UpstreamFault.TIMEOUT
    assert body.taken < 20_000_000  # what the buffers of the sockets take


def test_a_client_that_does_not_read_stops_the_instance() -> None:
    sent = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * HIGH_WATER)
            await writer.drain()
            sent.append(HIGH_WATER)

    async def act(server: AsyncServer, client: StreamingClient) -> int:
        response = await client(a_call(server.url))
        before = -1
        while before != len(sent):
            before = len(sent)
            await asyncio.sleep(0.1)
        assert not isinstance(response.body, bytes)
        await response.body.close()
        return sum(sent)

    assert within(serve, act) < 50_000_000
