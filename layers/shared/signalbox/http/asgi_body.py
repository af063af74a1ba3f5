"""The body of a request that a server receives, and whether its client is still there."""

import asyncio
from typing import Final, Self

from typing_extensions import override

from signalbox.http.asgi_messages import Receive
from signalbox.http.gateway_request import BodyBytes
from signalbox.models.errors import PayloadTooLarge
from signalbox.models.gateway_errors import ClientLeft, RequestTimeout
from signalbox.services.ports.gateway import Body, BodyStream

SHORT_BODY: Final = 65_536
"""Bodies of so many bytes are read before they are sent, so that they can be sent again."""

_END_SECONDS: Final = 0.1
"""How long a body without a length may take to end, to count as a short one."""

_PIECE_SECONDS: Final = 30.0
_WATCH_AFTER: Final = 0.02


class ReceivedBody(BodyStream):
    """The body of a request. Its bytes are counted, against the limit too, while they pass."""

    def __init__(self, receive: Receive, length: int | None, passed: BodyBytes) -> None:
        self._receive = receive
        self._length = length
        self._passed = passed
        self._watch = _Watch(receive)
        self._limit = 0
        self._first = b""
        self.is_ended = length == 0

    async def read(self, limit: int) -> Body:
        """Return the bytes of a short body, or the body as a stream.

        Raises:
            PayloadTooLarge: The body has more than `limit` bytes.
            RequestTimeout: Its bytes do not arrive.
            ClientLeft: The client left before it had sent the body.
        """
        self._limit = limit
        if self._length is not None and self._length > limit:
            raise PayloadTooLarge(f"the body is over {limit} bytes")
        if self._length is None:
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await self._read_short()
            except TimeoutError:
                return self
        elif self._length <= SHORT_BODY:
            await self._read_short()
        is_short = self.is_ended and len(self._first) <= SHORT_BODY
        return self._first if is_short else self

    def begin_watch(self) -> None:
        """Cancel the current task as soon as the client leaves, once the body has ended."""
        self._watch.begin(asyncio.current_task())
        if self.is_ended:
            self._watch.start()

    def end_watch(self) -> bool:
        """Stop watching, and return whether the client has left."""
        return self._watch.end()

    @property
    @override
    def length(self) -> int | None:
        return self._length

    @override
    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        """Return the next bytes.

        Raises:
            PayloadTooLarge: There are more bytes than the limit.
            RequestTimeout: They do not arrive.
            ClientLeft: The client left.
        """
        piece, self._first = self._first, b""
        while not piece and not self.is_ended:
            piece = await self._piece()
        if not piece:
            raise StopAsyncIteration
        return piece

    @override
    async def close(self) -> None:
        """Leave the rest to the server."""

    async def _read_short(self) -> None:
        while not self.is_ended and len(self._first) <= SHORT_BODY:
            self._first += await self._piece()

    async def _piece(self) -> bytes:
        timeout = asyncio.timeout(_PIECE_SECONDS)
        try:
            async with timeout:
                message = await self._receive()
        except TimeoutError:
            if not timeout.expired():
                raise
            raise RequestTimeout("the body did not arrive in time") from None
        if message["type"] == "http.disconnect":
            raise ClientLeft("the client left before it had sent the body")
        piece: bytes = message.get("body", b"")
        self._passed.received += len(piece)
        if self._passed.received > self._limit:
            raise PayloadTooLarge(f"the body is over {self._limit} bytes")
        if not message.get("more_body", False):
            self.is_ended = True
            self._watch.start()
        return piece


class _Watch:
    """Waits for the client to leave. Only requests that take a while need a task for it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._has_left = False
        self._is_over = False

    def begin(self, task: "asyncio.Task[object] | None") -> None:
        self._task = task

    def start(self) -> None:
        if self._task and not self._timer and not self._is_over:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_WATCH_AFTER, self._create)

    def end(self) -> bool:
        self._is_over = True
        if self._timer:
            self._timer.cancel()
        if self._watcher:
            self._watcher.cancel()
        return self._has_left

    def _create(self) -> None:
        self._watcher = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._task and not self._is_over:
            self._has_left = True
            self._task.cancel()
