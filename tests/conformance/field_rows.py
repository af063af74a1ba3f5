# ruff: noqa: E501  a row is a line
"""Rows about the header fields of requests."""

from typing import Final

from tests.conformance.row import Row, refused

REQUEST_FIELDS: Final = (
    *(
        Row("RFC 9110, 7.6.1", f"{name} is of one hop", fields=((name, "x"),), unsent=(name,))
        for name in ("keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "trailer", "http2-settings")
    ),
    Row("RFC 9110, 7.6.1", "Connection is ours", fields=(("connection", "keep-alive"),), sent=(("connection", "close"),), asgi={"sent": (), "unsent": ("connection",)}),
    Row("RFC 9110, 7.6.1", "what Connection names is removed", fields=(("connection", "x-a, X-B"), ("x-a", "1"), ("X-B", "2")), unsent=("x-a", "x-b")),
    Row("RFC 9110, 7.6.1", "several Connection fields", fields=(("connection", "x-a"), ("Connection", "x-b"), ("x-a", "1"), ("x-b", "2")), unsent=("x-a", "x-b")),
    Row("RFC 9110, 7.6.1", "Connection cannot remove what we add", fields=(("connection", "x-forwarded-for, host, via"),), sent=(("x-forwarded-for", "192.0.2.7"), ("via", "1.1 signalbox"))),
    Row("RFC 9110, 10.1.4", "TE: trailers is kept, as a field of this hop", fields=(("te", "trailers, deflate;q=0.5"),), sent=(("te", "trailers"), ("connection", "close, te")), asgi={"sent": (("te", "trailers"), ("connection", "te"))}),
    Row("RFC 9110, 10.1.4", "another TE is removed", fields=(("te", "gzip"),), unsent=("te",)),
    Row("RFC 9110, 10.1.1", "100-continue is met by the gateway", fields=(("expect", "100-Continue"),), unsent=("expect",)),
    refused("RFC 9110, 10.1.1", "another expectation", ("expect", "200-ok"), code="expectation_failed"),
    refused("RFC 9110, 7.8", "Upgrade", ("connection", "upgrade"), ("upgrade", "websocket"), code="upgrade_not_supported"),
    refused("RFC 9110, 7.8", "one of several protocols", ("upgrade", "h2c, websocket"), code="upgrade_not_supported"),
    Row("RFC 9113, 3.1", "h2c is ignored", fields=(("upgrade", "h2c"), ("connection", "upgrade, http2-settings")), unsent=("upgrade",)),
    refused("RFC 9112, 6.3", "two lengths", ("content-length", "0"), ("content-length", "1")),
    refused("RFC 9112, 6.3", "a list of lengths", ("content-length", "0, 1")),
    refused("RFC 9112, 6.3", "a length that is none", ("content-length", "+0")),
    refused("RFC 9112, 6.3", "a length of other digits", ("content-length", "\u0661"), asgi=None),
    refused("RFC 9112, 6.3", "a length that the body does not have", ("content-length", "7")),
    refused("RFC 9112, 6.1", "a length and a coding", ("content-length", "0"), ("transfer-encoding", "chunked")),
    refused("RFC 9112, 6.1", "an unknown coding", ("transfer-encoding", "gzip, chunked")),
    refused("RFC 9112, 6.1", "chunked twice", ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")),
    refused("RFC 9112, 3.2", "several Host", ("host", "a"), ("host", "b")),
    refused("RFC 9110, 5.5", "CR LF in a value", ("x-a", "1\r\nx-b: 2")),
    refused("RFC 9110, 5.5", "a bare LF", ("x-a", "1\n2")),
    refused("RFC 9110, 5.5", "a bare CR", ("x-a", "1\r2")),
    refused("RFC 9110, 5.5", "NUL", ("x-a", "\x00")),
    refused("RFC 9110, 5.5", "characters over 255", ("x-a", "\u20ac"), asgi=None),
    refused("RFC 9110, 5.1", "a name is a token", ("x a", "1")),
    refused("RFC 9110, 5.1", "a name is not empty", ("", "1")),
    refused("RFC 9112, 5.1", "no space before the colon", ("content-length ", "0")),
    refused("RFC 9110, 5.4", "too long", ("x-a", "1" * 17_000), code="headers_too_large"),
    Row("RFC 9110, 5.3", "repeated fields of a request stay in order", fields=(("x-a", "1"), ("x-a", "2")), sent=(("x-a", "1,2"),), asgi={"sent": (("x-a", "1"), ("x-a", "2"))}),
    Row("RFC 9110, 5.5", "obs-text and tabs are kept", fields=(("x-a", "\xe9\t\xff"),), sent=(("x-a", "\xe9\t\xff"),)),
    Row("RFC 6265, 5.4", "cookies are for the service", fields=(("cookie", "a=1; b=2"),), sent=(("cookie", "a=1; b=2"),)),
    Row("RFC 9110, 13.2.1", "conditions and ranges are for the service", fields=(("if-none-match", '"x"'), ("range", "bytes=0-1")), sent=(("if-none-match", '"x"'), ("range", "bytes=0-1"))),
    Row("RFC 9110, 12.5.3", "Accept-Encoding is kept", fields=(("accept-encoding", "br"),), sent=(("accept-encoding", "br"),)),
    Row("Go, TestUserAgentHeader", "no Accept-Encoding and User-Agent are made up", unsent=("accept-encoding", "user-agent", "accept")),
    Row("RFC 9110, 7.2", "Host is that of the instance", sent=(("host", "{authority}"), ("x-forwarded-host", "api.example.com"))),
    Row("Traefik, forwardedHeaders", "X-Forwarded-* of outside is replaced", fields=(("x-forwarded-for", "9.9.9.9"), ("x-forwarded-proto", "ftp"), ("x-forwarded-host", "evil"), ("x-forwarded-port", "1"), ("x-forwarded-prefix", "/evil"), ("x-forwarded-user", "root")), sent=(("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "api.example.com"), ("x-forwarded-port", "443"), ("x-forwarded-prefix", "/api/orders")), unsent=("x-forwarded-user",)),
    Row("Envoy, headers_with_underscores_action", "a name with underscores replaces no other", fields=(("x_forwarded_for", "9.9.9.9"), ("X_Signalbox_Identity", "x"), ("x_own_field", "1")), sent=(("x_own_field", "1"),), unsent=("x_forwarded_for", "x_signalbox_identity")),
    Row("RFC 7239", "Forwarded of outside is replaced", fields=(("forwarded", "for=9.9.9.9"),), sent=(("forwarded", "for=192.0.2.7;host=api.example.com;proto=https"),)),
    Row("RFC 7239, 6", "an address of IPv6 is quoted", client="2001:db8::7", sent=(("forwarded", 'for="[2001:db8::7]";host=api.example.com;proto=https'), ("x-forwarded-for", "2001:db8::7"))),
    Row("RFC 7239, 4", "a host with a port is quoted", host="a.example.com:8443", sent=(("forwarded", 'for=192.0.2.7;host="a.example.com:8443";proto=https'),)),
    Row("RFC 9110, 7.6.3", "Via is added", sent=(("via", "1.1 signalbox"),)),
    Row("RFC 9110, 7.6.3", "Via is continued", fields=(("via", "1.0 fred"),), sent=(("via", "1.0 fred, 1.1 signalbox"),)),
    refused("RFC 9110, 7.6.3", "Via shows a loop", ("via", "1.0 fred, 1.1 signalbox"), code="loop_detected"),
    Row("docs/gateway.md", "a request id is passed on", fields=(("x-request-id", "request-1"),), sent=(("x-request-id", "request-1"),), got=(("x-request-id", "request-1"),)),
    Row("W3C Trace Context, 3.2", "traceparent is passed on", fields=(("traceparent", "00-1-2-01"), ("tracestate", "a=1"), ("baggage", "k=v")), sent=(("traceparent", "00-1-2-01"), ("tracestate", "a=1"), ("baggage", "k=v"))),
    *(
        Row("Envoy, header sanitizing", f"{name} of outside is removed", fields=((name, "x"),), unsent=(name,))
        for name in ("x-real-ip", "x-amzn-trace-id", "x-signalbox-identity")
    ),
    Row("docs/gateway.md", "credentials that were meant for us are removed", fields=(("x-api-key", "sbx_live_x"), ("X-Api-Key", "y"), ("x_api_key", "z")), unsent=("x-api-key", "x_api_key")),
    Row("docs/gateway.md", "Accept-Version picks a version", fields=(("accept-version", "v2"),), sent=(("accept-version", "v2"),)),
    Row("docs/gateway.md", "Accept-Version without v", fields=(("accept-version", "2"),), line="GET /api/42 HTTP/1.1"),
    refused("docs/gateway.md", "a version that is not there", ("accept-version", "v9"), code="not_found"),
    Row("Go, TestReverseProxyStripEmptyConnection", "an empty Connection", fields=(("connection", ""), ("x-a", "1")), sent=(("connection", "close"), ("x-a", "1")), asgi={"sent": (("x-a", "1"),), "unsent": ("connection",)}),
    Row("RFC 9110, 5.6.1", "empty members of Connection", fields=(("connection", ", x-a ,,\tclose"), ("x-a", "1")), sent=(("connection", "close"),), unsent=("x-a",), asgi={"sent": (), "unsent": ("connection", "x-a")}),
    Row("RFC 9110, 7.6.1", "Connection may name what is of the client", fields=(("connection", "x-b, cookie"), ("cookie", "a=1")), unsent=("cookie",)),
    Row("RFC 9110, 7.8", "Upgrade of HTTP/1.0 is ignored", protocol="HTTP/1.0", fields=(("upgrade", "websocket"),), unsent=("upgrade",)),
    refused("RFC 9110, 7.8", "Upgrade to TLS", ("connection", "upgrade"), ("upgrade", "TLS/1.0"), code="upgrade_not_supported"),
    Row("RFC 9110, 7.6.3", "Via names the protocol of the client", protocol="HTTP/1.0", sent=(("via", "1.0 signalbox"),)),
    refused("RFC 9110, 7.6.3", "Via shows a loop, with a comment", ("via", "1.1 signalbox (x)"), code="loop_detected"),
    Row("RFC 9110, 7.6.3", "Via of a gateway with a longer name is no loop", fields=(("via", "1.1 signalbox-2"),), sent=(("via", "1.1 signalbox-2, 1.1 signalbox"),)),
    refused("RFC 9110, 10.1.1", "100-continue and another expectation", ("expect", "100-continue, x"), code="expectation_failed"),
    Row("RFC 9110, 5.5", "blanks around a value are no part of it", fields=(("x-a", " \t1 2\t "),), sent=(("x-a", "1 2"),)),
    Row("RFC 9110, 5.5", "an empty value is kept", fields=(("x-a", ""),), sent=(("x-a", ""),)),
    refused("RFC 9110, 5.5", "DEL in a value", ("x-a", "1\x7f")),
    refused("RFC 9110, 5.5", "a control character in a value", ("x-a", "\x01")),
    *(
        refused("RFC 9110, 5.6.2", f"the name {name!r} is no token", (name, "1"))
        for name in ("x:a", "x-a\r\nx-b", "x(a", "x-\u00e9", "x\x00")
    ),
    refused("RFC 9112, 5.2", "a folded line", ("x-a", "1\r\n 2")),
    Row("RFC 9110, 14.2", "Range and If-Range are for the service", fields=(("range", "bytes=0-1"), ("if-range", '"a"')), answer=b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: 2\r\n\r\nok", sent=(("range", "bytes=0-1"), ("if-range", '"a"')), status=206, got=(("content-range", "bytes 0-1/9"),)),
    Row("RFC 9111, 5.2", "Cache-Control of a request is for the service", fields=(("cache-control", "no-cache"), ("pragma", "no-cache")), sent=(("cache-control", "no-cache"), ("pragma", "no-cache"))),
    Row("Go, TestUserAgentHeader", "User-Agent is kept", fields=(("user-agent", "x/1"),), sent=(("user-agent", "x/1"),)),
    Row("Fetch, 3.1", "Origin and Referer are kept", fields=(("origin", "https://a.example.com"), ("referer", "https://a.example.com/")), sent=(("origin", "https://a.example.com"), ("referer", "https://a.example.com/"))),
)  # fmt: skip

FRAMING: Final = (
    *(
        refused("RFC 9112, 6.1", f"smuggling: Transfer-Encoding: {text!r}", ("transfer-encoding", text))
        for text in ("xchunked", "identity", "chunked, identity", "chunked;q=1", "\x0bchunked", "chunked\x00", "x\nchunked", "")
    ),
    *(
        refused("RFC 9110, 8.6", f"smuggling: Content-Length: {text!r}", ("content-length", text))
        for text in ("", ",0", "0x0", "0 0", "-0", "0;", "0, 0", "1e1", "0" * 30)
    ),
    refused("RFC 9112, 6.1", "smuggling: length and coding, in the other order", ("transfer-encoding", "chunked"), ("content-length", "0")),
    refused("RFC 9112, 5.1", "smuggling: a coding with a space before the colon", ("transfer-encoding ", "chunked")),
    refused("RFC 9112, 5.1", "smuggling: a coding after a tab", ("\ttransfer-encoding", "chunked")),
    Row("RFC 9112, 7", "the case of chunked does not count", method="POST", body=b"a", fields=(("transfer-encoding", "Chunked"),), sent=(("content-length", "1"),), unsent=("transfer-encoding",)),
    Row("Envoy, headers_with_underscores_action", "smuggling: framing with underscores", method="POST", body=b"a", fields=(("transfer_encoding", "chunked"), ("content_length", "9")), sent=(("content-length", "1"),), unsent=("transfer_encoding", "content_length")),
    Row("RFC 9110, 7.6.1", "smuggling: Connection cannot remove the length", method="POST", body=b"a", fields=(("connection", "content-length"), ("content-length", "1")), sent=(("content-length", "1"),)),
)  # fmt: skip

SECURITY: Final = (
    *(
        Row("docs/gateway.md", f"a forged {name} never arrives", fields=((name, "x"),), unsent=(name.lower(),))
        for name in ("X-SIGNALBOX-Identity", "x-signalbox_identity", "x-signalbox.identity", "X!Signalbox!Identity", "x-signalbox-roles")
    ),
    *(
        Row("Envoy, header sanitizing", f"{name} of outside is removed", fields=((name, "x"),), unsent=(name,))
        for name in ("x-forwarded-client-cert", "x-forwarded-tls-client-cert", "x-forwarded-server", "x-forwarded-uri", "x-amzn-oidc-data")
    ),
    Row("CVE-2016-5385", "Proxy is no variable of the service", fields=(("proxy", "http://evil.example.com"),), unsent=("proxy",)),
    Row("CVE-2024-45410", "Connection cannot remove X-Forwarded-*", fields=(("connection", "close, x-forwarded-host, x-forwarded-port, forwarded, x-request-id"),), sent=(("x-forwarded-host", "api.example.com"), ("x-forwarded-port", "443"), ("forwarded", "for=192.0.2.7;host=api.example.com;proto=https"))),
    Row("Go, TestReverseProxyRewriteStripsForwarded", "every Forwarded of outside is replaced", fields=(("forwarded", "for=1.1.1.1"), ("Forwarded", "host=evil.example.com"), ("x-forwarded-for", "1.1.1.1"), ("X-Forwarded-For", "2.2.2.2")), sent=(("forwarded", "for=192.0.2.7;host=api.example.com;proto=https"), ("x-forwarded-for", "192.0.2.7"))),
    Row("RFC 9110, 7.2", "a Host that is kept", path="/api/keeping/42", sent=(("host", "api.example.com"),)),
    Row("RFC 7239, 6", "a host of IPv6 is quoted", host="[2001:db8::1]:8443", sent=(("forwarded", 'for=192.0.2.7;host="[2001:db8::1]:8443";proto=https'),)),
    *(
        Row("RFC 9112, 3.2", f"the host {host!r} is refused", path="/api/keeping/42", host=host, error="headers_invalid")
        for host in ("a@b", "a/b", "a b", "a:b", "a:1:2", "a,b", "a\r\nX-A: 1", "[::1", "a?b", "a#b", "a\\b", "\u00e9.example.com", "")
    ),
    Row("docs/gateway.md", "no key", path="/api/private/42", error="unauthenticated"),
    Row("docs/gateway.md", "a wrong key", path="/api/private/42", fields=(("x-api-key", "sbx_live_x"),), error="unauthenticated"),
    Row("docs/gateway.md", "a key without the role", path="/api/devs/42", fields=(("x-api-key", "{key}"),), error="forbidden"),
    Row("docs/gateway.md", "a key is used and removed", path="/api/private/42", fields=(("x-api-key", "{key}"), ("x_api_key", "{key}"), ("cookie", "a=1")), sent=(("cookie", "a=1"),), unsent=("x-api-key", "x_api_key", "authorization")),
    Row("docs/gateway.md", "a forged identity beside a key never arrives", path="/api/private/42", fields=(("x-api-key", "{key}"), ("x_signalbox_identity", "x"), ("x-signalbox-roles", "admin")), unsent=("x_signalbox_identity", "x-signalbox-roles")),
    Row("docs/gateway.md", "a key as a bearer token is used and removed", path="/api/private/42", fields=(("authorization", "Bearer {key}"),), unsent=("authorization",)),
    Row("RFC 9110, 11.6.2", "Authorization beside a key is the service's", path="/api/private/42", fields=(("x-api-key", "{key}"), ("authorization", "Basic YTpi")), sent=(("authorization", "Basic YTpi"),), unsent=("x-api-key",)),
    Row("RFC 9110, 11.6.2", "Authorization to a public service is the service's", fields=(("authorization", "Basic YTpi"),), sent=(("authorization", "Basic YTpi"),)),
    Row("docs/gateway.md", "a key of ours never reaches a public service", fields=(("authorization", "Bearer {key}"), ("x-api-key", "{key}")), unsent=("authorization", "x-api-key")),
)  # fmt: skip
