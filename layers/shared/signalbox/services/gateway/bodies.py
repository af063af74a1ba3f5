"""Read bodies that may still be on their way, and notice their ends."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Self

from signalbox.models.errors import PayloadTooLarge
from signalbox.models.gateway_errors import ClientLeft
from signalbox.services.ports.gateway import Body, BodyStream

ReportEnd = Callable[[int, Exception | None], Coroutine[Any, Any, None]]
"""Take the bytes that were read, and what ended a body. It never raises."""


class WatchedBody(BodyStream):
    """A body that reports its end, once: the bytes that were read, and what ended it.

    That is None at the end of the body, the error of the body, or ClientLeft if it was closed
    before its end.
    """

    def __init__(self, body: BodyStream, ended: ReportEnd) -> None:
        self._body = body
        self._ended = ended
        self._pieces: AsyncIterator[bytes] = aiter(body)
        self._size = 0
        self._is_open = True

    @property
    def length(self) -> int | None:
        """Return how many bytes the body has, None if that is not known before its end."""
        return self._body.length

    def __aiter__(self) -> Self:
        """Return the pieces."""
        return self

    async def __anext__(self) -> bytes:
        """Return the next piece."""
        try:
            piece = await anext(self._pieces)
        except StopAsyncIteration:
            await self._end(None)
            raise
        except Exception as error:
            await self._end(error)
            raise
        self._size += len(piece)
        return piece

    async def close(self) -> None:
        """Leave the rest unread."""
        await self._end(ClientLeft("the body was not read to its end"))
        await self._body.close()

    async def _end(self, error: Exception | None) -> None:
        if self._is_open:
            self._is_open = False
            await self._ended(self._size, error)


async def read_body(body: Body, limit: int) -> bytes:
    """Return all bytes of a body.

    Raises:
        PayloadTooLarge: It has more than `limit` bytes.
    """
    if isinstance(body, bytes):
        data = body
    else:
        read = bytearray()
        async for piece in body:
            read += piece
            if len(read) > limit:
                await body.close()
                break
        data = bytes(read)
    if len(data) > limit:
        raise PayloadTooLarge(f"the body is over {limit} bytes")
    return data


async def close_body(body: Body) -> None:
    """Leave the rest of a body unread."""
    if not isinstance(body, bytes):
        await body.close()


def body_length(body: Body) -> int | None:
    """Return how many bytes a body has, None if that is not known before its end."""
    return len(body) if isinstance(body, bytes) else body.length
