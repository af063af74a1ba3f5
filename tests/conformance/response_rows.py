# ruff: noqa: E501  a row is a line
"""Rows about responses."""

from typing import Final

from tests.conformance.row import TRUNCATED, Row, broken, response, with_length
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
    Row("RFC 9112, 7.1", "chunks", answer=response("Transfer-Encoding: chunked", body=b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), got_body=b"abcde", ungot=("transfer-encoding", "content-length"), asgi={"ungot": ("transfer-encoding",), "got": (("content-length", "5"),)}),
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
    broken("RFC 9112, 7.1", "the last chunk is missing", response("Transfer-Encoding: chunked", body=b"2\r\nok\r\n"), asgi=TRUNCATED),
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
    broken("docs/gateway.md", "the body is too large", with_length(body=b"x" * 200_001), "response_too_large", {"error": "", "status": 200, "got_body": b"x" * 200_001}),
    Row("nginx, proxy_redirect", "Location below the service is one of the gateway", answer=with_length("Location: /api/43?a=1", status="201 X"), status=201, got=(("Location", "/api/orders/43?a=1"),)),
    Row("nginx, proxy_redirect", "Location outside of the service's paths stays", answer=with_length("Location: /login", status="302 X"), status=302, got=(("Location", "/login"),)),
    Row("nginx, proxy_redirect", "Location elsewhere stays", answer=with_length("Location: https://id.example.com/a", status="302 X"), status=302, got=(("Location", "https://id.example.com/a"),)),
    Row("nginx, proxy_redirect", "Location with the URL of the instance", answer=with_length("Location: {origin}/api/43", status="302 X"), status=302, got=(("location", "/api/orders/43"),)),
    Row("nginx, proxy_redirect", "Location of a version", path="/api/orders/v2/42", answer=with_length("Location: /api/43", status="302 X"), status=302, got=(("location", "/api/orders/v2/43"),)),
    Row("nginx, proxy_redirect", "Location below the path of the instance", path="/api/based/42", answer=with_length("Location: /base/api/43", status="302 X"), status=302, got=(("location", "/api/based/43"),)),
    Row("RFC 9110, 10.2.2", "a relative Location stays", answer=with_length("Location: 43?a=1", status="303 X"), status=303, got=(("location", "43?a=1"),)),
    Row("RFC 9110, 15.4", "a redirect is not followed", answer=with_length("Location: {origin}/other", status="308 X"), status=308),
)  # fmt: skip

