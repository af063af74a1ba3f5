"""The management API of WebSocket connections, called without the SDK.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from typing_extensions import override

from signalbox.aws.protocols import ConnectionsApi
from signalbox.aws.transport.clients import tls_of, wider_tls_of
from signalbox.aws.transport.credentials import credential_source
from signalbox.aws.transport.endpoints import parse_endpoint, region_of
from signalbox.aws.transport.http_pool import HttpPool
from signalbox.aws.transport.json_caller import read_refusal
from signalbox.aws.transport.sigv4 import SigningScope, sign_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signalbox.aws.transport.clients import CallLimits

MAX_CALLS: Final = 32
"""How many frames are sent at the same time."""

_SERVICE: Final = "execute-api"


class ConnectionsTransport(ConnectionsApi):
    """Sends frames. A call is made once."""

    def __init__(self, url: str, environment: Mapping[str, str], limits: CallLimits) -> None:
        self._endpoint = parse_endpoint(url, "the URL of WebSocket connections")
        self._pool = HttpPool(
            self._endpoint,
            tls=tls_of(environment),
            wider_tls=wider_tls_of(environment),
            connect_timeout=limits.connect_timeout,
            read_timeout=limits.read_timeout,
            max_idle=MAX_CALLS,
        )
        self._scope = SigningScope(region=region_of(environment), service=_SERVICE)
        self._credentials = credential_source(environment)

    @override
    def post(self, connection: str, frame: bytes) -> None:
        self._call("POST", connection, frame)

    @override
    def delete(self, connection: str) -> None:
        self._call("DELETE", connection, b"")

    def _call(self, method: str, connection: str, body: bytes) -> None:
        path = f"{self._endpoint.path.rstrip('/')}/@connections/{quote(connection, safe='')}"
        headers = sign_headers(
            {"content-type": "application/json", "host": self._endpoint.authority},
            body,
            credentials=self._credentials(),
            scope=self._scope,
            now=time.time(),
            method=method,
            path=quote(path, safe="/~"),  # a signature has the path encoded once more
        )
        response = self._pool.post(headers, body, method=method, path=path)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise read_refusal(method, response)
