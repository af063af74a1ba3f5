"""A server on loopback that answers bytes that a test chose, and records the bytes that it got."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Final, Self

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_PATIENCE: Final = 5.0


class RawServer:
    """Answers every connection with `answer`, in pieces if it is a list; then it closes it.

    It reads a request to the end of its head, and of its body by Content-Length. `hold` keeps the
    connection open after the answer.
    """

    def __init__(self) -> None:
        self.answer: bytes | list[bytes] = OK
        self.hold = False
        self.received: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = Thread(target=self._serve)
        self._held: list[socket.socket] = []

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @contextmanager
    def running(self) -> Iterator[Self]:
        self._thread.start()
        try:
            yield self
        finally:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._thread.join()
            for connection in self._held:
                connection.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(_PATIENCE)
            with suppress(OSError):
                self.received.append(_request(connection))
                pieces = [self.answer] if isinstance(self.answer, bytes) else self.answer
                for piece in pieces:
                    connection.sendall(piece)
            if self.hold:
                self._held.append(connection)
            else:
                connection.close()


def _request(connection: socket.socket) -> bytes:
    raw = b""
    while b"\r\n\r\n" not in raw:
        raw += _received(connection)
    head, _, body = raw.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        length = int(value) if name == b"content-length" else length
    while len(body) < length:
        body += _received(connection)
    return head + b"\r\n\r\n" + body


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise ConnectionError("the client sent no whole request")
    return data
