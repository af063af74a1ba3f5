# ruff: noqa: E501  a row is a line
"""Rows about methods, paths, queries and bodies of requests."""

from typing import Final

from tests.conformance.row import Row, refused
from tests.fakes.raw_server import OK

SMUGGLED: Final = b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED: Final = b"5\r\nhello\r\n0\r\n\r\n"


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
    Row("Go, TestJoinURLPath", "an escaped slash is kept, unless API Gateway has decoded it", path="/api/orders/a/b", line="GET /api/a/b HTTP/1.1", asgi={"path": "/api/orders/a%2Fb", "line": "GET /api/a%2Fb HTTP/1.1"}),
    Row("RFC 9110, 7.7", "the case of escapes is kept", path="/api/orders/%e2%82%AC", line="GET /api/%e2%82%AC HTTP/1.1"),
    Row("RFC 3986, 3.3", "parameters after ; are kept", path="/api/orders/a;b=1", line="GET /api/a;b=1 HTTP/1.1"),
    Row("RFC 3986, 2.2", "sub-delimiters are kept", path="/api/orders/!$&'()*+,=:@", line="GET /api/!$&'()*+,=:@ HTTP/1.1"),
    Row("RFC 3986, 2.4", "an escaped percent sign is kept", path="/api/orders/100%25", line="GET /api/100%25 HTTP/1.1"),
    Row("RFC 3986, 2.1", "what API Gateway decoded is escaped", path="/api/orders/a b\u20ac?#", line="GET /api/a%20b%E2%82%AC%3F%23 HTTP/1.1"),
    Row("Go, TestReverseProxyQueryParameterSmuggling", "a query is kept", query="a=1&a=2&b=&&c", line="GET /api/42?a=1&a=2&b=&&c HTTP/1.1"),
    Row("RFC 9110, 7.7", "escapes of a query are kept", query="q=%2F%2f+%20;x", line="GET /api/42?q=%2F%2f+%20;x HTTP/1.1"),
    Row("RFC 3986, 2.1", "other characters in a query are escaped", query="q=\u00e9 b#c", line="GET /api/42?q=%C3%A9%20b%23c HTTP/1.1"),
    Row("RFC 3986, 2.1", "what browsers leave in a query is kept", query='q={}|^`<>"[]', line='GET /api/42?q={}|^`<>"[] HTTP/1.1'),
    Row("Go, TestReverseProxyQueryParameterSmuggling", "a broken escape in a query is kept", query="a=%zz&b=3", line="GET /api/42?a=%zz&b=3 HTTP/1.1"),
    Row("RFC 3986, 3.4", "a query has its own slashes, dots and question marks", query="a=../../?b", line="GET /api/42?a=../../?b HTTP/1.1"),
    Row("RFC 9110, 5.5", "CR LF in a query is refused", query="a=1 HTTP/1.1\r\nX-A: 1", error="path_invalid"),
    Row("RFC 9110, 5.5", "NUL in a query is refused", query="a=\x00", error="path_invalid"),
    Row("RFC 9112, 3", "a path that is too long", path="/api/orders/" + "a" * 9_000, error="uri_too_long"),
    Row("RFC 9112, 3", "a query that is too long", query="a" * 9_000, error="uri_too_long"),
    Row("Go, TestSingleJoinSlash", "the path of the instance comes first", path="/api/based/42", line="GET /base/api/42 HTTP/1.1"),
    Row("Go, TestJoinURLPath", "the path of the instance and an escaped slash", path="/api/based/a%2Fb", line="GET /base/api/a%2Fb HTTP/1.1"),
    Row("Traefik, ReplacePathRegex", "a route rewrites its prefix", path="/api/shop/a/b", line="GET /inner/a/b HTTP/1.1", sent=(("x-forwarded-prefix", "/api/shop"),)),
    Row("Traefik, PathPrefix", "a route matches whole segments", path="/api/shopping/a", error="not_found"),
    Row("RFC 9110, 7.7", "escapes of unreserved characters are kept", path="/api/orders/%7Euser~", line="GET /api/%7Euser~ HTTP/1.1"),
    Row("RFC 3986, 3.3", "parameters of the name match as nothing", path="/api/orders;x=1/42", line="GET /api/42 HTTP/1.1"),
    Row("RFC 3986, 6.2.2.1", "the case of a prefix counts", path="/API/orders/42", error="not_found"),
    Row("RFC 3986, 6.2.2.1", "the case of a name counts", path="/api/ORDERS/42", error="not_found"),
    Row("RFC 3986, 6.2.2.2", "the API is no service, with escapes", path="/api/%76%31/tasks", error="not_found"),
    Row("RFC 3986, 3.3", "the API is no service, with parameters", path="/api/v1;x/tasks", error="not_found"),
    Row("RFC 3986, 6.2.2.2", "own paths with escapes need a key", path="/api/gateway/%73tatus", error="unauthenticated"),
    Row("RFC 3986, 3.3", "own paths with parameters need a key", path="/api/gateway;x/status", error="unauthenticated"),
    Row("RFC 3986, 6.2.2.2", "a private service with escapes needs a key", path="/api/%70rivate/42", error="unauthenticated"),
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
            "/api/orders/%25%32%65%25%32%65/x",
            "/api/orders/%2e%2e%3bx",
            "/api/orders/..%5cx",
            "/api/orders/%e0%80%af",
            "/api/orders/%ed%a0%80",
            "/api/orders/%7f",
            "/api/orders/%09",
            "/api/public/..%2fprivate/x",
            "/api/orders/;/../x",
            "/api/orders\t/x",
            "api/orders",
        ),
    ),
)  # fmt: skip

