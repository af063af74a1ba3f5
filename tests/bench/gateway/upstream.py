"""`python -m tests.bench.gateway.upstream PORT`: a service that answers at once, /1024 with 1 KB.

It spends as little as Python can, so that what is measured is the proxy.
"""

import asyncio
import sys
from typing import Final

from typing_extensions import override

_END: Final = b"\r\n\r\n"


class Answering(asyncio.Protocol):
    """Answers each head on a connection; requests have no body."""

    def __init__(self) -> None:
        self._received = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        while _END in self._received:
            head, _, self._received = self._received.partition(_END)
            self._transport.write(answer(int(head.split(b" ", 2)[1].rpartition(b"/")[2])))
            if b"connection: close" in head.lower():
                self._transport.close()


def answer(size: int) -> bytes:
    head = (
        b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: %d\r\n\r\n"
    )
    return head % size + b"x" * size


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
