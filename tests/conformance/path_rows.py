# ruff: noqa: E501  a row is a line
"""Rows about methods, paths, queries and bodies of requests."""

from typing import Final

from tests.conformance.row import Row, refused


def odd_path(path: str) -> Row:
    return Row(
        "RFC 3986, 6.2.2.3", f"the path {path!r} is refused", path=path, error="path_invalid"
    )


PATHS: Final = (
    Row("Traefik, ReplacePathRegex", "the name of the service is replaced", line="GET /api/42 HTTP/1.1"),
    Row("RFC 9112, 3.2.1", "the root of a service", path="/api/orders", line="GET /api HTTP/1.1"),
    Row("Go, TestSingleJoinSlash", "a slash at the end is kept", path="/api/orders/", line="GET /api/ HTTP/1.1"),
    Row("docs/gateway.md", "a version in the path", path="/api/orders/v2/42", line="GET /api/42 HTTP/1.1"),
    Row("docs/gateway.md", "an unknown version is a segment", path="/api/orders/v3/1", line="GET /api/v3/1 HTTP/1.1"),
    Row("Go, TestJoinURLPath", "an escaped slash is kept", path="/api/orders/a%2Fb", line="GET /api/a%2Fb HTTP/1.1"),
    Row("RFC 9110, 7.7", "the case of escapes is kept", path="/api/orders/%e2%82%AC", line="GET /api/%e2%82%AC HTTP/1.1"),
    Row("RFC 3986, 3.3", "parameters after ; are kept", path="/api/orders/a;b=1", line="GET /api/a;b=1 HTTP/1.1"),
    Row("RFC 3986, 2.2", "sub-delimiters are kept", path="/api/orders/!$&'()*+,=:@", line="GET /api/!$&'()*+,=:@ HTTP/1.1"),
    Row("RFC 3986, 2.4", "an escaped percent sign is kept", path="/api/orders/100%25", line="GET /api/100%25 HTTP/1.1"),
    Row("RFC 3986, 2.1", "what API Gateway decoded is escaped", path="/api/orders/a b\u20ac?#", line="GET /api/a%20b%E2%82%AC%3F%23 HTTP/1.1"),
    Row("Go, TestReverseProxyQueryParameterSmuggling", "a query is kept", query="a=1&a=2&b=&&c", line="GET /api/42?a=1&a=2&b=&&c HTTP/1.1"),
    Row("RFC 9110, 7.7", "escapes of a query are kept", query="q=%2F%2f+%20;x", line="GET /api/42?q=%2F%2f+%20;x HTTP/1.1"),
    Row("RFC 9110, 15.5.5", "an unknown service", path="/api/nothing/42", error="not_found"),
    Row("RFC 3986, 6.2.2.2", "an escaped name is that name", path="/api/%6Frders/42", line="GET /api/42 HTTP/1.1"),
    Row("RFC 3986, 2.2", "an escaped slash is no end of a name", path="/api/orders%2F42", error="not_found"),
    Row("docs/gateway.md", "the API is no service", path="/api/v1/tasks", error="not_found"),
    Row("docs/gateway.md", "the gateway is no service", path="/api/gateway/x", error="not_found"),
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
        Row("RFC 9110, 9", f"{name} is forwarded", method=name, line=f"{name} /api/42 HTTP/1.1")
        for name in ("GET", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "patch")
    ),
    *(
        Row("RFC 9110, 8.6", f"{name} without a body has a length", method=name, sent=(("content-length", "0"),))
        for name in ("POST", "PUT", "PATCH")
    ),
    Row("RFC 9110, 8.6", "GET without a body has none", unsent=("content-length",)),
    Row("Go, TestReverseProxy", "a body keeps its bytes", method="POST", body=bytes(range(256)), sent_body=bytes(range(256)), sent=(("content-length", "256"),)),
    Row("RFC 9110, 9.3.1", "a body of GET is forwarded", body=b"x", sent_body=b"x", sent=(("content-length", "1"),)),
    Row("RFC 9110, 8.4", "a compressed body is not touched", method="POST", body=b"\x1f\x8b\x00", fields=(("content-encoding", "gzip"),), sent=(("content-encoding", "gzip"),), sent_body=b"\x1f\x8b\x00"),
    Row("RFC 9112, 6.1", "a chunked request gets a length", method="POST", body=b"abc", fields=(("transfer-encoding", "chunked"),), sent=(("content-length", "3"),), unsent=("transfer-encoding",)),
    Row("RFC 9110, 9.3.6", "CONNECT", method="CONNECT", error="upgrade_not_supported"),
    refused("RFC 9110, 9.1", "a method is a token", method="GE T"),
)  # fmt: skip
