import json
from base64 import b64encode

import pytest
from pydantic import JsonValue

from signalbox.http.mcp.messages import (
    HEADER_MISMATCH,
    INVALID_MESSAGE,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    STATELESS_VERSION,
    SUPPORTED_VERSIONS,
    UNSUPPORTED_VERSION,
    RpcError,
    RpcMessage,
    http_status,
    parse_document,
    parse_message,
)
from signalbox.models.base import JsonObject
from signalbox.models.request import InboundRequest

META: JsonObject = {
    "io.modelcontextprotocol/protocolVersion": STATELESS_VERSION,
    "io.modelcontextprotocol/clientCapabilities": {},
}
HEADERS = {"mcp-protocol-version": STATELESS_VERSION, "mcp-method": "tools/list"}


def request(**headers: str) -> InboundRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return InboundRequest(method="POST", path="/mcp", headers=named, body=b"")


def message(method: str = "tools/list", **members: JsonValue) -> JsonObject:
    return {"jsonrpc": "2.0", "id": 1, "method": method, **members}


def stateless(
    method: str = "tools/list", meta: JsonObject = META, **params: JsonValue
) -> JsonObject:
    return message(method, params={**params, "_meta": meta})


def sent(document: JsonObject, **headers: str) -> RpcMessage:
    given = {"mcp-protocol-version": STATELESS_VERSION, "mcp-method": str(document["method"])}
    named = given | {name.replace("_", "-"): value for name, value in headers.items()}
    parsed = InboundRequest(method="POST", path="/mcp", headers=named, body=b"")
    return parse_message(document, parsed)


def code(document: JsonObject, **headers: str) -> int:
    with pytest.raises(RpcError) as refused:
        sent(document, **headers)
    return refused.value.code


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", PARSE_ERROR),
        (b"{", PARSE_ERROR),
        (b"\xff\xfe", PARSE_ERROR),
        (b'{"a":1,"a":2}', PARSE_ERROR),
        (b"[" * 40 + b"]" * 40, PARSE_ERROR),
        (b"[]", INVALID_MESSAGE),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', INVALID_MESSAGE),
        (b"null", INVALID_MESSAGE),
        (b'"ping"', INVALID_MESSAGE),
    ],
)
def test_a_body_that_is_not_one_message_is_refused(body: bytes, expected: int) -> None:
    with pytest.raises(RpcError) as refused:
        parse_document(body)

    assert refused.value.code == expected


def test_arguments_may_hold_the_output_of_programs() -> None:
    document = parse_document(json.dumps({"text": "\x1b[31mred\x1b[0m"}).encode())

    assert document == {"text": "\x1b[31mred\x1b[0m"}


@pytest.mark.parametrize(
    "document",
    [
        {"id": 1, "method": "ping"},
        {"jsonrpc": "1.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1, "method": 7},
        {"jsonrpc": "2.0", "id": None, "method": "ping"},
        {"jsonrpc": "2.0", "id": True, "method": "ping"},
        {"jsonrpc": "2.0", "id": {}, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1},
    ],
)
def test_what_is_no_request_of_json_rpc_is_refused(document: JsonObject) -> None:
    with pytest.raises(RpcError) as refused:
        parse_message(document, request())

    assert refused.value.code == INVALID_MESSAGE


def test_parameters_have_to_be_an_object() -> None:
    with pytest.raises(RpcError) as refused:
        parse_message(message(params=[1]), request())

    assert refused.value.code == INVALID_PARAMS


def test_a_message_without_an_id_is_a_notification() -> None:
    parsed = parse_message({"jsonrpc": "2.0", "method": "notifications/initialized"}, request())

    assert parsed.id is None


def test_a_request_that_declares_its_version_is_stateless() -> None:
    parsed = sent(stateless())

    assert (parsed.stateless, parsed.id) == (True, 1)


@pytest.mark.parametrize("version", ["", "2025-11-25", "2025-06-18"])
def test_a_request_of_a_version_with_a_handshake_is_not(version: str) -> None:
    parsed = parse_message(message(), request(mcp_protocol_version=version))

    assert not parsed.stateless


@pytest.mark.parametrize("missing", sorted(META))
def test_a_stateless_request_declares_version_and_capabilities(missing: str) -> None:
    meta = {name: value for name, value in META.items() if name != missing}

    assert code(stateless(meta=meta)) == INVALID_PARAMS


@pytest.mark.parametrize(
    "headers",
    [
        {"mcp_protocol_version": "2025-11-25"},
        {"mcp_protocol_version": ""},
        {"mcp_method": "tools/call"},
        {"mcp_method": ""},
    ],
)
def test_headers_that_do_not_match_the_body_are_refused(headers: dict[str, str]) -> None:
    assert code(stateless(), **headers) == HEADER_MISMATCH


@pytest.mark.parametrize(
    ("method", "parameter"),
    [("tools/call", "name"), ("prompts/get", "name"), ("resources/read", "uri")],
)
def test_the_name_of_what_is_meant_is_in_a_header_too(method: str, parameter: str) -> None:
    document = message(method, params={parameter: "größe", "_meta": META})
    encoded = f"=?base64?{b64encode('größe'.encode()).decode()}?="

    assert sent(document, mcp_name=encoded).method == method
    assert code(document) == HEADER_MISMATCH
    assert code(document, mcp_name="another") == HEADER_MISMATCH
    assert code(document, mcp_name="=?base64?%%%?=") == HEADER_MISMATCH


def test_white_space_around_a_header_is_not_part_of_it() -> None:
    document = message("tools/call", params={"name": "get_queue", "_meta": META})

    assert sent(document, mcp_name=" get_queue\t").params["name"] == "get_queue"


def test_a_version_that_is_not_supported_is_answered_with_those_that_are() -> None:
    name = "io.modelcontextprotocol/protocolVersion"
    document = stateless(meta=META | {name: "2099-01-01"})

    with pytest.raises(RpcError) as newer:
        sent(document, mcp_protocol_version="2099-01-01")
    with pytest.raises(RpcError) as older:
        parse_message(message(), request(mcp_protocol_version="1999-01-01"))

    for refused, version in ((newer, "2099-01-01"), (older, "1999-01-01")):
        assert refused.value.code == UNSUPPORTED_VERSION
        assert refused.value.data == {"supported": [*SUPPORTED_VERSIONS], "requested": version}


def test_a_client_may_negotiate_whatever_its_header_is() -> None:
    parsed = parse_message(message("initialize"), request(mcp_protocol_version="1999-01-01"))

    assert parsed.method == "initialize"


def test_errors_have_a_status_of_their_own_since_versions_are_declared() -> None:
    unknown, invalid = RpcError(METHOD_NOT_FOUND, ""), RpcError(INVALID_PARAMS, "")
    new = RpcMessage(method="x", id=1, stateless=True)
    old = RpcMessage(method="x", id=1)

    statuses = [http_status(error, each) for error in (unknown, invalid) for each in (new, old)]

    assert statuses == [404, 200, 400, 200]
    assert http_status(RpcError(PARSE_ERROR, ""), None) == 400


def test_a_parameter_of_another_type_is_refused() -> None:
    parsed = RpcMessage(method="tools/call", id=1, params={"name": 5, "arguments": "all"})

    with pytest.raises(RpcError, match="name must be a string"):
        parsed.text("name")
    with pytest.raises(RpcError, match="arguments must be an object"):
        parsed.object("arguments")
