"""A short, stable address for the API: http://127.0.0.1:PORT/ before its execute-api path.

Bytes go through as they are. The X-Forwarded headers and the limit of 10 MB are API Gateway's,
and ministack has neither.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, InvalidURL
from socketserver import BaseServer

from cli.local.options import HOST
from cli.local.serve import ClientAddress, ClientSocket, RequestHandler

_LIMIT = 10 * 1024 * 1024
_SECONDS = 60
_OF_ONE_CONNECTION = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
_OURS = {"content-length", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"}


@dataclass(slots=True, kw_only=True)
class ForwardTarget:
    """Where requests go; nowhere before the API is deployed."""

    port: int
    api_id: str = ""


class Forwarder(RequestHandler):
    """One client's connection."""

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
        """Pass the request on, unless API Gateway would refuse it."""
        if not self._target.api_id:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        elif len(body) > _LIMIT:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._pass_on(body)

    def _pass_on(self, body: bytes) -> None:
        upstream = HTTPConnection(HOST, self._target.port, timeout=_SECONDS)
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
        left_out = _OF_ONE_CONNECTION | (set() if self.command == "HEAD" else {"content-length"})
        headers = [pair for pair in answer.getheaders() if pair[0].lower() not in left_out]
        return self.reply(answer.status, content, headers)

    def _ask(self, upstream: HTTPConnection, body: bytes) -> None:
        path = f"/_aws/execute-api/{self._target.api_id}/$default{self.path}"
        upstream.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _OF_ONE_CONNECTION | _OURS:
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