METHODS: Final = (
    *(
        Row("RFC 9110, 9", f"{name} is forwarded", method=name, line=f"{name} /api/42 HTTP/1.1")
        for name in ("GET", "DELETE", "OPTIONS", "PROPFIND", "patch")
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
    Row("RFC 9110, 9.3.2", "HEAD is forwarded", method="HEAD", line="HEAD /api/42 HTTP/1.1", answer=OK),
    Row("RFC 9110, 9.3.5", "a body of DELETE is forwarded", method="DELETE", body=b"x", sent_body=b"x", sent=(("content-length", "1"),)),
    Row("RFC 9112, 11.2", "a request in a body is a body", method="POST", body=SMUGGLED, sent_body=SMUGGLED, sent=(("content-length", str(len(SMUGGLED))),)),
    Row("RFC 9112, 11.2", "a body that looks chunked is a body", method="POST", body=CHUNKED, fields=(("transfer-encoding", "chunked"),), sent_body=CHUNKED, sent=(("content-length", str(len(CHUNKED))),)),
    Row("Go, TestReverseProxy", "no Content-Type is made up", method="POST", body=b"x", unsent=("content-type",)),
    Row("RFC 9110, 15.5.14", "a body at the limit", method="POST", path="/api/small/x", body=b"abc", sent_body=b"abc"),
    Row("RFC 9110, 15.5.14", "a body over the limit", method="POST", path="/api/small/x", body=b"abcd", error="payload_too_large"),
    Row("RFC 9110, 7.6.2", "OPTIONS with Max-Forwards: 0 is answered here", method="OPTIONS", fields=(("max-forwards", "0"),), own=True, status=204, got_body=b""),
    Row("RFC 9110, 7.6.2", "Max-Forwards of OPTIONS is decremented", method="OPTIONS", fields=(("max-forwards", "5"),), sent=(("max-forwards", "4"),)),
    Row("RFC 9110, 7.6.2", "Max-Forwards of other methods is kept", fields=(("max-forwards", "0"),), sent=(("max-forwards", "0"),)),
    Row("RFC 9110, 7.6.2", "Max-Forwards that is no number is kept", method="OPTIONS", fields=(("max-forwards", "x"),), sent=(("max-forwards", "x"),)),
    Row("RFC 9110, 9.3.8", "TRACE would show the client what only the service may see", method="TRACE", error="method_not_supported"),
    refused("RFC 9110, 9.1", "a method with CR LF", method="GET\r\nX-A:"),
    refused("RFC 9110, 9.1", "an empty method", method=""),
    Row("RFC 9110, 9.3.6", "CONNECT", method="CONNECT", error="upgrade_not_supported"),
    refused("RFC 9110, 9.1", "a method is a token", method="GE T"),
)  # fmt: skip
