"""Connections to one endpoint, which stay open for the next requests."""

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Final, cast

from signalbox.aws.errors import AwsUnreachable
from signalbox.aws.transport.endpoints import AwsEndpoint
from signalbox.aws.transport.http_response import AwsResponse, read_response

_MAX_IDLE: Final = 10
_MAX_IDLE_SECONDS: Final = 60.0
"""Older connections may be gone without a sign, and a request on them would wait in vain."""


class HttpPool:
    """Connections to one endpoint. Threads may share it: each request has a connection alone.

    `wider_tls` is used once a certificate is not accepted by `tls`, which has fewer authorities.
    """

    def __init__(
        self,
        endpoint: AwsEndpoint,
        *,
        tls: Callable[[], ssl.SSLContext],
        wider_tls: Callable[[], ssl.SSLContext] | None = None,
        connect_timeout: float,
        read_timeout: float,
        max_idle: int = _MAX_IDLE,
    ) -> None:
        self.endpoint = endpoint
        self._tls = tls
        self._wider_tls = wider_tls
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._max_idle = max_idle
        self._idle: deque[tuple[float, socket.socket]] = deque()

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop()[1].close()

    def post(
        self,
        headers: Mapping[str, str],
        body: bytes,
        *,
        method: str = "POST",
        path: str | None = None,
    ) -> AwsResponse:
        """Send a request once and return the response; the path is that of the endpoint.

        Raises:
            AwsUnreachable: There is no connection, or no whole response. The request may have
                taken effect.
        """
        head = self._head(method, path or self.endpoint.path, headers, len(body))
        try:
            connection = self._open_idle() or self._connect()
            try:
                connection.sendall(head + body)
                response, stays_open = read_response(connection)
            except BaseException:
                connection.close()
                raise
        except (OSError, HTTPException) as error:
            raise AwsUnreachable(
                f"no response from {self.endpoint.authority}: {type(error).__name__}"
            ) from error
        if stays_open and len(self._idle) < self._max_idle:
            self._idle.append((time.monotonic(), connection))
        else:
            connection.close()
        return response

    @staticmethod
    def _head(method: str, path: str, headers: Mapping[str, str], length: int) -> bytes:
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        return (
            f"{method} {path} HTTP/1.1\r\n{lines}"
            f"accept-encoding: identity\r\ncontent-length: {length}\r\n\r\n"
        ).encode("latin-1")

    def _open_idle(self) -> socket.socket | None:
        """Return the connection that was used last, if the other end has not closed it."""
        while True:
            try:
                since, connection = self._idle.pop()
            except IndexError:
                return None
            if time.monotonic() - since < _MAX_IDLE_SECONDS and not _is_readable(connection):
                return connection
            connection.close()

    def _connect(self) -> socket.socket:
        tls, wider = self._tls, self._wider_tls
        try:
            return self._connect_by(tls)
        except ssl.SSLCertVerificationError:
            if not wider or tls is wider:
                raise
        self._tls = wider
        return self._connect_by(wider)

    def _connect_by(self, tls: Callable[[], ssl.SSLContext]) -> socket.socket:
        host = self.endpoint.host.encode("ascii" if self.endpoint.host.isascii() else "idna")
        address = cast("str", host), self.endpoint.port  # as text, it would load the codec of IDNA
        connection = socket.create_connection(address, self._connect_timeout)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.endpoint.tls:
                context = tls()
                connection = context.wrap_socket(connection, server_hostname=host)
            connection.settimeout(self._read_timeout)
        except BaseException:
            connection.close()
            raise
        return connection


def _is_readable(connection: socket.socket) -> bool:
    """Return whether there is something to read, which without a request is the end."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
