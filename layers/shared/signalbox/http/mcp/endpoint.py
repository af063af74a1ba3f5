"""The MCP endpoint: one POST, one JSON response, nothing kept between requests."""

from collections.abc import Callable
from http import HTTPStatus

from signalbox.http.events import LambdaResponse, lambda_response
from signalbox.http.mcp.access import authenticated, check_origin
from signalbox.http.mcp.messages import (
    RpcError,
    RpcMessage,
    http_status,
    is_response,
    message_id,
    parse_document,
    parse_message,
    rpc_body,
)
from signalbox.http.mcp.methods import RpcCall, rpc_result
from signalbox.http.mcp.tools import ToolCatalog
from signalbox.http.mounts import MountCall
from signalbox.http.request_checks import check_json, check_media_types, check_uncompressed
from signalbox.http.routing import APPLICATION_JSON, MethodNotAllowed
from signalbox.models.base import JsonObject
from signalbox.models.frozen import frozen
from signalbox.models.ids import RequestId
from signalbox.models.principal import Principal
from signalbox.models.request import InboundRequest
from signalbox.models.span import CURRENT_SPAN


@frozen
class McpEndpoint:
    """Answer the requests of MCP clients.

    `origins` are the origins of browsers that are allowed, besides pages of this machine on this
    machine. `has_issuers` returns whether tokens of an issuer are accepted, whose clients then
    learn where its metadata is.
    """

    catalog: ToolCatalog
    version: str
    origins: frozenset[str]
    has_issuers: Callable[[], bool]

    def __call__(self, call: MountCall) -> LambdaResponse:
        """Return the response to a request.

        Raises:
            Forbidden: The origin is not allowed.
            MethodNotAllowed: It is no POST; there are no streams and no sessions to end.
            OverLimit: The rate limit is exceeded.
            NotAcceptable: The client does not accept JSON.
            UnsupportedMedia: The body is not JSON.
        """
        request = call.request
        check_origin(request, self.origins)
        if request.method != "POST":
            raise MethodNotAllowed(["POST"])
        caller = authenticated(call, self.has_issuers)
        if not isinstance(caller, Principal):
            return caller
        check_json(request)
        check_uncompressed(request)
        check_media_types(request, (APPLICATION_JSON,))
        return self._answer(call, caller)

    def _answer(self, call: MountCall, caller: Principal) -> LambdaResponse:
        request = call.request
        document: JsonObject = {}
        message: RpcMessage | None = None
        try:
            document = parse_document(request.body)
            if is_response(document) and not request.header("mcp-method"):
                return _reply(request, HTTPStatus.ACCEPTED, "")
            span = CURRENT_SPAN.get()
            if span and span.recorder:
                from signalbox.http.span_attributes import (  # noqa: PLC0415  few export
                    describe_rpc,
                )

                describe_rpc(span, document)
            message = parse_message(document, request)
            if message.id is None:
                return _reply(request, HTTPStatus.ACCEPTED, "")
            result = rpc_result(
                RpcCall(
                    message=message,
                    caller=caller,
                    perform=call.perform,
                    catalog=self.catalog,
                    version=self.version,
                )
            )
        except RpcError as error:
            body = rpc_body(message_id(document), key="error", value=error.json_object())
            return _reply(request, http_status(error, message), body)
        return _reply(request, HTTPStatus.OK, rpc_body(message.id, key="result", value=result))


def _reply(request: InboundRequest, status: HTTPStatus, body: str) -> LambdaResponse:
    return lambda_response(status, body, RequestId(request.request_id), APPLICATION_JSON)
