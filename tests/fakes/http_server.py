"""An HTTP server on loopback that misbehaves on request and records what it received."""

import socket
import ssl
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Final, Self

_PATIENCE: Final = 20.0
_RESET: Final = struct.pack("ii", 1, 0)


class Fault(Enum):
    """What goes wrong after the request was received, so after it may have taken effect."""

    NONE = auto()
    RESET = auto()
    """The connection is reset without an answer."""
    HALF = auto()
    """The body ends before its announced length."""
    HANG = auto()
    """Nothing is ever answered."""
    DRIP = auto()
    """The body comes byte by byte, each in time."""
    DRIP_HEADERS = auto()
    """The headers come byte by byte, each in time."""
    ENDLESS = auto()
    """The body never ends."""
    GARBAGE = auto()
    """What is answered is not HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered to one request."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = Fault.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request: header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class FakeHttpServer:
    """Answers the replies of its script one after the other, then the usual one again and again."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[Received] = []
        self.script: list[Reply] = []
        self.usual = Reply(body=b"ok")
        self.stopped = Event()
        self._server = _Server(self)
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https" if tls else "http"
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its origin."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    def replies(self, *replies: Reply) -> None:
        """Puts replies to the end of the script."""
        self.script.extend(replies)

    def reply_to(self, received: Received) -> Reply:
        """What is answered to this request."""
        del received
        return self.script.pop(0) if self.script else self.usual

    @contextmanager
    def running(self) -> Iterator[Self]:
        self._thread.start()
        try:
            yield self
        finally:
            self.stopped.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, owner: FakeHttpServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 5

    def do_POST(self) -> None:
        owner = self.server.owner
        length = int(self.headers.get("content-length", "0"))
        received = Received(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        owner.received.append(received)
        with suppress(OSError):
            self._answer(owner.reply_to(received))

    def do_GET(self) -> None:
        self.do_POST()

    def do_PATCH(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.do_POST()

    def _answer(self, reply: Reply) -> None:
        self.close_connection = True
        if reply.fault is Fault.HANG:
            self.server.owner.stopped.wait(_PATIENCE)
        elif reply.fault is Fault.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        elif reply.fault is Fault.GARBAGE:
            self.wfile.write(b"\x16\x03\x01 what is this\r\n\r\n")
        elif reply.fault is Fault.DRIP_HEADERS:
            self._drip(b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 1_000)
        else:
            self._head(reply)
            self._body(reply)

    def _head(self, reply: Reply) -> None:
        announced = len(reply.body) + (10 if reply.fault is Fault.HALF else 0)
        endless = reply.fault in {Fault.ENDLESS, Fault.DRIP}
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if not endless:
            self.send_header("Content-Length", str(announced))
        self.end_headers()

    def _body(self, reply: Reply) -> None:
        if reply.fault is Fault.DRIP:
            self._drip(b"o" * 1_000)
        while reply.fault is Fault.ENDLESS and not self.server.owner.stopped.is_set():
            self.wfile.write(b"x" * 65_536)
        self.wfile.write(reply.body)

    def _drip(self, data: bytes) -> None:
        for byte in data:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if self.server.owner.stopped.wait(0.05):
                return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Tests are quiet."""


def paths(received: Sequence[Received]) -> list[str]:
    """Where requests went, without their query."""
    return [request.path.partition("?")[0] for request in received]