STATUSES: Final = (
    Row("RFC 9110, 9.3.2", "a problem has no body for HEAD", method="HEAD", path="/api/nothing", error="not_found", got_body=b""),
    Row("RFC 9110, 8.6", "204 has no length, for HEAD neither", method="HEAD", answer=response("Content-Length: 7", body=b"", status="204 X"), status=204, ungot=("content-length",), got_body=b""),
    Row("RFC 9110, 8.6", "204 has no length", answer=response("Content-Length: 0", body=b"", status="204 X"), status=204, ungot=("content-length",), got_body=b""),
    Row("RFC 9112, 6.3", "204 with bytes has no body", answer=with_length(status="204 X"), status=204, got_body=b""),
    Row("RFC 9110, 15.3.6", "205 has no body", answer=with_length(status="205 X"), status=205, got_body=b""),
    Row("RFC 9112, 6.3", "304 with bytes has no body", answer=with_length(status="304 X"), status=304, got_body=b""),
    Row("RFC 9112, 6.3", "HEAD with bytes has no body", method="HEAD", answer=with_length(), got_body=b"", got=(("content-length", "2"),)),
    Row("RFC 9112, 6.1", "HEAD with a coding has no body", method="HEAD", answer=response("Transfer-Encoding: chunked", body=b""), got_body=b"", ungot=("transfer-encoding", "content-length")),
    Row("RFC 9112, 6.3", "a body of no bytes", answer=response("Content-Length: 0", body=b"ignored"), got_body=b""),
    Row("RFC 9110, 11.6.1", "several WWW-Authenticate", answer=with_length("WWW-Authenticate: Basic", "WWW-Authenticate: Bearer", status="401 X"), status=401, got=(("www-authenticate", "Basic, Bearer"),), asgi={"got": (("www-authenticate", "Basic"), ("www-authenticate", "Bearer"))}),
    Row("RFC 9110, 10.2.3", "Retry-After is passed on", answer=with_length("Retry-After: 9", status="503 X"), status=503, got=(("retry-after", "9"),)),
    Row("RFC 9110, 15.6.3", "502 of the service with its body", answer=with_length(body=b"theirs", status="502 X"), status=502, got_body=b"theirs"),
    Row("RFC 9110, 15.5.17", "416 with its range", answer=with_length("Content-Range: bytes */9", status="416 X"), status=416, got=(("content-range", "bytes */9"),)),
    Row("RFC 9110, 15", "an unknown status is passed on", answer=with_length(status="299 X"), status=299),
    broken("RFC 9110, 15.2", "100 and no more", b"HTTP/1.1 100 Continue\r\n\r\n"),
    *(
        broken("RFC 9112, 4", f"the status line {line!r}", line.encode() + b"\r\nContent-Length: 2\r\n\r\nok")
        for line in ("HTTP/1.1 099 X", "HTTP/1.1 1000 X", "HTTP/1.1 2OO X", "HTTP/2.0 200 X", "HTTP/0.9 200 X", "http/1.1 200 X", "HTTP/11 200 X", "ICY 200 OK", "HTTP/1.1  200 OK", "200 OK")
    ),
    Row("RFC 9112, 4", "a reason with any characters", answer=with_length(status="200 Gr\xfc\xdfe"), got_body=b"ok"),
    Row("RFC 9112, 4", "no space after the status", answer=with_length(status="200"), got_body=b"ok"),
    Row("RFC 9112, 2.3", "a later minor version", answer=b"HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok", got_body=b"ok"),
    Row("RFC 9112, 2.2", "lines that end with LF", answer=b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", got_body=b"ok"),
)  # fmt: skip

_BREAKS_OFF: Final = (b"2\r\nok\r\n0\r\n", b"5\r\nok")

RESPONSE_FRAMING: Final = (
    *(
        broken("RFC 9112, 6.3", f"Content-Length: {text!r}", response(f"Content-Length: {text}"))
        for text in ("", "+2", "0x2", "2 2", "2, 3", "2;", "2.0", "9" * 30)
    ),
    Row("RFC 9110, 8.6", "a list of equal lengths", answer=response("Content-Length: 2, 2"), got_body=b"ok"),
    *(
        broken("RFC 9112, 6.1", f"Transfer-Encoding: {text!r}", response(f"Transfer-Encoding: {text}", body=b"2\r\nok\r\n0\r\n\r\n"))
        for text in ("identity", "gzip", "chunked, chunked", "xchunked", "chunked;q=1")
    ),
    broken("RFC 9112, 6.1", "a coding in HTTP/1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    Row("RFC 9112, 7", "the case of chunked of a response does not count", answer=response("Transfer-Encoding: CHUNKED", body=b"2\r\nok\r\n0\r\n\r\n"), got_body=b"ok"),
    Row("RFC 9112, 7.1", "sizes in any case, with zeros", answer=response("Transfer-Encoding: chunked", body=b"00A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), got_body=b"0123456789" * 2),
    Row("RFC 9112, 7.1.1", "extensions of chunks are ignored", answer=response("Transfer-Encoding: chunked", body=b'2;a="b;c"\r\nok\r\n0;d\r\n\r\n'), got_body=b"ok"),
    *(
        broken("RFC 9112, 7.1", f"the chunks {text!r}", response("Transfer-Encoding: chunked", body=text), asgi=TRUNCATED if text in _BREAKS_OFF else None)
        for text in (b"-2\r\nok\r\n0\r\n\r\n", b"0x2\r\nok\r\n0\r\n\r\n", b"2\r\nokxx0\r\n\r\n", b"2\r\nok\r\n0\r\n", b"f" * 21 + b"\r\nok", b"2\r\nok\r\n0\r\nX Y: 1\r\n\r\n", b"\r\n", b"5\r\nok")
    ),
    Row("RFC 9110, 6.5.1", "trailers are no fields", answer=response("Transfer-Encoding: chunked", "Trailer: Set-Cookie, X-T", body=b"2\r\nok\r\n0\r\nSet-Cookie: a=1\r\nContent-Length: 9\r\nX-T: 1\r\n\r\n"), got_body=b"ok", ungot=("set-cookie", "content-length", "trailer", "x-t"), asgi={"ungot": ("set-cookie", "trailer", "x-t"), "got": (("content-length", "2"),)}),
    Row("Go, TestUnannouncedTrailer", "trailers without Trailer are no fields", answer=response("Transfer-Encoding: chunked", body=b"2\r\nok\r\n0\r\nX-U: 1\r\n\r\n"), got_body=b"ok", ungot=("x-u",)),
)  # fmt: skip

RESPONSE_FIELDS: Final = (
    *(
        broken("RFC 9112, 5", f"the line {line!r}", with_length(line))
        for line in ("X-A", ": 1", "X A: 1", "X\x00A: 1", "X-A: \x01", "X-A: \x7f", "X(A): 1", "\xe9: 1")
    ),
    broken("RFC 9112, 2.2", "white space before the first field", b"HTTP/1.1 200 OK\r\n X-A: 1\r\nContent-Length: 2\r\n\r\nok"),
    Row("RFC 9112, 5.1", "blanks around a value", answer=with_length("X-A: \t 1 \t"), got=(("x-a", "1"),)),
    Row("RFC 9110, 5.5", "other characters in a value are kept", answer=with_length("X-A: \xe9"), got=(("x-a", "\xe9"),)),
    Row("Go, TestReverseProxyStripEmptyConnection", "an empty Connection of a response", answer=with_length("Connection: ", "Connection: X-A", "X-A: 1"), ungot=("connection", "x-a")),
    Row("Go, TestReverseProxyStripHeadersPresentInConnection", "several Connection fields", answer=with_length("Connection: X-A, x-b", "connection: X-C", "X-A: 1", "X-B: 1", "X-C: 1"), ungot=("x-a", "x-b", "x-c")),
    Row("RFC 9110, 7.6.1", "Connection cannot remove the body", answer=with_length("Connection: content-length"), got_body=b"ok"),
    Row("RFC 9110, 5.3", "repeated fields stay in order", answer=with_length("Link: <a>", "X-A: 1", "link: <b>"), got=(("link", "<a>, <b>"),), asgi={"got": (("link", "<a>"), ("link", "<b>"))}),
    Row("RFC 6265, 4.1", "attributes of cookies are kept", answer=with_length("Set-Cookie: a=1; Path=/; Expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly"), got=(("set-cookie", "a=1; Path=/; Expires=Sun, 06 Nov 1994 08:49:37 GMT; HttpOnly"),)),
    Row("docs/gateway.md", "X-Signalbox-* of a response is removed", answer=with_length("X-Signalbox-Debug: 1"), ungot=("x-signalbox-debug",)),
    Row("RFC 9110, 6.6.1", "Date is that of the service", answer=with_length("Date: Sun, 06 Nov 1994 08:49:37 GMT"), got=(("date", "Sun, 06 Nov 1994 08:49:37 GMT"),)),
    Row("RFC 6797, 6.1", "security headers are those of the service", answer=with_length("Strict-Transport-Security: max-age=1"), got=(("strict-transport-security", "max-age=1"),), ungot=("content-security-policy", "cache-control")),
    Row("RFC 9110, 8.7", "Content-Location is the service's", answer=with_length("Content-Location: /api/42"), got=(("content-location", "/api/42"),)),
    Row("Fetch, 3.3", "fields of CORS are the service's", answer=with_length("Access-Control-Allow-Origin: *"), got=(("access-control-allow-origin", "*"),)),
    Row("RFC 9110, 8.3", "no Content-Type is made up", ungot=("content-type",)),
)  # fmt: skip
