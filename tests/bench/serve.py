"""The cloud of the bench behind a socket, so that functions use the whole of their transport."""

import json
import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from unittest.mock import patch

from signalbox.aws.transport.http_pool import HttpPool
from tests.bench.stub import Cloud

_PHRASES: Final = {200: "OK", 400: "Bad Request"}


class _Connection(socketserver.StreamRequestHandler):
    """Reads as little of HTTP as the transport needs."""

    cloud: Cloud
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while self.rfile.readline():
            headers = dict(self._headers())
            body = self.rfile.read(int(headers[b"content-length"]))
            status, answer = self.cloud.answer(headers[b"x-amz-target"].decode(), body)
            content = json.dumps(answer, separators=(",", ":")).encode()
            head = (
                f"HTTP/1.1 {status} {_PHRASES[status]}\r\n"
                "x-amzn-RequestId: bench\r\n"
                "content-type: application/x-amz-json-1.0\r\n"
                f"content-length: {len(content)}\r\n\r\n"
            )
            self.wfile.write(head.encode() + content)

    def _headers(self) -> Iterator[tuple[bytes, bytes]]:
        while line := self.rfile.readline().strip():
            name, _, value = line.partition(b":")
            yield name.lower(), value.strip()


class CloudServer(socketserver.ThreadingTCPServer):
    """Serves a cloud, each connection in a thread."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(("127.0.0.1", 0), type("_", (_Connection,), {"cloud": cloud}))

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def served(cloud: Cloud) -> Iterator[None]:
    """Lets functions that are made here call the cloud through a socket, in other threads.

    So the time of this thread is that of the function alone.
    """
    with CloudServer(cloud) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            with patch.dict(os.environ, {"AWS_ENDPOINT_URL": server.url}), _closed_afterwards():
                yield
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _closed_afterwards() -> Iterator[None]:
    """Close the connections that functions keep for their next calls, of which there are none."""
    connect, opened = HttpPool._connect, list[socket.socket]()

    def connected(pool: HttpPool) -> socket.socket:
        opened.append(connect(pool))
        return opened[-1]

    try:
        with patch.object(HttpPool, "_connect", connected):
            yield
    finally:
        for connection in opened:
            connection.close()
