"""Outgoing connections: which addresses are allowed, and when a call is cut off.

A host name is resolved once, all of its addresses are checked, and the connection is made to a
checked address: a name that resolves differently later has no effect (DNS rebinding).
"""

import re
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv6Address
from threading import Timer
from time import monotonic
from typing import Final, Self

from signalbox.models.errors import SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.ip_addresses import is_allowed_address

_PORTS: Final = {"http": 80, "https": 443}
_OPEN_PORTS: Final = frozenset({443, 8443})
_MAX_PORT: Final = 65_535
_URL: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[^\x00-\x20\x7f/?#@%\\:\[\]]+))"
    r"(?::(?P<port>[0-9]{0,5}))?(?=[/?#]|\Z)",
    re.IGNORECASE,
)
"""Scheme, host and port alone. Parsers differ over user names, even empty ones, and backslashes.

A percent sign begins the zone of an IPv6 address, or hides another character.
"""
_NAME: Final = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
"""A name in ASCII, or an IPv4 address. No label is empty, so that no dot is at the end."""

Resolve = Callable[[str, int], Sequence[str]]
"""Return the addresses of a host and port. Raises OSError."""


@dataclass(frozen=True, slots=True)
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
        parts = _URL.match(url)
        if not parts:
            raise ValueError("the address is no plain http or https URL")
        scheme, port = parts["scheme"].lower(), int(parts["port"] or 0)
        if port > _MAX_PORT or (parts["port"] and not port):
            raise ValueError("the address has no possible port")
        host = _ipv6(parts["address"]) if parts["address"] else _name(parts["name"])
        return cls(scheme, host, port or _PORTS[scheme])

    @property
    def authority(self) -> str:
        """Return host and port as the header Host has them: the usual port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def _ipv6(text: str) -> str:
    """Return an IPv6 address as it is compared and called.

    Raises:
        ValueError: It is none.
    """
    try:
        IPv6Address(text)
    except ValueError:
        raise ValueError("the host is no address") from None
    return text.lower()


def _name(text: str) -> str:
    """Return a host name in ASCII and lower case, or an IPv4 address.

    Raises:
        ValueError: It is no name.
    """
    name = text.lower()
    if not name.isascii():
        import idna  # noqa: PLC0415  few names have other letters

        try:
            name = idna.encode(name, strict=True, std3_rules=True).decode("ascii")
        except idna.IDNAError:
            raise ValueError("the host is no name") from None
    if not _NAME.fullmatch(name):
        raise ValueError("the host is no name")
    return name


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
                line = socket.create_connection(
                    (address, self.origin.port), min(self.timeout, self.deadline.left) or 0.001
                )
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as refused:
                failure = refused
            else:
                return line
        raise failure


def resolve_host(host: str, port: int) -> Sequence[str]:
    """Return the addresses that the system's resolver has for a host, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
