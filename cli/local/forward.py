"""A short, stable URL for the API: http://127.0.0.1:PORT/ forwards to its execute-api path.

Bytes are forwarded unchanged. The X-Forwarded headers and the limit of 10 MB are those of API
Gateway; ministack has neither. WebSocket connections to /live go to the WebSocket API.
"""

import json
import socket
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, InvalidURL
from socketserver import BaseServer

from cli.local.options import HOST
from cli.local.serve import ClientAddress, ClientSocket, RequestHandler
from cli.local.tunnel import copy_both_ways

_MAX_BODY_BYTES = 10 * 1024 * 1024
_TIMEOUT = 60
_LIVE = "/live"
_HOP_BY_HOP_HEADERS = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
_REPLACED_HEADERS = {"content-length", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}


@dataclass(slots=True, kw_only=True)
class ForwardTarget:
    """Where requests are forwarded; nowhere before the API is deployed."""

    port: int
    api_id: str = ""
    websocket_api_id: str = ""


class Forwarder(RequestHandler):
    """The handler of one connection."""

    def __init__(
        self,
        request: ClientSocket,
        address: ClientAddress,
        server: BaseServer,
        *,
        target: ForwardTarget,
    ) -> None:
        self._target = target
        super().__init__(request, address, server)

    def answer(self, body: bytes) -> None:
        """Forward the request, unless API Gateway would refuse it."""
        if not self._target.api_id:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        elif self._is_websocket:
            self._tunnel()
        elif len(body) > _MAX_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._pass_on(body)

    @property
    def _is_websocket(self) -> bool:
        upgrades = self.headers.get("Upgrade", "").lower() == "websocket"
        return upgrades and self.path.partition("?")[0] == _LIVE

    def _tunnel(self) -> None:
        """Hand the connection over to the WebSocket API."""
        self.close_connection = True
        path = f"/_aws/execute-api/{self._target.websocket_api_id}{self.path}"
        head = [
            f"GET {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        try:
            upstream = socket.create_connection((HOST, self._target.port), timeout=_TIMEOUT)
        except OSError:
            return self._refuse(HTTPStatus.BAD_GATEWAY)
        with upstream:
            upstream.settimeout(None)
            upstream.sendall("\r\n".join([*head, "", ""]).encode("latin-1"))
            return copy_both_ways(self.connection, upstream)

    def _pass_on(self, body: bytes) -> None:
        upstream = HTTPConnection(HOST, self._target.port, timeout=_TIMEOUT)
        try:
            self._ask(upstream, body)
            answer = upstream.getresponse()
            content = answer.read()
        except (InvalidURL, ValueError):
            return self._refuse(HTTPStatus.BAD_REQUEST)
        except (HTTPException, OSError):
            return self._refuse(HTTPStatus.BAD_GATEWAY)
        finally:
            upstream.close()
        left_out = _HOP_BY_HOP_HEADERS | (set() if self.command == "HEAD" else {"content-length"})
        headers = [pair for pair in answer.getheaders() if pair[0].lower() not in left_out]
        return self.reply(answer.status, content, headers)

    def _ask(self, upstream: HTTPConnection, body: bytes) -> None:
        path = f"/_aws/execute-api/{self._target.api_id}/$default{self.path}"
        upstream.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _HOP_BY_HOP_HEADERS | _REPLACED_HEADERS:
                upstream.putheader(name, value)
        hops = [*self.headers.get_all("X-Forwarded-For", []), self.client_address[0]]
        upstream.putheader("X-Forwarded-For", ", ".join(hops))
        upstream.putheader("X-Forwarded-Port", str(self.connection.getsockname()[1]))
        upstream.putheader("X-Forwarded-Proto", "http")
        if body or "Content-Length" in self.headers:
            upstream.putheader("Content-Length", str(len(body)))
        upstream.endheaders(body)

    def _refuse(self, status: HTTPStatus) -> None:
        body = json.dumps({"message": status.phrase}).encode()
        self.reply(status, body, [("Content-Type", "application/json")])
