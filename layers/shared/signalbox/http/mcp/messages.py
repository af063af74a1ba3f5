"""JSON-RPC messages of MCP: parsing them, their protocol versions, results and errors.

Two eras of the protocol are served. Since 2026-07-28 each request declares its version in `_meta`,
mirrored in headers; before, a client negotiates it with `initialize`. Neither keeps a session here.
https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import field
from http import HTTPStatus
from typing import Final, cast

from pydantic import JsonValue

from signalbox.http.json_parser import parse_json
from signalbox.models.base import JsonObject
from signalbox.models.errors import PayloadInvalid
from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest

STATELESS_VERSION: Final = "2026-07-28"
HANDSHAKE_VERSIONS: Final = ("2025-11-25", "2025-06-18")
SUPPORTED_VERSIONS: Final = (STATELESS_VERSION, *HANDSHAKE_VERSIONS)

PARSE_ERROR: Final = -32700
INVALID_MESSAGE: Final = -32600
METHOD_NOT_FOUND: Final = -32601
INVALID_PARAMS: Final = -32602
RESOURCE_NOT_FOUND: Final = -32002
"""In versions with a handshake; later ones answer INVALID_PARAMS."""
HEADER_MISMATCH: Final = -32020
UNSUPPORTED_VERSION: Final = -32022

META_PREFIX: Final = "io.modelcontextprotocol/"
_META_VERSION: Final = f"{META_PREFIX}protocolVersion"
_META_CAPABILITIES: Final = f"{META_PREFIX}clientCapabilities"
_NAMED: Final = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}
_BASE64: Final = ("=?base64?", "?=")


class RpcError(Exception):
    """A protocol error, which is answered as a JSON-RPC error."""

    def __init__(self, code: int, message: str, data: JsonValue = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def json_object(self) -> JsonObject:
        """Return the `error` of a response."""
        data: JsonObject = {} if self.data is None else {"data": self.data}
        return {"code": self.code, "message": self.message, **data}


@frozen
class RpcMessage:
    """A request, or a notification if `id` is None. A `stateless` one declares its own version."""

    method: str
    id: str | int | None = None
    params: JsonObject = field(default_factory=dict)
    stateless: bool = False

    def text(self, name: str) -> str:
        """Return a parameter that has to be a text.

        Raises:
            RpcError: It is missing, or not a text.
        """
        value = self.params.get(name)
        if not isinstance(value, str):
            raise RpcError(INVALID_PARAMS, f"params.{name} must be a string")
        return value

    def object(self, name: str) -> JsonObject:
        """Return a parameter that has to be an object, empty if it is missing.

        Raises:
            RpcError: It is something else.
        """
        value = self.params.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise RpcError(INVALID_PARAMS, f"params.{name} must be an object")
        return value


def parse_document(body: bytes) -> JsonObject:
    """Return the JSON object of a body.

    Raises:
        RpcError: It is not one, but a batch for example.
    """
    try:
        # output of programs may be an argument; the route of the tool is stricter where it is not
        document = parse_json(body.decode(), printed=True)
    except UnicodeDecodeError:
        raise RpcError(PARSE_ERROR, "the body is not UTF-8") from None
    except PayloadInvalid as invalid:
        raise RpcError(PARSE_ERROR, invalid.reason) from None
    if not isinstance(document, dict):
        raise RpcError(INVALID_MESSAGE, "the body must be one JSON-RPC message, not a batch")
    return document


def message_id(document: Mapping[str, JsonValue]) -> str | int | None:
    """Return the id of a message, None if it has none that is valid."""
    value = document.get("id")
    return value if isinstance(value, str | int) and not isinstance(value, bool) else None


def parse_message(document: JsonObject, request: InboundRequest) -> RpcMessage:
    """Return the message, checked against its headers.

    Raises:
        RpcError: It is not valid, its headers do not match it, or its version is not supported.
    """
    method, params = document.get("method"), document.get("params", {})
    if document.get("jsonrpc") != "2.0" or not isinstance(method, str):
        raise RpcError(INVALID_MESSAGE, "this is not a request of JSON-RPC 2.0")
    if "id" in document and message_id(document) is None:
        raise RpcError(INVALID_MESSAGE, "the id must be a string or an integer")
    if not isinstance(params, dict):
        raise RpcError(INVALID_PARAMS, "params must be an object")
    message = RpcMessage(
        method=method,
        id=message_id(document),
        params=params,
        stateless=_is_stateless(method, params, request),
    )
    if message.stateless and message.id is not None:
        _check_stateless(message, request)
    else:
        _check_version(request.header("mcp-protocol-version"), method)
    return message


def is_response(document: JsonObject) -> bool:
    """Return whether the message is a response, which a server without requests never awaits."""
    return "method" not in document and ("result" in document or "error" in document)


def http_status(error: RpcError, message: RpcMessage | None) -> HTTPStatus:
    """Return the HTTP status of an error; before 2026-07-28 it belongs to the transport alone."""
    if message is not None and not message.stateless:
        return HTTPStatus.OK
    return HTTPStatus.NOT_FOUND if error.code == METHOD_NOT_FOUND else HTTPStatus.BAD_REQUEST


def _is_stateless(method: str, params: JsonObject, request: InboundRequest) -> bool:
    meta = params.get("_meta")
    if isinstance(meta, dict) and _META_VERSION in meta:
        return True
    return method != "initialize" and request.header("mcp-protocol-version") == STATELESS_VERSION


def _check_version(version: str, method: str) -> None:
    """Check the header of a version; clients that negotiate or know none send it empty."""
    if version and version not in SUPPORTED_VERSIONS and method != "initialize":
        raise _unsupported(version)


def _check_stateless(message: RpcMessage, request: InboundRequest) -> None:
    meta = message.object("_meta")
    absent = [name for name in (_META_VERSION, _META_CAPABILITIES) if name not in meta]
    if absent:
        raise RpcError(INVALID_PARAMS, f"params._meta lacks {', '.join(absent)}")
    if not isinstance(meta[_META_CAPABILITIES], dict):
        raise RpcError(INVALID_PARAMS, f"{_META_CAPABILITIES} must be an object")
    _check_header(request, "mcp-protocol-version", meta[_META_VERSION])
    _check_header(request, "mcp-method", message.method)
    if message.method in _NAMED:
        _check_header(request, "mcp-name", message.params.get(_NAMED[message.method]))
    if meta[_META_VERSION] != STATELESS_VERSION:
        raise _unsupported(str(meta[_META_VERSION]))


def _check_header(request: InboundRequest, name: str, expected: JsonValue) -> None:
    given = request.header(name).strip(" \t")
    if name == "mcp-name" and given.startswith(_BASE64[0]) and given.endswith(_BASE64[1]):
        given = _decoded(given.removeprefix(_BASE64[0]).removesuffix(_BASE64[1]))
    if given != expected:
        raise RpcError(HEADER_MISMATCH, f"the header {name} does not match the body")


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise RpcError(HEADER_MISMATCH, "the header mcp-name is not valid base64") from None


def _unsupported(version: str) -> RpcError:
    supported = cast("JsonValue", list(SUPPORTED_VERSIONS))
    data: JsonObject = {"supported": supported, "requested": version[:64]}
    return RpcError(UNSUPPORTED_VERSION, "the protocol version is not supported", data)


def rpc_body(id_: str | int | None, *, key: str, value: JsonObject) -> str:
    """Return the body of a response, with a `result` or an `error`."""
    return json.dumps({"jsonrpc": "2.0", "id": id_, key: value}, separators=(",", ":"))
