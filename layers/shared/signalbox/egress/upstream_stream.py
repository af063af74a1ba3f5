"""Call instances of services from an event loop: bodies are streamed, connections used again.

The rules for addresses and answers are those of the client that blocks. Until the head of the
answer came, a request has a deadline; from then on, and while a body is sent, the time counts from
the last bytes in either direction.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from typing import Final

import h11

from signalbox.egress.call_tls import CallTls
from signalbox.egress.sockets import Resolve, UrlOrigin, resolve_host
from signalbox.egress.tls_contexts import TlsContexts
from signalbox.egress.upstream_connections import (
    CheckedAddresses,
    ConnectionKey,
    IdleConnections,
    UpstreamConnection,
    open_line,
)
from signalbox.egress.upstream_exchange import (
    ConnectionUnused,
    UpstreamExchange,
    attempt_failure,
)
from signalbox.egress.upstream_rules import origin_of
from signalbox.models.errors import SendRefused
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.models.service_tls import UpstreamTls
from signalbox.services.gateway.failover import IDEMPOTENT_METHODS
from signalbox.services.ports.gateway import GatewayResponse, UpstreamRequest

_SMALL: Final = 65_536


class StreamingClient:
    """Send requests to instances. It follows no redirect and reads no setting of proxies.

    `networks` are those in which instances may have private addresses and plain HTTP. One event
    loop uses it.
    """

    def __init__(
        self,
        *,
        networks: tuple[str, ...] = (),
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve_host,
        contexts: TlsContexts | None = None,
        idle: IdleConnections | None = None,
    ) -> None:
        self._tls = CallTls(tls, contexts)
        self._addresses = CheckedAddresses(resolve=resolve, networks=networks)
        self._idle = idle or IdleConnections()

    async def _context(self, origin: UrlOrigin, tls: UpstreamTls) -> ssl.SSLContext | None:
        if self._tls.reads_secrets(tls):
            return await asyncio.to_thread(self._tls.context, origin, tls)
        return self._tls.context(origin, tls)

    async def _failed_tls(self, failure: Exception | None, tls: UpstreamTls) -> None:
        if self._tls.is_refusal(failure):
            await asyncio.to_thread(self._tls.refresh, tls)

    async def __call__(self, request: UpstreamRequest) -> GatewayResponse:
        """Return the answer, whatever its status, when its head came.

        A short body of known length is read to its end before, so that a broken one is a failure
        that another instance may make good.

        Raises:
            AttemptFailed: There is no valid answer in time.
            ClientLeft: The client left while its body was read.
            PayloadTooLarge: The body of the request has too many bytes.
        """
        try:
            async with asyncio.timeout(request.seconds) as limit:
                return await self._call(request, limit.reschedule)
        except TimeoutError:
            raise AttemptFailed("no answer in time", UpstreamFault.TIMEOUT) from None
        except h11.LocalProtocolError:  # nothing was sent, so it is no fault of the instance
            raise AttemptFailed("the request is not valid", UpstreamFault.REFUSED) from None

    def close(self) -> None:
        """Close the connections that wait for requests."""
        self._idle.close()

    async def _call(
        self, request: UpstreamRequest, reschedule: Callable[[float | None], None]
    ) -> GatewayResponse:
        origin, addresses = await self._resolved(request.instance.url)
        keys = [(origin, address, request.tls) for address in addresses]
        used = self._idle.take(keys)
        if used:
            try:
                return await self._exchange(request, used, reschedule)
            except ConnectionUnused as unused:
                if not _is_repeatable(request):
                    raise attempt_failure(unused) from None
        new = await self._connected(request, origin, keys)
        try:
            return await self._exchange(request, new, reschedule)
        except ConnectionUnused as unused:
            raise attempt_failure(unused) from None

    async def _exchange(
        self,
        request: UpstreamRequest,
        connection: UpstreamConnection,
        reschedule: Callable[[float | None], None],
    ) -> GatewayResponse:
        exchange = UpstreamExchange(request, connection, self._idle.put)
        try:
            return await exchange.answer(reschedule, _SMALL)
        except AttemptFailed:  # TLS 1.3 refuses a client after the handshake
            await self._failed_tls(exchange.failure, request.tls)
            raise

    async def _resolved(self, url: str) -> tuple[UrlOrigin, Sequence[str]]:
        try:
            origin = origin_of(url)
            return origin, await self._addresses(origin)
        except (SendRefused, ValueError):
            raise AttemptFailed("it may not be called", UpstreamFault.REFUSED) from None
        except OSError as failure:
            raise AttemptFailed(type(failure).__name__, UpstreamFault.CONNECT) from None

    async def _connected(
        self, request: UpstreamRequest, origin: UrlOrigin, keys: Sequence[ConnectionKey]
    ) -> UpstreamConnection:
        context = await self._context(origin, request.tls)
        failure = AttemptFailed("the name has no address", UpstreamFault.CONNECT)
        for key in keys:
            try:
                async with asyncio.timeout(request.connect):
                    line = await open_line(key, context)
            except TimeoutError:
                failure = AttemptFailed("no connection in time", UpstreamFault.TIMEOUT)
            except OSError as refused:
                await self._failed_tls(refused, request.tls)
                failure = AttemptFailed(type(refused).__name__, UpstreamFault.CONNECT)
            else:
                return UpstreamConnection(key=key, line=line)
        raise failure


def _is_repeatable(request: UpstreamRequest) -> bool:
    """Return whether a request may be sent again although it may have arrived."""
    names = {name.lower() for name, _ in request.fields}
    return isinstance(request.body, bytes) and (
        request.method in IDEMPOTENT_METHODS or "idempotency-key" in names
    )
