"""Outgoing connections: which addresses are allowed, and when a call is cut off.

A host name is resolved once, all of its addresses are checked, and the connection is made to a
checked address: a name that resolves differently later has no effect (DNS rebinding).
"""

import re
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Timer
from time import monotonic
from typing import Final, Self

from urllib3.util import parse_url

from signalbox.models.errors import SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.ip_addresses import is_allowed_address

_PORTS: Final = {"http": 80, "https": 443}
_OPEN_PORTS: Final = frozenset({443, 8443})
_MAX_LABEL: Final = 63
_AUTHORITY: Final = re.compile(r"[a-z]+://[^/?#@%\\]+(?=[/?#]|\Z)", re.IGNORECASE)
"""Host and port alone. Parsers differ over user names, even empty ones, and backslashes.

A percent sign begins the zone of an IPv6 address, or hides another character.
"""

Resolve = Callable[[str, int], Sequence[str]]
"""Return the addresses of a host and port. Raises OSError."""


@frozen
class UrlOrigin:
    """The origin of a URL: scheme, host and port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Self:
        """Return the origin of a URL.

        Raises:
            ValueError: The URL is not valid; the message contains nothing of it.
        """
        try:
            parts = parse_url(url)
        except ValueError:
            raise ValueError("the address is no URL") from None
        scheme, host = parts.scheme or "", (parts.host or "").strip("[]")
        authority = _AUTHORITY.match(url)
        if scheme not in _PORTS or not authority or not _is_host(host) or parts.port == 0:
            raise ValueError("the address is no plain http or https URL")
        return cls(scheme=scheme, host=host, port=parts.port or _PORTS[scheme])


def _is_host(host: str) -> bool:
    """Return whether this is an IPv6 address without brackets, or has labels of possible lengths.

    An empty label would be one of a name that ends with a dot.
    """
    return ":" in host or all(0 < len(label) <= _MAX_LABEL for label in host.split("."))


class Deadline:
    """Close the connection when the time for the whole call is over, whatever the target does."""

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds
        self._line: socket.socket | None = None
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def left(self) -> float:
        """Return the seconds that are left, 0 after the deadline."""
        return max(self._until - monotonic(), 0.0)

    def guard(self, line: socket.socket) -> None:
        """Watch a connection.

        Raises:
            TimeoutError: The deadline has passed.
        """
        self._line = line.dup()  # TLS takes the socket itself out of our hands
        if not self.left:
            raise TimeoutError

    def close(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        if self._line:
            self._line.close()

    def _cut(self) -> None:
        if self._line:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)


@frozen
class OutboundSocket:
    """A connection to one origin for one call. A trusted origin may have any address."""

    origin: UrlOrigin
    trusted: bool
    resolve: Resolve
    timeout: float
    deadline: Deadline

    def admit(self) -> None:
        """Check the origin.

        Raises:
            SendRefused: It may not be called.
        """
        if self.trusted:
            return
        if self.origin.scheme != "https":
            raise SendRefused("the address is not https")
        if self.origin.port not in _OPEN_PORTS:
            raise SendRefused(f"port {self.origin.port} is not called")

    def open(self) -> socket.socket:
        """Return a connection to a checked address.

        Raises:
            SendRefused: None of the addresses may be called.
            OSError: The connection failed.
        """
        line = self._connected(self._addresses())
        try:
            self.deadline.guard(line)
        except OSError:
            line.close()
            raise
        return line

    def _addresses(self) -> Sequence[str]:
        addresses = self.resolve(self.origin.host, self.origin.port)
        if not self.trusted and not all(is_allowed_address(address) for address in addresses):
            raise SendRefused("the address is not a public one")
        return addresses

    def _connected(self, addresses: Sequence[str]) -> socket.socket:
        failure: OSError = ConnectionError("the name has no address")
        for address in addresses:
            try:
                return socket.create_connection(
                    (address, self.origin.port), min(self.timeout, self.deadline.left) or 0.001
                )
            except OSError as refused:
                failure = refused
        raise failure


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the system's resolver has for a host, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
