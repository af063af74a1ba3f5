"""A body that arrives in pieces."""

from collections.abc import AsyncIterator

from typing_extensions import override

from signalbox.services.ports.gateway import BodyStream


class FakeBody(BodyStream):
    """Yield the pieces, once, then fail if there is an error.

    `left` are those that nobody read; `closed` is how often it was closed.
    """

    def __init__(
        self, *pieces: bytes, error: Exception | None = None, length: int | None = None
    ) -> None:
        self.left = list(pieces)
        self._error = error
        self._length = length
        self.closed = 0

    @property
    @override
    def length(self) -> int | None:
        return self._length

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.left:
            yield self.left.pop(0)
        if self._error:
            raise self._error

    @override
    async def close(self) -> None:
        self.closed += 1
