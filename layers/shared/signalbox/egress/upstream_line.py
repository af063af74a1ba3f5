"""A connection of an event loop to an instance, with backpressure both ways."""

import asyncio
from typing import Final

from typing_extensions import override

HIGH_WATER: Final = 65_536
"""How many received bytes wait to be read before the connection is no longer read."""


class UpstreamLine(asyncio.Protocol):
    """The bytes of one connection. What arrives while nobody reads waits, up to a limit."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._error: Exception | None = None
        self._is_ended = False
        self._is_paused = False
        self._arrival: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]  # of a stream

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) >= HIGH_WATER and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        _wake(self._arrival)

    @override
    def eof_received(self) -> bool:
        self._is_ended = True
        _wake(self._arrival)
        return False

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._error = self._error or exc
        self._is_ended = True
        _wake(self._arrival)
        _wake(self._drained)

    @override
    def pause_writing(self) -> None:
        self._drained = asyncio.get_running_loop().create_future()

    @override
    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        _wake(drained)

    @property
    def is_quiet(self) -> bool:
        """Return whether it is open and nothing has arrived that nobody has read."""
        return not (self._is_ended or self._received or self._transport.is_closing())

    async def read(self) -> bytes:
        """Return what has arrived, at least a byte; none at the end.

        Raises:
            OSError: The connection broke.
            Exception: The error that `fail` was called with.
        """
        while not self._received and not self._is_ended:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        if self._error and not self._received:
            raise self._error
        data = bytes(self._received)
        self._received.clear()
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes; wait while too many are unsent.

        Raises:
            OSError: The connection is closed.
        """
        if self._is_ended or self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._transport.write(data)
        if self._drained:
            await self._drained

    def fail(self, error: Exception) -> None:
        """End the connection: whoever reads gets this error."""
        self._received.clear()
        self._error, self._is_ended = error, True
        self.abort()
        _wake(self._arrival)

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()


def _wake(waiting: "asyncio.Future[None] | None") -> None:
    if waiting and not waiting.done():
        waiting.set_result(None)
