from typing import cast

import pytest

from signalbox.http.events import HttpApiEvent
from signalbox.http.span_attributes import describe_request, describe_rpc
from signalbox.models.base import JsonObject
from signalbox.models.http_span import server_attributes
from signalbox.models.span import Span, SpanKind
from tests.functions.system import event


def an_event(path: str = "/api/v1/tasks", **headers: str) -> HttpApiEvent:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpApiEvent.model_validate(event("GET", path, sent, b""))


def test_a_request_has_its_route_and_neither_query_nor_secrets() -> None:
    span = Span(SpanKind.SERVER)
    secret = "Bearer " + "x" * 40
    request = an_event(
        "/api/v1/tasks?token=in-query", host="api.example.com:8443", authorization=secret
    )

    describe_request(span, request, "/api/v1/tasks", 200)

    assert span.name == "GET /api/v1/tasks"
    assert span.error is None
    assert span.attributes["server.address"] == "api.example.com"
    assert span.attributes["server.port"] == 8443
    assert "in-query" not in str(span.attributes)
    assert secret not in str(span.attributes)


def test_a_client_names_itself_in_one_short_line() -> None:
    span = Span(SpanKind.SERVER)

    describe_request(span, an_event(user_agent="curl/8\n" + "x" * 500), "", 200)

    agent = str(span.attributes["user_agent.original"])
    assert agent.startswith("curl/8")
    assert "\n" not in agent
    assert len(agent) <= 200
    assert span.name == "GET"


def test_a_secret_at_the_end_of_what_is_shown_of_a_client_is_masked() -> None:
    span = Span(SpanKind.SERVER)
    secret = "ghp_" + "a1B2" * 9

    describe_request(span, an_event(user_agent="x" * 190 + " " + secret), "", 200)

    assert "ghp_" not in str(span.attributes)


@pytest.mark.parametrize(("status", "error"), [(200, None), (404, None), (500, "500")])
def test_only_our_own_errors_are_errors_of_the_span(status: int, error: str | None) -> None:
    span = Span(SpanKind.SERVER)

    describe_request(span, an_event(), "/api/v1/tasks", status)

    assert span.error == error


def test_what_another_request_made_is_internal() -> None:
    span = Span(SpanKind.SERVER, parent=Span(SpanKind.SERVER))

    describe_request(span, an_event(), "/api/v1/tasks", 200)

    assert span.kind is SpanKind.INTERNAL


@pytest.mark.parametrize(
    ("message", "attributes"),
    [
        ({"method": "tools/list"}, {"mcp.method.name": "tools/list"}),
        (
            {"method": "tools/call", "params": {"name": "create_task"}},
            {"mcp.method.name": "tools/call", "gen_ai.tool.name": "create_task"},
        ),
        (
            {"method": "prompts/get", "params": {"name": "x"}},
            {"mcp.method.name": "prompts/get"},
        ),
        ({"method": "tools/call", "params": [1]}, {"mcp.method.name": "tools/call"}),
        ({"method": "tools/call", "params": {"name": 5}}, {"mcp.method.name": "tools/call"}),
        ({"method": "a b\n"}, {}),
        ({"method": 5}, {}),
        ({}, {}),
    ],
)
def test_a_message_of_mcp_has_its_method_and_its_tool(
    message: dict[str, object], attributes: dict[str, str]
) -> None:
    span = Span(SpanKind.SERVER)

    describe_rpc(span, cast("JsonObject", message))

    assert span.attributes == attributes


@pytest.mark.parametrize(
    ("authority", "attributes"),
    [
        ("api.example.com", {"server.address": "api.example.com"}),
        ("10.0.0.1:81", {"server.address": "10.0.0.1", "server.port": 81}),
        ("[::1]:81", {"server.address": "::1", "server.port": 81}),
        ("[::1]", {"server.address": "::1"}),
        ("a:65536", {"server.address": "a"}),
        ("a:" + "9" * 5_000, {}),
        ("b" * 5_000, {}),
        ("user:word@a:81", {}),
        ("a\nb", {}),
        ("", {}),
    ],
)
def test_a_server_has_an_address_and_a_port(
    authority: str, attributes: dict[str, str | int]
) -> None:
    assert server_attributes(authority) == attributes
