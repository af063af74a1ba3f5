"""Requests become the events that API Gateway makes of them, and responses messages of ASGI."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from cli.local.processed_template import GatewayRoute
from cli.server.http_events import (
    ServerResponse,
    http_event,
    response_messages,
    server_response,
)
from cli.server.route_table import MatchedRoute, RouteTable, decoded_path
from signalbox.http.asgi_request import asgi_request

ROUTE = MatchedRoute(key="ANY /{proxy+}", function="ApiFunction", parameters={"proxy": "x"})
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(
    *fields: tuple[str, str],
    target: bytes = b"/x",
    query: bytes = b"",
    body: bytes = b"",
    trusted: tuple[str, ...] = (),
) -> dict[str, Any]:
    async def receive() -> dict[str, Any]:
        raise AssertionError("the body is read by the application")

    incoming, _ = asgi_request(
        {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "raw_path": target,
            "query_string": query,
            "headers": [(name.encode(), value.encode()) for name, value in fields],
            "client": ("10.0.0.9", 5),
            "server": ("10.0.0.1", 8080),
        },
        receive,
        trusted,
    )
    return http_event(incoming, body, ROUTE, NOW)


def test_an_event_has_the_request_as_api_gateway_shows_it() -> None:
    made = event(
        ("Host", "box.example:8080"),
        ("User-Agent", "curl"),
        ("X-Many", "1"),
        ("x-many", "2"),
        ("Cookie", "a=1; b=2"),
        target=b"/x/a%20b%252F",
        query=b"q=1&q=2&empty=",
    )

    assert made["rawPath"] == "/x/a b%252F"
    assert made["rawQueryString"] == "q=1&q=2&empty="
    assert made["queryStringParameters"] == {"q": "2", "empty": ""}
    assert made["headers"] == {
        "host": "box.example:8080",
        "user-agent": "curl",
        "x-many": "1,2",
        "x-forwarded-for": "10.0.0.9",
        "x-forwarded-port": "8080",
        "x-forwarded-proto": "http",
    }
    assert made["cookies"] == ["a=1", "b=2"]
    assert made["pathParameters"] == {"proxy": "x"}
    context = made["requestContext"]
    assert context["http"] == {
        "method": "POST",
        "path": "/x/a b%252F",
        "protocol": "HTTP/1.1",
        "sourceIp": "10.0.0.9",
        "userAgent": "curl",
    }
    assert (context["domainName"], context["timeEpoch"]) == ("box.example", 1772366400000)
    assert "body" not in made


def test_forwarded_headers_are_believed_from_trusted_proxies_alone() -> None:
    forged = ("X-Forwarded-For", "203.0.113.7")

    believed = event(forged, ("X-Forwarded-Proto", "https"), trusted=("10.0.0.0/8",))
    refused = event(forged, ("X-Forwarded-Proto", "https"))

    assert believed["requestContext"]["http"]["sourceIp"] == "203.0.113.7"
    assert believed["headers"]["x-forwarded-proto"] == "https"
    assert refused["requestContext"]["http"]["sourceIp"] == "10.0.0.9"
    assert refused["headers"]["x-forwarded-proto"] == "http"
    assert refused["headers"]["x-forwarded-for"] == "203.0.113.7, 10.0.0.9"


@pytest.mark.parametrize(
    ("content_type", "body", "encoded"),
    [
        ("application/json; charset=utf-8", b'{"a": "\xc3\xa4"}', False),
        ("text/plain", b"words", False),
        ("application/json", b'{"a": "\xff"}', True),
        ("application/x-www-form-urlencoded", b"a=1", True),
        ("", b"x", True),
    ],
)
def test_a_body_arrives_as_the_bytes_that_were_sent(
    *, content_type: str, body: bytes, encoded: bool
) -> None:
    made = event(("Content-Type", content_type), body=body)

    raw = base64.b64decode(made["body"]) if encoded else made["body"].encode()
    assert (made["isBase64Encoded"], raw) == (encoded, body)


def test_the_most_specific_route_answers() -> None:
    keys = (
        "ANY /",
        "ANY /{proxy+}",
        "ANY /api/v1/{proxy+}",
        "ANY /api/{service}",
        "ANY /api/{service}/{proxy+}",
        "POST /api/v1/webhooks/github",
        "POST /api/v1/webhooks/github/{source}",
        "ANY /api/v1/webhooks/{source}",
    )
    table = RouteTable(GatewayRoute(key, key) for key in keys)

    def route(method: str, path: str) -> tuple[str, dict[str, str]]:
        found = table.match(method, path)
        assert found
        return found.key, dict(found.parameters)

    assert route("GET", "/") == ("ANY /", {})
    assert route("GET", "/metrics") == ("ANY /{proxy+}", {"proxy": "metrics"})
    assert route("GET", "/api/v1/tasks") == ("ANY /api/v1/{proxy+}", {"proxy": "tasks"})
    assert route("GET", "/api/shop") == ("ANY /api/{service}", {"service": "shop"})
    assert route("GET", "/api/shop/a/b")[1] == {"service": "shop", "proxy": "a/b"}
    assert route("POST", "/api/v1/webhooks/github")[0] == "POST /api/v1/webhooks/github"
    assert route("POST", "/api/v1/webhooks/github/a%20b")[1] == {"source": "a b"}
    assert route("GET", "/api/v1/webhooks/github")[0] == "ANY /api/v1/webhooks/{source}"
    assert RouteTable([]).match("GET", "/") is None


def test_a_path_is_decoded_once_and_percents_stay() -> None:
    assert decoded_path("/a%20b%C3%A4/%25/%2F%zz%ff") == "/a bä/%25//%zz\ufffd"


def test_a_response_has_its_cookies_its_bytes_and_its_length() -> None:
    response = server_response(
        {
            "statusCode": 201,
            "headers": {"Content-Type": "image/png", "content-length": "99"},
            "cookies": ["a=1", "b=2"],
            "body": base64.b64encode(b"\x00\xff").decode(),
            "isBase64Encoded": True,
        }
    )

    head, body = response_messages(response, "GET")
    bare = response_messages(response, "HEAD")[1]

    assert head["status"] == 201
    fields = [(name, value) for name, value in head["headers"] if name != b"date"]
    assert fields == [
        (b"content-type", b"image/png"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"content-length", b"2"),
    ]
    assert (body["body"], bare["body"]) == (b"\x00\xff", b"")


def test_a_response_without_content_has_no_length() -> None:
    head, body = response_messages(ServerResponse(status=204, fields=(), body=b""), "GET")

    assert b"content-length" not in dict(head["headers"])
    assert body["body"] == b""


def test_what_is_no_response_is_an_error() -> None:
    with pytest.raises(ValidationError):
        server_response(None)
