import asyncio
from contextlib import suppress

import pytest

from signalbox.models.errors import PayloadTooLarge
from signalbox.models.gateway_errors import AttemptFailed, ClientLeft, UpstreamFault
from signalbox.services.gateway.bodies import WatchedBody, body_length, close_body, read_body
from signalbox.services.gateway.synchronous import run_blocking
from tests.fakes.body_stream import FakeBody

BROKEN = AttemptFailed("no", UpstreamFault.BROKEN)


class Ends:
    """A body of a test that is watched, and the ends that were reported."""

    def __init__(self, body: FakeBody) -> None:
        self.reported: list[tuple[int, Exception | None]] = []
        self.body = WatchedBody(body, self._ended)

    async def _ended(self, size: int, error: Exception | None) -> None:
        self.reported.append((size, error))

    async def read(self) -> bytes:
        return b"".join([piece async for piece in self.body])


def test_a_stream_is_read_to_its_end() -> None:
    assert run_blocking(read_body(FakeBody(b"ab", b"c"), 3)) == b"abc"


def test_a_stream_over_the_limit_is_closed() -> None:
    body = FakeBody(b"ab", b"c", b"d")

    with pytest.raises(PayloadTooLarge):
        run_blocking(read_body(body, 2))

    assert body.closed == 1


def test_a_watched_body_reports_its_end_once() -> None:
    ends = Ends(FakeBody(b"ab", b"c", length=3))

    read = asyncio.run(ends.read())
    asyncio.run(close_body(ends.body))

    assert (read, body_length(ends.body)) == (b"abc", 3)
    assert ends.reported == [(3, None)]


def test_a_watched_body_that_breaks_reports_the_error() -> None:
    ends = Ends(FakeBody(b"ab", error=BROKEN))

    with suppress(AttemptFailed):
        asyncio.run(ends.read())

    assert ends.reported == [(2, BROKEN)]


def test_a_watched_body_that_is_left_unread_reports_that_the_client_left() -> None:
    inner = FakeBody(b"ab")
    ends = Ends(inner)

    asyncio.run(ends.body.close())
    asyncio.run(ends.body.close())

    assert [(size, type(error)) for size, error in ends.reported] == [(0, ClientLeft)]
    assert inner.closed == 2
