"""The HTTP client of all connectors: requests, with strict limits.

It follows no redirects, uses no proxy, cookie or `.netrc` of the environment, verifies every
certificate and shares no connection. It reads a response up to a limit and until a deadline. Every
error is raised as SendRefused or SendDelayed, with a reason that contains no secret.
"""

import json
import logging
import re
import ssl
import zlib
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import field
from datetime import UTC, datetime, timedelta
from socket import socket
from typing import Final

import requests
import requests.adapters
import urllib3
from pydantic import JsonValue
from urllib3.connection import HTTPConnection, HTTPSConnection

from signalbox.egress.sockets import (
    Deadline,
    OutboundSocket,
    Resolve,
    UrlOrigin,
    resolve_host,
)
from signalbox.egress.tls import shared_public_tls
from signalbox.models.backoff import read_retry_after
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.frozen import frozen

MAX_RESPONSE_BYTES: Final = 64 * 1024
MAX_HEADER_BYTES: Final = 16 * 1024
_DEFAULT_HEADERS: Final = {
    "User-Agent": "signalbox",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
_COMPRESSIONS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB: Final = 32
_CERTIFICATE_ALERT: Final = re.compile(r"ALERT_(\w*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)")
"""https://www.rfc-editor.org/rfc/rfc8446#section-6.2"""

for _talker in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_talker).setLevel(logging.ERROR)  # what they say below that holds whole URLs


@frozen
class HttpRequest:
    """A request. Its URL, headers and body may contain secrets, so none of them is ever printed.

    `max_answer` is how many bytes of the response are read, if that is more than usual.
    """

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    max_answer: int = 0


@frozen
class HttpResponse:
    """A response: header names in lower case, the body up to the limit."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    retry_after: timedelta | None = None


def json_request(
    url: str, value: JsonValue, headers: Mapping[str, str] | None = None
) -> HttpRequest:
    """Return a POST request with a JSON value."""
    body = json.dumps(value, ensure_ascii=False).encode()
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return HttpRequest(url=url, headers={**kind, **(headers or {})}, body=body)


def _now() -> datetime:
    return datetime.now(UTC)


class HttpClient:
    """Send requests, each over its own connection.

    `trusted` are origins that may use plain HTTP and any address, for local use. Times are in
    seconds; `total` is for the whole call. `max_answer` bytes of a response are read.
    """

    def __init__(
        self,
        *,
        trusted: Collection[str] = (),
        connect: float = 3.0,
        read: float = 8.0,
        total: float = 10.0,
        max_answer: int = MAX_RESPONSE_BYTES,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve_host,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._trusted = frozenset(UrlOrigin.of(url) for url in trusted)
        self._timeouts = (connect, read)
        self._total = total
        self._max_answer = max_answer
        self._given_tls = tls
        self._resolve = resolve
        self._clock = clock

    def trusts(self, url: str) -> bool:
        """Return whether the URL is at a trusted origin."""
        try:
            return UrlOrigin.of(url) in self._trusted
        except ValueError:
            return False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response, whatever its status.

        Raises:
            SendRefused: The request can never be sent.
            SendDelayed: There was no response in time.
        """
        prepared, origin = _prepared(request)
        with closing(Deadline(self._total)) as deadline:
            line = OutboundSocket(
                origin=origin,
                trusted=origin in self._trusted,
                resolve=self._resolve,
                timeout=self._timeouts[0],
                deadline=deadline,
            )
            line.admit()
            try:
                answer = self._exchange(prepared, line, max(self._max_answer, request.max_answer))
            except (OSError, ValueError, urllib3.exceptions.HTTPError) as failure:
                root = _root(failure)
                trouble = f"the connection failed: {type(root).__name__}"
                alert = _certificate_alert(root)
            else:
                trouble = alert = ""
            if not deadline.left:
                trouble = f"there was no whole answer in {self._total:g} seconds"
        if alert:
            raise SendRefused(f"the target refuses the client certificate: {alert}")
        if trouble:
            raise SendDelayed(trouble)  # outside of the handler: what was caught prints the URL
        return answer

    def _tls_of(self, line: OutboundSocket) -> ssl.SSLContext | None:
        """Return the context of a connection. The shared one is made when the first is secure."""
        if line.origin.scheme != "https":
            return None
        return self._given_tls or shared_public_tls()

    def _exchange(
        self, prepared: requests.PreparedRequest, line: OutboundSocket, limit: int
    ) -> HttpResponse:
        with (
            _Pool(line, self._tls_of(line)) as pool,
            _Adapter(pool).send(prepared, stream=True, timeout=self._timeouts) as response,
        ):
            if response.is_redirect:
                raise SendRefused(f"redirects are not followed: {response.status_code}")
            headers = {name.lower(): value for name, value in response.headers.items()}
            if sum(map(len, (*headers, *headers.values()))) > MAX_HEADER_BYTES:
                raise SendDelayed("the headers of the answer are too long")
            body = _read(response.raw, limit)
        return HttpResponse(
            status=response.status_code,
            headers=headers,
            body=_unzipped(body, headers.get("content-encoding", ""), limit),
            retry_after=read_retry_after(headers.get("retry-after", ""), self._clock()),
        )


