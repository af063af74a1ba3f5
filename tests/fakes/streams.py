"""A body that arrives in pieces."""

from collections.abc import AsyncIterator


class FakeStream:
    """Gives these pieces, once; `left` are those that nobody read."""

    def __init__(self, *pieces: bytes, length: int | None = None) -> None:
        self.left = list(pieces)
        self.length = length
        self.is_closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces()

    async def close(self) -> None:
        self.is_closed = True

    async def _pieces(self) -> AsyncIterator[bytes]:
        while self.left:
            yield self.left.pop(0)
