"""Requests to the gateway as API Gateway passes them on, and its responses."""

import base64
import re
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json, to_json

from signalbox.http.events import HttpApiEvent, LambdaResponse, base_path
from signalbox.models.gateway_errors import FieldsInvalid
from signalbox.models.request import InboundRequest
from signalbox.services.gateway.paths import RequestPath, parse_query
from signalbox.services.gateway.request import GatewayRequest
from signalbox.services.ports.gateway import HeaderFields, UpstreamResponse

_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\[[0-9a-f:.]{2,45}\](:[0-9]{1,5})?")
_COOKIE: Final = "set-cookie"


class ProxiedResponse(LambdaResponse, total=False):
    """A response with several cookies, each of which becomes a `Set-Cookie` header."""

    cookies: list[str]


def to_gateway_request(
    event: HttpApiEvent, path: RequestPath, request_id: str, body: bytes = b""
) -> GatewayRequest:
    """Return the request that is to be forwarded.

    Raises:
        FieldsInvalid: The host is malformed.
        PathInvalid: The query has control characters.
        UriTooLong: The query is too long.
    """
    context = event.requestContext
    host = event.headers.get("host") or context.domainName
    if not _HOST.fullmatch(host):
        raise FieldsInvalid("the header Host is malformed")
    return GatewayRequest(
        method=context.http.method,
        path=path,
        fields=tuple(_fields(event)),
        body=body,
        query=parse_query(event.rawQueryString),
        host=host,
        client=context.http.sourceIp,
        base=base_path(event),
        protocol=context.http.protocol.removeprefix("HTTP/"),
        request_id=request_id,
    )


def credentials_in(request: InboundRequest, *, public: bool) -> frozenset[str]:
    """Return the names of the headers with credentials that were meant for us.

    An `Authorization` beside an `X-API-Key`, and every one to a public service, is the service's,
    unless it has an API key of ours.
    """
    key, bearer = request.header("x-api-key"), request.header("authorization")
    ours = {"x-api-key"} if "sbx_" in key or not public else set()
    if "sbx_" in bearer or not (public or key):
        ours.add("authorization")
    return frozenset(ours)


def to_lambda_response(
    response: UpstreamResponse, request_id: str, extra: Mapping[str, str]
) -> ProxiedResponse:
    """Return the response for API Gateway; `extra` are headers that a service may override.

    Repeated headers become one with commas, except cookies (RFC 9110, 5.3).
    """
    headers: dict[str, str] = {}
    for name, value in response.fields:
        key = name.lower()
        if key != _COOKIE:
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
    proxied = ProxiedResponse(
        statusCode=response.status,
        headers={**extra, **headers, "x-request-id": request_id},
        body=base64.b64encode(response.body).decode(),
        isBase64Encoded=bool(response.body),
    )
    cookies = [value for name, value in response.fields if name.lower() == _COOKIE]
    if cookies:
        proxied["cookies"] = cookies
    return proxied


def with_target(response: LambdaResponse, service: str | None, request_id: str) -> LambdaResponse:
    """Return the response with a problem, which also names its code `error` and the service."""
    problem: dict[str, JsonValue] = from_json(response["body"])
    more = {"error": problem["code"], "target_service": service, "request_id": request_id}
    return {**response, "body": to_json({**problem, **more}).decode()}


def _fields(event: HttpApiEvent) -> HeaderFields:
    """Return the headers; API Gateway takes the cookies out of them."""
    fields = tuple(event.headers.items())
    return (*fields, ("cookie", "; ".join(event.cookies))) if event.cookies else fields