class _Plain(HTTPConnection):
    def __init__(self, line: OutboundSocket) -> None:
        super().__init__(line.origin.host, line.origin.port)
        self._line = line

    def _new_conn(self) -> socket:
        return self._line.open()


class _Secure(HTTPSConnection):
    def __init__(self, line: OutboundSocket, tls: ssl.SSLContext) -> None:
        super().__init__(line.origin.host, line.origin.port, ssl_context=tls)
        self._line = line

    def _new_conn(self) -> socket:
        return self._line.open()

    def connect(self) -> None:
        try:
            super().connect()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
            raise
        except ssl.SSLCertVerificationError as bad:
            raise SendRefused(f"the certificate is not valid: {bad.verify_message}") from None
        except ssl.SSLError as failure:
            if alert := _certificate_alert(failure):
                reason = f"the target refuses the client certificate: {alert}"
                raise SendRefused(reason) from None
            raise SendRefused(f"no TLS with the far side: {failure.reason}") from None


class _Pool(urllib3.HTTPConnectionPool):
    """A pool with a single connection, which is secure if it has a context of TLS."""

    def __init__(self, line: OutboundSocket, tls: ssl.SSLContext | None) -> None:
        super().__init__(line.origin.host, line.origin.port)
        self._line = line
        self._tls = tls

    def _new_conn(self) -> HTTPConnection:
        if self._tls:
            return _Secure(self._line, self._tls)
        return _Plain(self._line)


class _Adapter(requests.adapters.HTTPAdapter):
    """An adapter with one pool. A Session would read the body of a redirect without limit."""

    def __init__(self, pool: _Pool) -> None:
        super().__init__()
        self._pool = pool

    def get_connection_with_tls_context(self, *_: object, **__: object) -> _Pool:
        return self._pool


def _prepared(request: HttpRequest) -> tuple[requests.PreparedRequest, UrlOrigin]:
    try:
        origin = UrlOrigin.of(request.url)
        headers = {**_DEFAULT_HEADERS, **request.headers}
        for value in headers.values():
            value.encode("latin-1")
        made = requests.Request(request.method, request.url, headers, data=request.body or None)
        return made.prepare(), origin
    except ValueError as odd:
        reason = f"the request cannot be made: {type(odd).__name__}"
    raise SendRefused(reason)  # outside of the handler: what was caught prints the URL


def _read(raw: urllib3.BaseHTTPResponse, limit: int) -> bytes:
    """Return the body up to the limit. Only an empty read detects a body that ended too early."""
    body = b""
    while len(body) < limit and (more := raw.read(limit - len(body), decode_content=False)):
        body += more
    return body


def _unzipped(body: bytes, coding: str, limit: int) -> bytes:
    """Return the decompressed body, cut at the limit."""
    if coding.strip().lower() not in _COMPRESSIONS:
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS + _GZIP_OR_ZLIB).decompress(body, limit)
    except zlib.error:
        return b""


def _root(failure: BaseException) -> BaseException:
    """Return the first error in the chain. Its text may contain the URL, its type does not."""
    while inner := failure.__cause__ or failure.__context__ or _wrapped(failure):
        failure = inner
    return failure


def _wrapped(failure: BaseException) -> BaseException | None:
    """Return the error that one of urllib3 was made of."""
    inner = failure.args[0] if isinstance(failure, urllib3.exceptions.SSLError) else None
    return inner if isinstance(inner, BaseException) else None


def _certificate_alert(failure: BaseException) -> str:
    """Return the alert by which a server refuses a client certificate, or an empty text.

    With TLS 1.3 it arrives when the response is read.
    """
    reason = failure.reason if isinstance(failure, ssl.SSLError) else None
    return reason if reason and _CERTIFICATE_ALERT.search(reason) else ""
