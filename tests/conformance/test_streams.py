"""Bodies pass through the server while they arrive, and no more of them waits than is bounded."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import pytest

from signalbox.http.gateway import Gateway
from signalbox.models.upstream import BalancingPolicy
from signalbox.services.gateway.balancing import RoundRobin
from tests.fakes.async_server import AsyncServer, Serve, read_head
from tests.fakes.gateway_server import served_gateway

PIECE: Final = b"x" * 262_144
MANY: Final = 800
TOTAL: Final = MANY * len(PIECE)
BOUND: Final = 32_000_000
"""What the kernel buffers of four sockets may hold; the gateway has 64 KB of it in each place."""

HOST: Final = b"Host: api.example.com\r\n"
GET: Final = b"GET /api/orders/42 HTTP/1.1\r\n" + HOST + b"\r\n"
T = TypeVar("T")


@dataclass
class Passed:
    """How many bytes a sender has sent and a receiver has got, and the most on their way."""

    sent: int = 0
    got: int = 0
    most: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, sent: int = 0, got: int = 0) -> None:
        self.sent += sent
        self.got += got
        self.most = max(self.most, self.sent - self.got)

    async def until_still(self) -> None:
        before = -1
        while before != self.sent:
            before = self.sent
            await asyncio.sleep(0.15)


Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter, Gateway], Awaitable[T]]


def within(serve: Serve, act: Act[T]) -> T:
    async def run() -> T:
        async with (
            AsyncServer(serve).running() as server,
            served_gateway(server.url) as (port, gateway),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                async with asyncio.timeout(60):
                    return await act(reader, writer, gateway)
            finally:
                writer.transport.abort()

    return asyncio.run(run())


async def send_all(writer: asyncio.StreamWriter, passed: Passed, count: int = MANY) -> None:
    for _ in range(count):
        writer.write(PIECE)
        await writer.drain()
        passed.add(sent=len(PIECE))


def sending(passed: Passed, count: int = MANY) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await read_head(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % TOTAL)
            await send_all(writer, passed, count)
            if count == MANY:
                await reader.read()
        finally:
            passed.ended.set()

    return serve


async def drained(reader: asyncio.StreamReader, passed: Passed) -> None:
    while data := await reader.read(1_000_000):
        passed.add(got=len(data))


def test_a_download_of_200_mb_passes_with_little_of_it_on_its_way() -> None:
    passed = Passed()

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: Gateway) -> None:
        writer.write(GET)
        await read_head(reader)
        while passed.got < TOTAL:
            passed.add(got=len(await reader.read(1_000_000)))

    within(sending(passed), act)

    assert passed.got == TOTAL
    assert passed.most < BOUND


def test_an_upload_of_200_mb_passes_with_little_of_it_on_its_way() -> None:
    passed = Passed()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        while passed.got < TOTAL:
            passed.add(got=len(await reader.read(1_000_000)))
        writer.write(b"HTTP/1.1 201 X\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: Gateway) -> bytes:
        writer.write(b"PUT /api/orders/42 HTTP/1.1\r\n" + HOST)
        writer.write(b"Content-Length: %d\r\n\r\n" % TOTAL)
        await send_all(writer, passed)
        return await read_head(reader)

    assert within(serve, act).startswith(b"HTTP/1.1 201")
    assert passed.got == TOTAL
    assert passed.most < BOUND


def test_a_client_that_does_not_read_stops_the_service() -> None:
    passed = Passed()

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: Gateway) -> None:
        writer.write(GET)
        await read_head(reader)
        await passed.until_still()

    within(sending(passed), act)

    assert passed.sent < BOUND


def test_a_service_that_does_not_read_stops_the_client() -> None:
    passed, asked = Passed(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_head(reader)
        asked.set()
        await asyncio.sleep(30)

    async def act(_: asyncio.StreamReader, writer: asyncio.StreamWriter, __: Gateway) -> None:
        writer.write(b"PUT /api/orders/42 HTTP/1.1\r\n" + HOST)
        writer.write(b"Content-Length: %d\r\n\r\n" % TOTAL)
        sending = asyncio.create_task(send_all(writer, passed))
        await asked.wait()
        await passed.until_still()
        sending.cancel()

    within(serve, act)

    assert passed.sent < BOUND


@pytest.mark.parametrize("reads", [False, True], ids=["before the answer", "during the answer"])
def test_a_client_that_leaves_ends_the_request_to_the_service(*, reads: bool) -> None:
    passed = Passed()
    asked = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_head(reader)
        asked.set()
        await reader.read()
        passed.ended.set()

    async def act(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gateway: Gateway
    ) -> bool:
        writer.write(GET)
        await (read_head(reader) if reads else asked.wait())
        writer.transport.abort()
        await asyncio.wait_for(passed.ended.wait(), 5)
        return isinstance(gateway.forward.pool._balancers.get(KEY), RoundRobin)

    assert within(sending(passed) if reads else silent, act)


KEY: Final = ("orders", BalancingPolicy.ROUND_ROBIN)


def test_a_service_that_breaks_off_ends_the_connection_of_the_client() -> None:
    passed = Passed()

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: Gateway) -> bytes:
        writer.write(GET)
        head = await read_head(reader)
        await drained(reader, passed)
        return head

    head = within(sending(passed, count=2), act)

    assert head.startswith(b"HTTP/1.1 200")
    assert b"content-length: %d" % TOTAL in head
    assert 0 < passed.got < TOTAL


def test_both_sides_may_send_at_the_same_time() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            size = int(await reader.readline(), 16)
            data = await reader.readexactly(size + 2)
            writer.write(b"%x\r\n" % size + data)
        writer.write(b"0\r\n\r\n")
        await reader.read()

    async def act(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _: Gateway
    ) -> list[bytes]:
        writer.write(b"POST /api/orders/42 HTTP/1.1\r\n" + HOST)
        writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
        writer.write(b"3\r\none\r\n")
        await read_head(reader)
        got = []
        for word in (b"two", b"six"):
            got.append(await reader.readuntil(b"\r\n"))
            got.append(await reader.readuntil(b"\r\n"))
            writer.write(b"3\r\n" + word + b"\r\n")
        writer.write(b"0\r\n\r\n")
        return [*got, await reader.readuntil(b"0\r\n\r\n")]

    got = b"".join(within(serve, act))

    assert got == b"3\r\none\r\n3\r\ntwo\r\n3\r\nsix\r\n0\r\n\r\n"


def test_requests_that_run_are_finished_when_the_server_stops() -> None:
    begun, stopping = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_head(reader)
        begun.set()
        await stopping.wait()
        await asyncio.sleep(0.2)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async def run() -> bytes:
        async with AsyncServer(serve).running() as server:
            async with served_gateway(server.url) as (port, _):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(GET)
                await begun.wait()
                stopping.set()
            answer = await reader.read()
            writer.transport.abort()
            return answer

    assert asyncio.run(run()).endswith(b"ok")
