# ruff: noqa: E501  a row is a line
"""What a reverse proxy does, row by row, as facts of RFC 9110, RFC 9112 and RFC 7239."""

from dataclasses import dataclass
from typing import Final

from signalbox.services.ports.gateway import HeaderFields
from tests.fakes.raw_server import OK

HEAD: Final = "head"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A request, what the service is to get of it, and what the client gets.

    `line` is the request line; `sent` are fields that the service gets, `unsent` names that it does
    not get. `error` is the code of the problem if the client gets one: then with `reached` the
    service got the request.
    """

    rule: str
    method: str = "GET"
    path: str = "/api/orders/42"
    query: str = ""
    fields: HeaderFields = ()
    body: bytes = b""
    host: str = "api.example.com"
    client: str = "192.0.2.7"
    line: str = ""
    sent: HeaderFields = ()
    unsent: tuple[str, ...] = ()
    sent_body: bytes | None = None
    answer: bytes | tuple[bytes, ...] = OK
    status: int = 200
    got: HeaderFields = ()
    ungot: tuple[str, ...] = ()
    got_body: bytes | None = None
    error: str = ""
    reached: bool = False


def response(*lines: str, body: bytes = b"ok", status: str = "200 OK") -> bytes:
    head = "\r\n".join((f"HTTP/1.1 {status}", *lines))
    return head.encode("latin-1") + b"\r\n\r\n" + body


def with_length(*lines: str, body: bytes = b"ok", status: str = "200 OK") -> bytes:
    return response(*lines, f"Content-Length: {len(body)}", body=body, status=status)


def broken(rule: str, answer: bytes | tuple[bytes, ...], code: str = "bad_gateway") -> Row:
    return Row(rule=f"no answer: {rule}", answer=answer, error=code, reached=True)


def refused(rule: str, *fields: tuple[str, str], code: str = "headers_invalid", **more: str) -> Row:
    return Row(rule=rule, fields=fields, error=code, method=more.get("method", "GET"))


def odd_path(path: str) -> Row:
    return Row(rule=f"security: the path {path!r} is refused", path=path, error="path_invalid")


PATHS: Final = (
    Row(rule="the name of the service is replaced", line="GET /api/42 HTTP/1.1"),
    Row(rule="the root of a service", path="/api/orders", line="GET /api HTTP/1.1"),
    Row(rule="a slash at the end is kept", path="/api/orders/", line="GET /api/ HTTP/1.1"),
    Row(rule="a version in the path", path="/api/orders/v2/42", line="GET /api/42 HTTP/1.1"),
    Row(rule="an unknown version is a segment", path="/api/orders/v3/1", line="GET /api/v3/1 HTTP/1.1"),
    Row(rule="an escaped slash is kept", path="/api/orders/a%2Fb", line="GET /api/a%2Fb HTTP/1.1"),
    Row(rule="the case of escapes is kept", path="/api/orders/%e2%82%AC", line="GET /api/%e2%82%AC HTTP/1.1"),
    Row(rule="parameters after ; are kept", path="/api/orders/a;b=1", line="GET /api/a;b=1 HTTP/1.1"),
    Row(rule="sub-delimiters are kept", path="/api/orders/!$&'()*+,=:@", line="GET /api/!$&'()*+,=:@ HTTP/1.1"),
    Row(rule="an escaped percent sign is kept", path="/api/orders/100%25", line="GET /api/100%25 HTTP/1.1"),
    Row(rule="what API Gateway decoded is escaped", path="/api/orders/a b\u20ac?#", line="GET /api/a%20b%E2%82%AC%3F%23 HTTP/1.1"),
    Row(rule="a query is kept", query="a=1&a=2&b=&&c", line="GET /api/42?a=1&a=2&b=&&c HTTP/1.1"),
    Row(rule="escapes of a query are kept", query="q=%2F%2f+%20;x", line="GET /api/42?q=%2F%2f+%20;x HTTP/1.1"),
    Row(rule="an unknown service", path="/api/nothing/42", error="not_found"),
    Row(rule="an escaped name is that name", path="/api/%6Frders/42", line="GET /api/42 HTTP/1.1"),
    Row(rule="an escaped slash is no end of a name", path="/api/orders%2F42", error="not_found"),
    Row(rule="the API is no service", path="/api/v1/tasks", error="not_found"),
    Row(rule="the gateway is no service", path="/api/gateway/x", error="not_found"),
    *map(
        odd_path,
        (
            "/api/orders/../x",
            "/api/orders/./x",
            "/api/orders/..",
            "/api/orders/%2e%2e/x",
            "/api/orders/%2E./x",
            "/api/orders/..%2fx",
            "/api/orders/x%2f..",
            "/api/orders/%252e%252e/x",
            "/api/orders/..;/x",
            "/api/orders/..;a=b/x",
            "/api/orders/.%3B/x",
            "/api/orders//x",
            "/api//orders",
            "//api/orders",
            "/api/orders/a\\b",
            "/api/orders/a%5cb",
            "/api/orders/%00",
            "/api/orders/%0d%0aX:1",
            "/api/orders/a\r\nb",
            "/api/orders/%c0%ae%c0%ae/x",
            "/api/orders/%ff",
            "/api/orders/%zz",
            "/api/orders/%",
            "/api/orders/%2525252541",
            "api/orders",
        ),
    ),
)  # fmt: skip

METHODS: Final = (
    *(
        Row(rule=f"RFC 9110, 9: {name} is forwarded", method=name, line=f"{name} /api/42 HTTP/1.1")
        for name in ("GET", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "patch")
    ),
    *(
        Row(rule=f"RFC 9110, 8.6: {name} without a body has a length", method=name, sent=(("content-length", "0"),))
        for name in ("POST", "PUT", "PATCH")
    ),
    Row(rule="RFC 9110, 8.6: GET without a body has none", unsent=("content-length",)),
    Row(rule="a body keeps its bytes", method="POST", body=bytes(range(256)), sent_body=bytes(range(256)), sent=(("content-length", "256"),)),
    Row(rule="a body of GET is forwarded", body=b"x", sent_body=b"x", sent=(("content-length", "1"),)),
    Row(rule="a compressed body is not touched", method="POST", body=b"\x1f\x8b\x00", fields=(("content-encoding", "gzip"),), sent=(("content-encoding", "gzip"),), sent_body=b"\x1f\x8b\x00"),
    Row(rule="RFC 9112, 6.1: a chunked request gets a length", method="POST", body=b"abc", fields=(("transfer-encoding", "chunked"),), sent=(("content-length", "3"),), unsent=("transfer-encoding",)),
    Row(rule="RFC 9110, 9.3.6: CONNECT", method="CONNECT", error="upgrade_not_supported"),
    refused("RFC 9110, 9.1: a method is a token", method="GE T"),
)  # fmt: skip

REQUEST_FIELDS: Final = (
    *(
        Row(rule=f"RFC 9110, 7.6.1: {name} is of one hop", fields=((name, "x"),), unsent=(name,))
        for name in ("keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "trailer", "http2-settings")
    ),
    Row(rule="RFC 9110, 7.6.1: Connection is ours", fields=(("connection", "keep-alive"),), sent=(("connection", "close"),)),
    Row(rule="RFC 9110, 7.6.1: what Connection names is removed", fields=(("connection", "x-a, X-B"), ("x-a", "1"), ("X-B", "2")), unsent=("x-a", "x-b")),
    Row(rule="RFC 9110, 7.6.1: several Connection fields", fields=(("connection", "x-a"), ("Connection", "x-b"), ("x-a", "1"), ("x-b", "2")), unsent=("x-a", "x-b")),
    Row(rule="RFC 9110, 7.6.1: Connection cannot remove what we add", fields=(("connection", "x-forwarded-for, host, via"),), sent=(("x-forwarded-for", "192.0.2.7"), ("via", "1.1 signalbox"))),
    Row(rule="RFC 9110, 10.1.4: TE: trailers is kept, as a field of this hop", fields=(("te", "trailers, deflate;q=0.5"),), sent=(("te", "trailers"), ("connection", "close, te"))),
    Row(rule="RFC 9110, 10.1.4: another TE is removed", fields=(("te", "gzip"),), unsent=("te",)),
    Row(rule="RFC 9110, 10.1.1: 100-continue is met by the gateway", fields=(("expect", "100-Continue"),), unsent=("expect",)),
    refused("RFC 9110, 10.1.1: another expectation", ("expect", "200-ok"), code="expectation_failed"),
    refused("RFC 9110, 7.8: Upgrade", ("connection", "upgrade"), ("upgrade", "websocket"), code="upgrade_not_supported"),
    refused("RFC 9110, 7.8: one of several protocols", ("upgrade", "h2c, websocket"), code="upgrade_not_supported"),
    Row(rule="RFC 9113, 3.1: h2c is ignored", fields=(("upgrade", "h2c"), ("connection", "upgrade, http2-settings")), unsent=("upgrade",)),
    refused("RFC 9112, 6.3: two lengths", ("content-length", "0"), ("content-length", "1")),
    refused("RFC 9112, 6.3: a list of lengths", ("content-length", "0, 1")),
    refused("RFC 9112, 6.3: a length that is none", ("content-length", "+0")),
    refused("RFC 9112, 6.3: a length of other digits", ("content-length", "\u0661")),
    refused("RFC 9112, 6.3: a length that the body does not have", ("content-length", "7")),
    refused("RFC 9112, 6.1: a length and a coding", ("content-length", "0"), ("transfer-encoding", "chunked")),
    refused("RFC 9112, 6.1: an unknown coding", ("transfer-encoding", "gzip, chunked")),
    refused("RFC 9112, 6.1: chunked twice", ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")),
    refused("RFC 9112, 3.2: several Host", ("host", "a"), ("host", "b")),
    refused("RFC 9110, 5.5: CR LF in a value", ("x-a", "1\r\nx-b: 2")),
    refused("RFC 9110, 5.5: a bare LF", ("x-a", "1\n2")),
    refused("RFC 9110, 5.5: a bare CR", ("x-a", "1\r2")),
    refused("RFC 9110, 5.5: NUL", ("x-a", "\x00")),
    refused("RFC 9110, 5.5: characters over 255", ("x-a", "\u20ac")),
    refused("RFC 9110, 5.1: a name is a token", ("x a", "1")),
    refused("RFC 9110, 5.1: a name is not empty", ("", "1")),
    refused("RFC 9112, 5.1: no space before the colon", ("content-length ", "0")),
    refused("RFC 9110, 5.4: too long", ("x-a", "1" * 17_000), code="headers_too_large"),
    Row(rule="RFC 9110, 5.3: repeated fields stay apart and in order", fields=(("x-a", "1"), ("x-a", "2")), sent=(("x-a", "1"), ("x-a", "2"))),
    Row(rule="RFC 9110, 5.5: obs-text and tabs are kept", fields=(("x-a", "\xe9\t\xff"),), sent=(("x-a", "\xe9\t\xff"),)),
    Row(rule="cookies are for the service", fields=(("cookie", "a=1; b=2"),), sent=(("cookie", "a=1; b=2"),)),
    Row(rule="conditions and ranges are for the service", fields=(("if-none-match", '"x"'), ("range", "bytes=0-1")), sent=(("if-none-match", '"x"'), ("range", "bytes=0-1"))),
    Row(rule="Accept-Encoding is kept", fields=(("accept-encoding", "br"),), sent=(("accept-encoding", "br"),)),
    Row(rule="no Accept-Encoding and User-Agent are made up", unsent=("accept-encoding", "user-agent", "accept")),
    Row(rule="RFC 9110, 7.2: Host is that of the instance", fields=(("host", "evil.example.com"),), sent=(("x-forwarded-host", "api.example.com"),)),
    Row(rule="X-Forwarded-* of outside is replaced", fields=(("x-forwarded-for", "9.9.9.9"), ("x-forwarded-proto", "ftp"), ("x-forwarded-host", "evil"), ("x-forwarded-port", "1"), ("x-forwarded-prefix", "/evil"), ("x-forwarded-user", "root")), sent=(("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "api.example.com"), ("x-forwarded-port", "443"), ("x-forwarded-prefix", "/api/orders")), unsent=("x-forwarded-user",)),
    Row(rule="a name with underscores replaces no other", fields=(("x_forwarded_for", "9.9.9.9"), ("X_Signalbox_Identity", "x"), ("x_own_field", "1")), sent=(("x_own_field", "1"),), unsent=("x_forwarded_for", "x_signalbox_identity")),
    Row(rule="RFC 7239: Forwarded of outside is replaced", fields=(("forwarded", "for=9.9.9.9"),), sent=(("forwarded", "for=192.0.2.7;host=api.example.com;proto=https"),)),
    Row(rule="RFC 7239, 6: an address of IPv6 is quoted", client="2001:db8::7", sent=(("forwarded", 'for="[2001:db8::7]";host=api.example.com;proto=https'), ("x-forwarded-for", "2001:db8::7"))),
    Row(rule="RFC 7239, 4: a host with a port is quoted", host="a.example.com:8443", sent=(("forwarded", 'for=192.0.2.7;host="a.example.com:8443";proto=https'),)),
    Row(rule="RFC 9110, 7.6.3: Via is added", sent=(("via", "1.1 signalbox"),)),
    Row(rule="RFC 9110, 7.6.3: Via is continued", fields=(("via", "1.0 fred"),), sent=(("via", "1.0 fred, 1.1 signalbox"),)),
    refused("RFC 9110, 7.6.3: Via shows a loop", ("via", "1.0 fred, 1.1 signalbox"), code="loop_detected"),
    Row(rule="a request id is passed on", fields=(("x-request-id", "theirs"),), sent=(("x-request-id", "req_1"),)),
    Row(rule="traceparent is passed on", fields=(("traceparent", "00-1-2-01"), ("tracestate", "a=1"), ("baggage", "k=v")), sent=(("traceparent", "00-1-2-01"), ("tracestate", "a=1"), ("baggage", "k=v"))),
    *(
        Row(rule=f"security: {name} of outside is removed", fields=((name, "x"),), unsent=(name,))
        for name in ("x-real-ip", "x-amzn-trace-id", "x-signalbox-identity")
    ),
    Row(rule="credentials that were meant for us are removed", fields=(("x-api-key", "sbx_live_x"), ("X-Api-Key", "y"), ("x_api_key", "z")), unsent=("x-api-key", "x_api_key")),
    Row(rule="Accept-Version picks a version", fields=(("accept-version", "v2"),), sent=(("accept-version", "v2"),)),
    Row(rule="Accept-Version without v", fields=(("accept-version", "2"),), line="GET /api/42 HTTP/1.1"),
    refused("a version that is not there", ("accept-version", "v9"), code="not_found"),
)  # fmt: skip

RESPONSES: Final = (
    Row(rule="status, body and fields are passed on", answer=with_length("X-A: 1", body=b"\x00\xff", status="418 Teapot"), status=418, got=(("X-A", "1"),), got_body=b"\x00\xff"),
    *(
        Row(rule=f"RFC 9110, 15: {status} is passed on", answer=with_length(status=f"{status} X"), status=status)
        for status in (201, 206, 301, 302, 307, 400, 401, 404, 429, 500, 501, 599)
    ),
    *(
        Row(rule=f"RFC 9110, 7.6.1: {name} of a response is of one hop", answer=with_length(f"{name}: x"), ungot=(name,))
        for name in ("keep-alive", "proxy-connection", "proxy-authenticate", "trailer", "upgrade", "te")
    ),
    Row(rule="RFC 9110, 7.6.1: what Connection of a response names", answer=with_length("Connection: close, X-A", "X-A: 1"), ungot=("x-a", "connection")),
    Row(rule="several Set-Cookie stay apart", answer=with_length("Set-Cookie: a=1, b", "Set-Cookie: c=2"), got=(("Set-Cookie", "a=1, b"), ("Set-Cookie", "c=2"))),
    Row(rule="Server, Via and Alt-Svc tell of the inside", answer=with_length("Server: x", "Via: 1.1 y", 'Alt-Svc: h3=":443"'), ungot=("server", "via", "alt-svc")),
    Row(rule="X-Request-ID of a response is ours", answer=with_length("X-Request-ID: theirs"), ungot=("x-request-id",)),
    Row(rule="ETag, Cache-Control and Vary are passed on", answer=with_length('ETag: W/"1"', "Cache-Control: private", "Vary: a"), got=(("ETag", 'W/"1"'), ("Cache-Control", "private"), ("Vary", "a"))),
    Row(rule="a compressed answer is not touched", answer=with_length("Content-Encoding: gzip", body=b"\x1f\x8b\x00"), got=(("Content-Encoding", "gzip"),), got_body=b"\x1f\x8b\x00"),
    Row(rule="RFC 9110, 9.3.2: HEAD has no body, and keeps its length", method="HEAD", answer=response("Content-Length: 7", body=b""), got=(("Content-Length", "7"),), got_body=b""),
    Row(rule="RFC 9110, 15.3.5: 204 has no body", answer=response(body=b"", status="204 No Content"), status=204, got_body=b""),
    Row(rule="RFC 9110, 15.4.5: 304 has no body", answer=response("Content-Length: 7", 'ETag: "a"', body=b"", status="304 Not Modified"), status=304, got=(("Content-Length", "7"), ("ETag", '"a"')), got_body=b""),
    Row(rule="RFC 9110, 15.2: 100 is not the answer", answer=b"HTTP/1.1 100 Continue\r\n\r\n" + OK, got_body=b"ok"),
    Row(rule="RFC 9110, 15.2: 103 is not the answer", answer=b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK, ungot=("link",), got_body=b"ok"),
    Row(rule="RFC 9112, 6.3: the end of the connection is that of the body", answer=response(body=b"whole"), got_body=b"whole"),
    Row(rule="RFC 9112, 2.2: HTTP/1.0", answer=b"HTTP/1.0 200 OK\r\n\r\nwhole", got_body=b"whole"),
    Row(rule="RFC 9112, 7.1: chunks", answer=response("Transfer-Encoding: chunked", body=b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"), got_body=b"abcde", ungot=("transfer-encoding", "content-length")),
    Row(rule="RFC 9112, 7.1.2: trailers are left out", answer=response("Transfer-Encoding: chunked", body=b"1\r\na\r\n0\r\nX-T: 1\r\n\r\n"), got_body=b"a", ungot=("x-t",)),
    Row(rule="RFC 9112, 6.3: a length that is repeated", answer=response("Content-Length: 2", "Content-Length: 2"), got_body=b"ok"),
    Row(rule="RFC 9112, 5.2: folded lines are one", answer=with_length("X-A: 1", " 2"), got=(("X-A", "1 2"),)),
    Row(rule="RFC 9112, 4: a status without a reason", answer=with_length(status="200 "), got_body=b"ok"),
    Row(rule="the answer comes in pieces", answer=(b"HT", b"TP/1.1 200 OK\r\nContent-", b"Length: 2\r\n\r\no", b"k"), got_body=b"ok"),
    Row(rule="what follows the answer is ignored", answer=with_length() + b"HTTP/1.1 500 X\r\n\r\n", got_body=b"ok"),
    broken("RFC 9112, 6.3: two lengths", response("Content-Length: 2", "Content-Length: 3")),
    broken("RFC 9112, 6.3: a length that is none", response("Content-Length: -1")),
    broken("RFC 9112, 6.1: a length and chunks", response("Content-Length: 2", "Transfer-Encoding: chunked", body=b"2\r\nok\r\n0\r\n\r\n")),
    broken("RFC 9112, 6.1: an unknown coding", response("Transfer-Encoding: gzip, chunked")),
    broken("RFC 9112, 6.3: the body is too short", response("Content-Length: 9")),
    broken("RFC 9112, 7.1: the last chunk is missing", response("Transfer-Encoding: chunked", body=b"2\r\nok\r\n")),
    broken("RFC 9112, 7.1: a chunk without a size", response("Transfer-Encoding: chunked", body=b"x\r\nok\r\n0\r\n\r\n")),
    broken("RFC 9112, 7.1: a chunk that is longer than its size", response("Transfer-Encoding: chunked", body=b"1\r\nok\r\n0\r\n\r\n")),
    broken("nothing is answered", b""),
    broken("the head is not whole", b"HTTP/1.1 200 OK\r\nX-A"),
    broken("the answer is no HTTP", b"\x16\x03\x01 what is this\r\n\r\n"),
    broken("RFC 9112, 4: a status of two digits", response(status="20 OK")),
    broken("RFC 9110, 15: a status over 599", with_length(status="600 X")),
    broken("RFC 9110, 7.8: an upgrade that nobody asked for", response("Upgrade: x", body=b"", status="101 Switching Protocols")),
    broken("RFC 9112, 5.1: a space before the colon", with_length("X-A : 1")),
    broken("RFC 9110, 5.5: NUL in a field", with_length("X-A: \x00")),
    broken("RFC 9110, 5.5: a bare CR in a field", with_length("X-A: 1\r2")),
    broken("the head is too long", with_length("X-A: " + "1" * 17_000)),
    broken("informational answers without end", b"HTTP/1.1 103 X\r\n\r\n" * 30 + OK),
    broken("the body is too large", with_length(body=b"x" * 200_001), "response_too_large"),
    Row(rule="Location below the service is one of the gateway", answer=with_length("Location: /api/43?a=1", status="201 X"), status=201, got=(("Location", "/api/orders/43?a=1"),)),
    Row(rule="Location outside of the service's paths stays", answer=with_length("Location: /login", status="302 X"), status=302, got=(("Location", "/login"),)),
    Row(rule="Location elsewhere stays", answer=with_length("Location: https://id.example.com/a", status="302 X"), status=302, got=(("Location", "https://id.example.com/a"),)),
)  # fmt: skip

TABLE: Final = (*PATHS, *METHODS, *REQUEST_FIELDS, *RESPONSES)
