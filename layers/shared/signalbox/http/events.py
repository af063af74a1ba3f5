"""The events of API Gateway (HTTP API, payload 2.0), and the responses to it."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, TypedDict
from urllib.parse import unquote

from pydantic import BeforeValidator, ConfigDict, Field

from signalbox.http.security_headers import SECURITY_HEADERS
from signalbox.models.base import PartialModel
from signalbox.models.errors import PayloadInvalid, PayloadTooLarge
from signalbox.models.ids import RequestId, random_request_id
from signalbox.models.redaction import redacted
from signalbox.models.request import InboundRequest
from signalbox.models.text import one_line

_PARAMETER: Final = re.compile(r"\{(\w+)\+?\}")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{8,128}")


class _Http(PartialModel):
    method: str
    path: str
    sourceIp: str = ""  # noqa: N815  as API Gateway writes it
    protocol: str = "HTTP/1.1"


class _Context(PartialModel):
    http: _Http
    domainName: str = ""  # noqa: N815  as API Gateway writes it
    timeEpoch: int = 0  # noqa: N815  as API Gateway writes it, in milliseconds
    requestId: str = ""  # noqa: N815  as API Gateway writes it


def _lower_case(headers: object) -> object:
    """Return the headers with names in lower case; REST APIs keep the case of the sender."""
    if isinstance(headers, Mapping):
        if "".join(headers).islower():
            return headers  # as HTTP APIs send them
        return {str(name).lower(): value for name, value in headers.items()}
    return {} if headers is None else headers


LowerCaseHeaders = Annotated[dict[str, str], BeforeValidator(_lower_case)]
"""Headers of an event; none if it has null."""


class HttpApiEvent(PartialModel):
    """The part of an event that is read."""

    model_config = ConfigDict(frozen=True)

    rawPath: str  # noqa: N815  as API Gateway writes it
    routeKey: str = ""  # noqa: N815  as API Gateway writes it
    headers: LowerCaseHeaders = Field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    body: str | None = None
    isBase64Encoded: bool = False  # noqa: N815  as API Gateway writes it
    pathParameters: dict[str, str] | None = None  # noqa: N815  as API Gateway writes it
    rawQueryString: str = ""  # noqa: N815  as API Gateway writes it
    queryStringParameters: dict[str, str] | None = None  # noqa: N815  as API Gateway writes it
    requestContext: _Context  # noqa: N815  as API Gateway writes it


class LambdaResponse(TypedDict):
    """A response in the form that API Gateway expects."""

    statusCode: int
    headers: dict[str, str]
    body: str
    isBase64Encoded: bool


def to_request(event: HttpApiEvent, request: RequestId, *, limit: int) -> InboundRequest:
    """Return the request, with its body as the bytes that were sent.

    Raises:
        PayloadTooLarge: The body has more than `limit` bytes.
        PayloadInvalid: The body is not valid base64.
    """
    body = event_body(event, limit)
    base = base_path(event)
    return InboundRequest(
        method=event.requestContext.http.method.upper(),
        path=event.rawPath.removeprefix(base) or "/",
        base_path=base,
        query=event.rawQueryString,
        headers=_with_cookies(event),
        body=body,
        source_ip=event.requestContext.http.sourceIp,
        request_id=request,
        received_at=_taken_at(event),
    )


def _with_cookies(event: HttpApiEvent) -> dict[str, str]:
    """Return the headers; API Gateway takes the cookies out of them."""
    return {**event.headers, "cookie": "; ".join(event.cookies)} if event.cookies else event.headers


def event_body(event: HttpApiEvent, limit: int) -> bytes:
    """Return the body as the bytes that were sent.

    Raises:
        PayloadTooLarge: It has more than `limit` bytes.
        PayloadInvalid: It is not valid base64.
    """
    text = event.body or ""
    if len(text) > limit * 4 // 3 + 4:
        raise PayloadTooLarge(f"the body is over {limit} bytes")
    if event.isBase64Encoded:
        try:
            raw = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise PayloadInvalid("the body is not what it was sent as") from None
    else:
        raw = text.encode("utf-8", "surrogatepass")
    if len(raw) > limit:
        raise PayloadTooLarge(f"the body is over {limit} bytes")
    return raw


def _taken_at(event: HttpApiEvent) -> datetime | None:
    """Return when API Gateway took the request, None if it does not say."""
    milliseconds = event.requestContext.timeEpoch
    return datetime.fromtimestamp(milliseconds / 1_000, UTC) if milliseconds else None


def base_path(event: HttpApiEvent) -> str:
    """Return the part of the path before the matched route, such as `/hooks`.

    The path begins with the API mapping key of a custom domain, or with the name of a stage that is
    not `$default`; the route and its parameters do not. Routes of webhooks have no base path.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    """
    method, _, route = event.routeKey.partition(" ")
    parameters = event.pathParameters or {}
    if not method or not (parameters.keys() & {"proxy", "service"} or route == "/"):
        return ""
    matched = _PARAMETER.sub(lambda found: parameters.get(found[1], ""), route)
    path = event.rawPath if event.rawPath.endswith(matched) else unquote(event.rawPath)
    if path.endswith(matched):
        return path.removesuffix(matched)
    return path if route == "/" else ""


def request_id(event: HttpApiEvent) -> RequestId:
    """Return the client's request id if it is well-formed, else a new one.

    Ids are logged and shown, so one that looks like a secret is replaced.
    """
    return accepted_request_id(event.headers.get("x-request-id", ""))


def accepted_request_id(given: str) -> RequestId:
    """Return the id that a client gave if it is well-formed and no secret, else a new one."""
    fits = _REQUEST_ID.fullmatch(given) and redacted(given) == given
    return RequestId(given) if fits else random_request_id()


def request_log_fields(event: HttpApiEvent) -> Mapping[str, str]:
    """Return the fields of all log lines of a request.

    `gateway_request_id` is the id in API Gateway's access log.
    """
    return {
        "method": event.requestContext.http.method,
        "path": loggable_path(event.rawPath),
        "gateway_request_id": event.requestContext.requestId,
    }


def loggable_path(path: str) -> str:
    """Return the path of a request for the log: short, in one line, without secrets."""
    return one_line(redacted(path[:1_024]), 256)


def lambda_response(
    status: int, body: str, request: RequestId, content_type: str
) -> LambdaResponse:
    """Return a response with the headers that all of them have."""
    headers = {**SECURITY_HEADERS, "content-type": content_type, "x-request-id": request}
    return LambdaResponse(statusCode=status, headers=headers, body=body, isBase64Encoded=False)
