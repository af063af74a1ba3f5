"""A server on loopback that stands for an endpoint of AWS, and fails as a test chose.

Each connection plays its own steps, one for each request; the last step of all is repeated.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Final, Self

_PATIENCE: Final = 5.0


def response(status: int, content: bytes = b"{}", **headers: str) -> bytes:
    """The bytes of a response; an underscore in a name of a header stands for a hyphen."""
    fields = {"content-length": str(len(content)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode() + content


Step = Callable[[socket.socket, "AwsServer"], bool]
"""Answers one request, and returns whether the connection stays open."""


def answers(content: bytes) -> Step:
    """Sends these bytes and keeps the connection."""

    def step(connection: socket.socket, _: "AwsServer") -> bool:
        connection.sendall(content)
        return True

    return step


def answers_and_closes(content: bytes) -> Step:
    """Sends these bytes and closes the connection."""

    def step(connection: socket.socket, server: "AwsServer") -> bool:
        connection.sendall(content)
        connection.close()
        server.closed.set()
        return False

    return step


def resets(connection: socket.socket, _: "AwsServer") -> bool:
    """Breaks the connection off with a reset."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    return False


def keeps_silent(_: socket.socket, server: "AwsServer") -> bool:
    """Answers nothing until the test is over."""
    server.over.wait(_PATIENCE)
    return False


class AwsServer:
    """Plays its steps, and records the requests that it got."""

    def __init__(self, *steps: Step, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = Event()
        self.over = Event()
        self._steps = list(steps)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._threads: list[Thread] = []

    @property
    def url(self) -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self._socket.getsockname()[1]}"

    @contextmanager
    def running(self) -> Iterator[Self]:
        accepting = Thread(target=self._accept)
        accepting.start()
        try:
            yield self
        finally:
            self.over.set()
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            for thread in (accepting, *self._threads):
                thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            thread = Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), self._secured(connection) as secured:
            secured.settimeout(0.05)
            while request := self._request(secured):
                self.requests.append(request)
                step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
                if not step(secured, self):
                    return

    def _secured(self, connection: socket.socket) -> socket.socket:
        if self._tls is None:
            return connection
        with connection:  # which wrapping replaces
            return self._tls.wrap_socket(connection, server_side=True)

    def _request(self, connection: socket.socket) -> bytes:
        raw = b""
        while not _is_whole(raw):
            try:
                data = connection.recv(65_536)
            except TimeoutError:
                if self.over.is_set():
                    return b""
                continue
            if not data:
                return b""
            raw += data
        return raw


def _is_whole(raw: bytes) -> bool:
    head, end, body = raw.partition(b"\r\n\r\n")
    lengths = [
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    return bool(end) and len(body) >= sum(lengths)
