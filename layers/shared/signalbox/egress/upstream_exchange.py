"""One request on a connection to an instance, and its answer."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self

import h11
from typing_extensions import override

from signalbox.egress.upstream_connections import UpstreamConnection
from signalbox.egress.upstream_rules import MAX_INFORMATIONAL, checked_fields, request_head
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.services.ports.gateway import BodyStream, GatewayResponse, UpstreamRequest

_NO_BODY: Final = frozenset({204, 304})

Reschedule = Callable[[float | None], None]
"""Move a deadline to a time of the event loop."""


class ConnectionUnused(AttemptFailed):
    """The connection ended before a byte of the answer came, as if it had been idle too long."""

    def __init__(self) -> None:
        super().__init__("the connection ended before the answer", UpstreamFault.BROKEN)


def attempt_failure(failure: Exception) -> AttemptFailed:
    """Return the failed attempt that an error of a connection is."""
    if isinstance(failure, AttemptFailed):
        return AttemptFailed(failure.reason, failure.fault)
    if isinstance(failure, TimeoutError):
        return AttemptFailed("no more bytes in time", UpstreamFault.TIMEOUT)
    return AttemptFailed(type(failure).__name__, UpstreamFault.BROKEN)


class UpstreamExchange:
    """Sends a request, while it reads the answer: an instance may answer before it has read all.

    `release` gets the connection when the answer is complete.
    """

    def __init__(
        self,
        request: UpstreamRequest,
        connection: UpstreamConnection,
        release: Callable[[UpstreamConnection], None],
    ) -> None:
        self._request = request
        self._connection = connection
        self._release = release
        self._sender: asyncio.Task[None] | None = None
        self._reschedule: Reschedule | None = None
        self._is_over = False
        self._is_answered = False
        self.failure: Exception | None = None

    async def answer(self, reschedule: Reschedule, small: int) -> GatewayResponse:
        """Return the answer.

        Its body is a stream, unless all of it has arrived, or its length is at most `small`.

        Raises:
            ConnectionUnused: The connection ended before a byte of the answer came.
            AttemptFailed: The answer is not valid.
        """
        self._reschedule = reschedule
        try:
            await self._send()
            response = await self._response()
            return await self._with_body(response, small)
        except (OSError, h11.RemoteProtocolError) as failure:
            self.abort()
            self.failure = failure
            if isinstance(failure, TimeoutError):
                raise
            raise self._failure(failure) from None
        except BaseException:
            self.abort()
            raise
        finally:
            self._reschedule = None

    async def next_piece(self) -> bytes:
        """Return the next bytes of the body, none at its end.

        Raises:
            AttemptFailed: The body broke off, or there were no bytes in time.
        """
        seconds = self._request.seconds
        try:
            async with asyncio.timeout(seconds) as limit:
                self._reschedule = limit.reschedule
                return await self._piece()
        except (OSError, h11.RemoteProtocolError) as failure:
            self.abort()
            raise attempt_failure(failure) from None
        except BaseException:
            self.abort()
            raise
        finally:
            self._reschedule = None

    def abort(self) -> None:
        """End the exchange, and close its connection unless the answer was complete."""
        if not self._is_over:
            self._is_over = True
            self._stop_sending()
            self._connection.line.abort()

    def _failure(self, failure: Exception) -> AttemptFailed:
        return attempt_failure(failure) if self._is_answered else ConnectionUnused()

    async def _send(self) -> None:
        http, line, body = self._connection.http, self._connection.line, self._request.body
        head = http.send(request_head(self._request)) or b""
        if not isinstance(body, bytes):
            await line.write(head)
            self._sender = asyncio.create_task(self._send_stream(body))
            return
        data = http.send(h11.Data(body)) if body else b""
        end = http.send(h11.EndOfMessage())
        with suppress(ConnectionError):  # who answers early may not read it all
            await line.write(head + (data or b"") + (end or b""))

    async def _send_stream(self, body: BodyStream) -> None:
        http, line = self._connection.http, self._connection.line
        try:
            async for piece in body:
                await self._write(http.send(h11.Data(piece)))
            await self._write(http.send(h11.EndOfMessage()))
        except OSError:
            return  # as above
        except Exception as error:  # noqa: BLE001  whatever it is, the reader gets it
            line.fail(error)

    async def _write(self, data: bytes | None) -> None:
        await self._connection.line.write(data or b"")
        if self._reschedule:
            self._reschedule(asyncio.get_running_loop().time() + self._request.seconds)

    async def _event(self) -> h11.Event:
        """Return the next event of the answer."""
        connection = self._connection
        while (event := self._arrived()) is None:
            data = await connection.line.read()
            self._is_answered = self._is_answered or bool(data)
            connection.http.receive_data(data)
        return event

    def _arrived(self) -> h11.Event | None:
        """Return the next event of the answer, None if bytes of it are missing.

        Raises:
            AttemptFailed: The answer became another protocol.
        """
        event = self._connection.http.next_event()
        if event is h11.NEED_DATA:
            return None
        if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
            raise AttemptFailed("the answer is not HTTP/1", UpstreamFault.BROKEN)
        return event  # type: ignore[return-value]  # the sentinels are dealt with

    async def _response(self) -> h11.Response:
        for _ in range(MAX_INFORMATIONAL + 1):
            event = await self._event()
            if isinstance(event, h11.Response):
                return event
        raise AttemptFailed("too many 1xx", UpstreamFault.BROKEN)

    async def _with_body(self, response: h11.Response, small: int) -> GatewayResponse:
        fields, length = checked_fields(response), _length(response)
        self._check_end(response, length)
        is_short = length is not None and length <= small
        status, body = response.status_code, bytearray()
        while len(body) <= small:
            event = await self._event() if is_short else self._arrived()
            if event is None:
                break
            if isinstance(event, h11.EndOfMessage):
                self._finish()
                return GatewayResponse(status=status, fields=fields, body=bytes(body))
            if isinstance(event, h11.Data):
                body += event.data
        stream = UpstreamBody(self, bytes(body), length)
        return GatewayResponse(status=status, fields=fields, body=stream)

    def _check_end(self, response: h11.Response, length: int | None) -> None:
        """Check that the end of the body is certain. asyncio does not tell how TLS ended.

        Raises:
            AttemptFailed: It is the end of a connection with TLS.
        """
        is_bare = self._request.method == "HEAD" or response.status_code in _NO_BODY
        is_chunked = any(name == b"transfer-encoding" for name, _ in response.headers)
        is_tls = self._connection.key[0].scheme == "https"
        if is_tls and length is None and not (is_bare or is_chunked):
            raise AttemptFailed("the end of the answer is not certain", UpstreamFault.BROKEN)

    async def _piece(self) -> bytes:
        event = await self._event()
        if isinstance(event, h11.Data):
            return bytes(event.data)
        self._finish()
        return b""

    def _finish(self) -> None:
        self._is_over = True
        self._stop_sending()
        self._release(self._connection)

    def _stop_sending(self) -> None:
        if self._sender:
            self._sender.cancel()


class UpstreamBody(BodyStream):
    """The body of an answer: what has arrived of it, then the rest while it arrives."""

    def __init__(self, exchange: UpstreamExchange, first: bytes, length: int | None) -> None:
        self._exchange = exchange
        self._first = first
        self._length = length
        self._is_ended = False

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
            AttemptFailed: The body broke off, or there were no bytes in time.
        """
        piece, self._first = self._first, b""
        if not piece and not self._is_ended:
            piece = await self._exchange.next_piece()
        if not piece:
            self._is_ended = True
            raise StopAsyncIteration
        return piece

    @override
    async def close(self) -> None:
        self._is_ended = True
        self._exchange.abort()


def _length(response: h11.Response) -> int | None:
    values = [value for name, value in response.headers if name == b"content-length"]
    return int(values[0]) if values else None
