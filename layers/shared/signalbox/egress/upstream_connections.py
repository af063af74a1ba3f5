"""Connections of an event loop to instances, which are kept for further requests."""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import h11

from signalbox.egress.sockets import Resolve, UrlOrigin
from signalbox.egress.upstream_line import UpstreamLine
from signalbox.egress.upstream_rules import check_addresses
from signalbox.models.ip_addresses import is_address
from signalbox.models.service_tls import UpstreamTls
from signalbox.services.gateway.fields import MAX_FIELD_BYTES

_IDLE_SECONDS: Final = 10.0
_MAX_IDLE: Final = 64
_RESOLVED_SECONDS: Final = 5.0
_MAX_NAMES: Final = 1_000

ConnectionKey = tuple[UrlOrigin, str, UpstreamTls]
"""An origin, the checked address of it, and how the sides know each other."""


@dataclass(slots=True, kw_only=True, eq=False)
class UpstreamConnection:
    """A connection to an instance, and how far its current request is."""

    key: ConnectionKey
    line: UpstreamLine
    http: h11.Connection = field(
        default_factory=lambda: h11.Connection(
            h11.CLIENT, max_incomplete_event_size=MAX_FIELD_BYTES
        )
    )
    expires_at: float = 0.0

    @property
    def is_reusable(self) -> bool:
        """Return whether a request and its answer are complete, and nothing forbids another."""
        http = self.http
        done = http.our_state is h11.DONE and http.their_state is h11.DONE
        return done and not http.trailing_data[0] and self.line.is_quiet


@dataclass(slots=True, kw_only=True)
class IdleConnections:
    """Connections that wait for a request, for seconds, so many for each address at most."""

    seconds: float = _IDLE_SECONDS
    limit: int = _MAX_IDLE
    _idle: dict[ConnectionKey, list[UpstreamConnection]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _sweep: asyncio.TimerHandle | None = None

    def take(self, keys: Sequence[ConnectionKey]) -> UpstreamConnection | None:
        """Return a connection that was open just now, the one that was used last; None if none."""
        now = asyncio.get_running_loop().time()
        for key in keys:
            idle = self._idle.get(key, [])
            while idle:
                connection = idle.pop()
                if connection.line.is_quiet and connection.expires_at > now:
                    return connection
                connection.line.abort()
        return None

    def put(self, connection: UpstreamConnection) -> None:
        """Keep a connection whose request is over, if it can be used again; else close it."""
        idle = self._idle[connection.key]
        if not connection.is_reusable or len(idle) >= self.limit:
            connection.line.abort()
            return
        loop = asyncio.get_running_loop()
        connection.http.start_next_cycle()
        connection.expires_at = loop.time() + self.seconds
        idle.append(connection)
        if self._sweep is None:
            self._sweep = loop.call_later(self.seconds, self._close_expired)

    def close(self) -> None:
        """Close all of them."""
        if self._sweep:
            self._sweep.cancel()
            self._sweep = None
        for idle in self._idle.values():
            for connection in idle:
                connection.line.abort()
        self._idle.clear()

    def _close_expired(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweep, now = None, loop.time()
        for key, idle in list(self._idle.items()):
            for connection in idle:
                if connection.expires_at <= now or not connection.line.is_quiet:
                    connection.line.abort()
            kept = [each for each in idle if each.expires_at > now and each.line.is_quiet]
            if kept:
                self._idle[key] = kept
            else:
                del self._idle[key]
        if self._idle:
            self._sweep = loop.call_later(self.seconds, self._close_expired)


@dataclass(slots=True, kw_only=True)
class CheckedAddresses:
    """The addresses of origins, resolved in threads at most every five seconds, and checked."""

    resolve: Resolve
    networks: tuple[str, ...]
    _lookups: dict[UrlOrigin, tuple[float, "asyncio.Task[Sequence[str]]"]] = field(
        default_factory=dict
    )

    async def __call__(self, origin: UrlOrigin) -> Sequence[str]:
        """Return the addresses.

        Raises:
            SendRefused: They may not be called.
            OSError: The name is not resolved.
        """
        now = asyncio.get_running_loop().time()
        until, lookup = self._lookups.get(origin, (0.0, None))
        if lookup is None or until <= now:
            if len(self._lookups) >= _MAX_NAMES:
                self._lookups.clear()
            lookup = asyncio.create_task(self._checked(origin))
            lookup.add_done_callback(_is_failed)  # also if nobody waits for it any more
            self._lookups[origin] = now + _RESOLVED_SECONDS, lookup
        try:
            return await asyncio.shield(lookup)
        except Exception:
            self._lookups.pop(origin, None)
            raise

    async def _checked(self, origin: UrlOrigin) -> Sequence[str]:
        if is_address(origin.host):
            addresses: Sequence[str] = [origin.host]
        else:
            addresses = await asyncio.to_thread(self.resolve, origin.host, origin.port)
        check_addresses(origin, addresses, self.networks)
        return addresses


async def open_line(key: ConnectionKey, context: ssl.SSLContext | None) -> UpstreamLine:
    """Return a connection, with TLS if there is a context.

    Raises:
        OSError: There is none, or the certificate is not valid.
    """
    origin, address, tls = key
    name = (tls.server_name or origin.host) if context else None
    _, line = await asyncio.get_running_loop().create_connection(
        UpstreamLine, address, origin.port, ssl=context, server_hostname=name
    )
    return line


def _is_failed(lookup: "asyncio.Task[Sequence[str]]") -> bool:
    return not lookup.cancelled() and lookup.exception() is not None
