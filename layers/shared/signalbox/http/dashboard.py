"""The dashboard: a page and its assets, files that are built and deployed with the function.

Nearly all of a start would be imports, so this module needs nothing but a few of the standard
library. The page has its routes in the fragment of the URL, so there are no other paths. A file is
compressed when it is first asked for: all of them take a few milliseconds, and none is built twice.
"""

import base64
import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cache, cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from signalbox.http.content_encoding import accepts_gzip
from signalbox.http.security_headers import SECURITY_HEADERS

if TYPE_CHECKING:
    from signalbox.http.events import LambdaResponse

INDEX: Final = "index.html"

_ASSETS: Final = "assets"
_ASSET_ROUTE: Final = "/assets/{proxy+}"
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_PLAIN: Final = "text/plain; charset=utf-8"
_IMMUTABLE: Final = "public, max-age=31536000, immutable"
_ETAG: Final = re.compile(r'(?:W/)?("[^"]*")')
_SOURCE: Final = re.compile(r"wss?://[^\s;,'\"]+")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src {connect}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    **SECURITY_HEADERS,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), "
    "payment=(), usb=()",
}


class _Content(NamedTuple):
    """The content of a file in one encoding."""

    body: str
    is_base64: bool
    etag: str


class Dashboard:
    """A Lambda handler that serves the files of a directory.

    `connect` is the URL of the WebSocket API, to which the page may connect; empty without one.
    """

    def __init__(self, files: Path, *, connect: str = "") -> None:
        self._files = files
        allowed = ["'self'", *([connect] if _SOURCE.fullmatch(connect) else [])]
        policy = _POLICY.format(connect=" ".join(allowed))
        self._headers = {**_HEADERS, "content-security-policy": policy}
        self._content = cache(_read)

    def __call__(self, event: Mapping[str, Any], _context: object) -> "LambdaResponse":
        """Return the response to a request."""
        method = event["requestContext"]["http"]["method"]
        if method not in {"GET", "HEAD"}:
            return self._text(HTTPStatus.METHOD_NOT_ALLOWED, {"allow": "GET, HEAD"})
        is_asset = str(event.get("routeKey", "")).endswith(_ASSET_ROUTE)
        path = str(event["rawPath"])
        if not is_asset and not path.endswith("/"):
            # under a base path; the page names its assets relative to itself
            return self._text(HTTPStatus.PERMANENT_REDIRECT, {"location": _with_slash(path)})
        file = self._asset(event) if is_asset else self._files / INDEX
        response = self._file(event, file) if file else self._text(HTTPStatus.NOT_FOUND)
        return response if method == "GET" else {**response, "body": "", "isBase64Encoded": False}

    @cached_property
    def _assets(self) -> Mapping[str, Path]:
        """Return the files by name. Others cannot be named, whatever is in a path."""
        return {path.name: path for path in (self._files / _ASSETS).glob("*") if path.is_file()}

    def _asset(self, event: Mapping[str, Any]) -> Path | None:
        parameters = event.get("pathParameters") or {}
        return self._assets.get(str(parameters.get("proxy")))

    def _file(self, event: Mapping[str, Any], file: Path) -> "LambdaResponse":
        sent = {str(name).lower(): value for name, value in (event.get("headers") or {}).items()}
        gzipped = accepts_gzip(sent.get("accept-encoding", ""))
        content = self._content(file, gzipped=gzipped)
        headers = {
            **self._headers,
            "cache-control": "no-cache" if file.name == INDEX else _IMMUTABLE,
            "etag": content.etag,
            "vary": "accept-encoding",
        }
        if _matches(sent.get("if-none-match", ""), content.etag):
            return _response(HTTPStatus.NOT_MODIFIED, headers, "")
        headers["content-type"] = _MEDIA_TYPES.get(file.suffix, "application/octet-stream")
        if gzipped:
            headers["content-encoding"] = "gzip"
        return _response(HTTPStatus.OK, headers, content.body, is_base64=content.is_base64)

    def _text(self, status: HTTPStatus, more: Mapping[str, str] | None = None) -> "LambdaResponse":
        headers = {**self._headers, "content-type": _PLAIN, **(more or {})}
        return _response(status, headers, f"{status.phrase}\n")


def _read(file: Path, *, gzipped: bool) -> _Content:
    content = file.read_bytes()
    if gzipped:
        content = gzip.compress(content, mtime=0)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    try:
        return _Content(body=content.decode(), is_base64=False, etag=etag)
    except UnicodeDecodeError:
        return _Content(body=base64.b64encode(content).decode(), is_base64=True, etag=etag)


def _matches(if_none_match: str, etag: str) -> bool:
    return if_none_match.strip() == "*" or etag in _ETAG.findall(if_none_match)


def _with_slash(path: str) -> str:
    """Return the location of the directory, relative, so that no path names another host."""
    return f"./{path.rpartition('/')[2]}/"


def _response(
    status: HTTPStatus, headers: Mapping[str, str], body: str, *, is_base64: bool = False
) -> "LambdaResponse":
    return {
        "statusCode": status.value,
        "headers": dict(headers),
        "body": body,
        "isBase64Encoded": is_base64,
    }
