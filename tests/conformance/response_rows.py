# ruff: noqa: E501  a row is a line
"""Rows about responses."""

from typing import Final

from tests.conformance.row import Row, broken, response, with_length
from tests.fakes.raw_server import OK

RESPONSES: Final = (
    Row("Go, TestReverseProxy", "status, body and fields are passed on", answer=with_length("X-A: 1", body=b"\x00\xff", status="418 Teapot"), status=418, got=(("X-A", "1"),), got_body=b"\x00\xff"),
    *(
        Row("RFC 9110, 15", f"{status} is passed on", answer=with_length(status=f"{status} X"), status=status)
        for status in (201, 206, 301, 302, 307, 400, 401, 404, 429, 500, 501, 599)
    ),
    *(
        Row("RFC 9110, 7.6.1", f"{name} of a response is of one hop", answer=with_length(f"{name}: x"), ungot=(name,))
        for name in ("keep-alive", "proxy-connection", "proxy-authenticate", "trailer", "upgrade", "te")
    ),
    Row("RFC 9110, 7.6.1", "what Connection of a response names", answer=with_length("Connection: close, X-A", "X-A: 1"), ungot=("x-a", "connection")),
    Row("RFC 6265, 3", "several Set-Cookie stay apart", answer=with_length("Set-Cookie: a=1, b", "Set-Cookie: c=2"), got=(("Set-Cookie", "a=1, b"), ("Set-Cookie", "c=2"))),
    Row("docs/gateway.md", "Server, Via and Alt-Svc tell of the inside", answer=with_length("Server: x", "Via: 1.1 y", 'Alt-Svc: h3=":443"'), ungot=("server", "via", "alt-svc")),
    Row("docs/gateway.md", "X-Request-ID of a response is ours", fields=(("x-request-id", "request-1"),), answer=with_length("X-Request-ID: theirs"), got=(("x-request-id", "request-1"),)),
    Row("RFC 9110, 8.8.3", "ETag, Cache-Control and Vary are passed on", answer=with_length('ETag: W/"1"', "Cache-Control: private", "Vary: a"), got=(("ETag", 'W/"1"'), ("Cache-Control", "private"), ("Vary", "a"))),
    Row("RFC 9110, 8.4", "a compressed answer is not touched", answer=with_length("Content-Encoding: gzip", body=b"\x1f\x8b\x00"), got=(("Content-Encoding", "gzip"),), got_body=b"\x1f\x8b\x00"),
    Row("RFC 9110, 9.3.2", "HEAD has no body, and keeps its length", method="HEAD", answer=response("Content-Length: 7", body=b""), got=(("Content-Length", "7"),), got_body=b""),
    Row("RFC 9110, 15.3.5", "204 has no body", answer=response(body=b"", status="204 No Content"), status=204, got_body=b""),
    Row("RFC 9110, 15.4.5", "304 has no body", answer=response("Content-Length: 7", 'ETag: "a"', body=b"", status="304 Not Modified"), status=304, got=(("Content-Length", "7"), ("ETag", '"a"')), got_body=b""),
    Row("RFC 9110, 15.2", "100 is not the answer", answer=b"HTTP/1.1 100 Continue\r\n\r\n" + OK, got_body=b"ok"),
    Row("RFC 9110, 15.2", "103 is not the answer", answer=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK, ungot=("link",), got_body=b"ok"),
    Row("RFC 9112, 6.3", "the end of the connection is that of the body", answer=response(body=b"whole"), got_body=b"whole"),
    Row("RFC 9112, 2.2", "HTTP/1.0", answer=b"HTTP/1.0 200 OK\r\n\r\nwhole", got_body=b"whole"),
    Row("RFC 9112, 7.1", "chunks", answer=response("Transfer-Encoding: chunked", body=b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), got_body=b"abcde", ungot=("transfer-encoding", "content-length")),
    Row("RFC 9112, 7.1.2", "trailers are left out", answer=response("Transfer-Encoding: chunked", body=b"1\r\na\r\n0\r\nX-T: 1\r\n\r\n"), got_body=b"a", ungot=("x-t",)),
    Row("RFC 9112, 6.3", "a length that is repeated", answer=response("Content-Length: 2", "Content-Length: 2"), got_body=b"ok"),
    Row("RFC 9112, 5.2", "folded lines are one", answer=with_length("X-A: 1", " 2"), got=(("X-A", "1 2"),)),
    Row("RFC 9112, 4", "a status without a reason", answer=with_length(status="200 "), got_body=b"ok"),
    Row("RFC 9112, 2.1", "the answer comes in pieces", answer=(b"HT", b"TP/1.1 200 OK\r\nContent-", b"Length: 2\r\n\r\no", b"k"), got_body=b"ok"),
    Row("RFC 9112, 9.2", "what follows the answer is ignored", answer=with_length() + b"HTTP/1.1 500 X\r\n\r\n", got_body=b"ok"),
    broken("RFC 9112, 6.3", "two lengths", response("Content-Length: 2", "Content-Length: 3")),
    broken("RFC 9112, 6.3", "a length that is none", response("Content-Length: -1")),
    broken("RFC 9112, 6.1", "a length and chunks", response("Content-Length: 2", "Transfer-Encoding: chunked", body=b"2\r\nok\r\n0\r\n\r\n")),
    broken("RFC 9112, 6.1", "an unknown coding", response("Transfer-Encoding: gzip, chunked")),
    broken("RFC 9112, 6.3", "the body is too short", response("Content-Length: 9")),
    broken("RFC 9112, 7.1", "the last chunk is missing", response("Transfer-Encoding: chunked", body=b"2\r\nok\r\n")),
    broken("RFC 9112, 7.1", "a chunk without a size", response("Transfer-Encoding: chunked", body=b"x\r\nok\r\n0\r\n\r\n")),
    broken("RFC 9112, 7.1", "a chunk that is longer than its size", response("Transfer-Encoding: chunked", body=b"1\r\nok\r\n0\r\n\r\n")),
    broken("RFC 9112, 8", "nothing is answered", b""),
    broken("RFC 9112, 8", "the head is not whole", b"HTTP/1.1 200 OK\r\nX-A"),
    broken("RFC 9112, 4", "the answer is no HTTP", b"\x16\x03\x01 what is this\r\n\r\n"),
    broken("RFC 9112, 4", "a status of two digits", response(status="20 OK")),
    broken("RFC 9110, 15", "a status over 599", with_length(status="600 X")),
    broken("RFC 9110, 7.8", "an upgrade that nobody asked for", response("Upgrade: x", body=b"", status="101 Switching Protocols")),
    broken("RFC 9112, 5.1", "a space before the colon", with_length("X-A : 1")),
    broken("RFC 9110, 5.5", "NUL in a field", with_length("X-A: \x00")),
    broken("RFC 9110, 5.5", "a bare CR in a field", with_length("X-A: 1\r2")),
    broken("RFC 9110, 5.4", "the head is too long", with_length("X-A: " + "1" * 17_000)),
    broken("RFC 9110, 15.2", "informational answers without end", b"HTTP/1.1 103 X\r\n\r\n" * 30 + OK),
    broken("docs/gateway.md", "the body is too large", with_length(body=b"x" * 200_001), "response_too_large"),
    Row("nginx, proxy_redirect", "Location below the service is one of the gateway", answer=with_length("Location: /api/43?a=1", status="201 X"), status=201, got=(("Location", "/api/orders/43?a=1"),)),
    Row("nginx, proxy_redirect", "Location outside of the service's paths stays", answer=with_length("Location: /login", status="302 X"), status=302, got=(("Location", "/login"),)),
    Row("nginx, proxy_redirect", "Location elsewhere stays", answer=with_length("Location: https://id.example.com/a", status="302 X"), status=302, got=(("Location", "https://id.example.com/a"),)),
)  # fmt: skip
