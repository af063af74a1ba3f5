"""The API: what happens to a request before and after its route.

Routes, validation and OpenAPI are Powertools'. Before a route is asked, this decides whether there
is one, whether the caller may use it and whether the body can be read at all; so nobody unknown
learns what a valid request looks like, and every error has the same form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter
from typing import Final, cast

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Dependant
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue

from signalbox.auth.rate_limits import rate_limit_headers, retry_headers
from signalbox.http.audit import AuditTrail
from signalbox.http.authorize import ANONYMOUS, Authorizer
from signalbox.http.cors import CorsPolicy
from signalbox.http.events import (
    SECURITY_HEADERS,
    HttpApiEvent,
    LambdaResponse,
    lambda_response,
    request_id,
    request_log_fields,
    to_request,
)
from signalbox.http.json_parser import parse_json
from signalbox.http.problems import error_fields, error_response, internal_error, validation_problem
from signalbox.http.routing import APPLICATION_JSON, MethodNotAllowed, RequestContext, Route, Routes
from signalbox.models.errors import (
    NotAcceptable,
    NotFound,
    PayloadInvalid,
    SignalboxError,
    Unavailable,
    UnsupportedMedia,
)
from signalbox.models.ids import RequestId
from signalbox.models.principal import Principal
from signalbox.models.rate_limits import OverLimit
from signalbox.models.request import InboundRequest

_NOTHING: Final = (b"", b"{}")


def router() -> APIGatewayHttpResolver:
    """Return A router that reads bodies by our rules."""

    def read(text: str) -> dict[str, JsonValue]:
        call: RequestContext = made.context["call"]
        return cast("dict[str, JsonValue]", parse_json(text, printed=call.route.accepts_raw_output))

    made = APIGatewayHttpResolver(enable_validation=True, json_body_deserializer=read)
    return made


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """What is known so far of one request and its answer."""

    request_id: RequestId
    request: InboundRequest | None = None
    route: Route | None = None
    caller: Principal = ANONYMOUS
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiHandler:
    """A Lambda handler. `limit` is the largest body in bytes."""

    routes: Routes
    admit: Authorizer
    cors: CorsPolicy
    audit_trail: AuditTrail
    limit: int
    logger: Logger

    def __post_init__(self) -> None:
        """Create the router speak of errors as everything else here does."""
        handle = self.routes.resolver.exception_handler
        handle([SignalboxError, RequestValidationError, NotFoundError, Exception])(self._refused)

    def __call__(self, event: dict[str, JsonValue], context: LambdaContext) -> LambdaResponse:
        """Answer one request; never an exception."""
        started = perf_counter()
        read = HttpApiEvent.model_validate(event)
        if read.requestContext.http.method == "HEAD":
            return {**self(_as_get(event), context), "body": "", "isBase64Encoded": False}
        exchange = _Exchange(request_id=request_id(read))
        try:
            said = self._answer(event, context, read, exchange)
        except Exception as error:  # noqa: BLE001  whatever it was, the caller gets an answer
            said = self._problem(error, exchange.request_id)
        said["headers"].update(exchange.headers)
        if exchange.request and exchange.route and exchange.caller is not ANONYMOUS:
            self.audit_trail(exchange.request, exchange.route, exchange.caller, said["statusCode"])
        self._tell(said, read, exchange, perf_counter() - started)
        return said

    def _answer(
        self,
        event: dict[str, JsonValue],
        context: LambdaContext,
        read: HttpApiEvent,
        exchange: _Exchange,
    ) -> LambdaResponse:
        request = to_request(read, exchange.request_id, limit=self.limit)
        exchange.request = request
        exchange.headers.update(self.cors.headers(request))
        preflight = self.cors.preflight(request, ", ".join(self.routes.methods(request.path)))
        if preflight:
            exchange.headers.update(preflight)
            return lambda_response(HTTPStatus.NO_CONTENT, "", exchange.request_id, APPLICATION_JSON)
        route = exchange.route = self.routes.find(request.method, request.path)
        admitted = self.admit(request, route)
        exchange.caller = admitted.caller
        exchange.headers.update(rate_limit_headers(admitted.quota) if admitted.quota else {})
        if route.scope:
            admitted.caller.require(route.scope)
        _check_accept(request, route)
        taken = self.routes.taken(route)
        _check_query(read, taken)
        _check_body(request, taken)
        call = RequestContext(request=request, route=route, caller=admitted.caller)
        return self._routed(event, context, call)

    def _routed(
        self,
        event: dict[str, JsonValue],
        context: LambdaContext,
        call: RequestContext,
    ) -> LambdaResponse:
        resolver = self.routes.resolver
        resolver.append_context(call=call)
        made = resolver.resolve(_checked(event, call.request), context)
        headers = {name.lower(): value for name, value in made["headers"].items()}
        if headers.get("location", "").startswith("/"):
            headers["location"] = call.request.base_path + headers["location"]
        return LambdaResponse(
            statusCode=made["statusCode"],
            headers={**SECURITY_HEADERS, "x-request-id": call.request.request_id, **headers},
            body=made.get("body") or "",
            isBase64Encoded=bool(made.get("isBase64Encoded")),
        )

    def _refused(self, error: Exception) -> Response[str]:
        """Return what the router answers where a route, or its validation, raised this."""
        said = self._problem(error, RequestId(self.routes.call().request.request_id))
        return Response(status_code=said["statusCode"], body=said["body"], headers=said["headers"])

    def _problem(self, error: Exception, request: RequestId) -> LambdaResponse:
        if isinstance(error, RequestValidationError):
            return validation_problem(error.errors(), request)
        if isinstance(error, NotFoundError):
            return error_response(NotFound("there is nothing at this path"), request)
        if isinstance(error, SignalboxError) and not isinstance(error, Unavailable):
            said = error_response(error, request)
            said["headers"].update(_more_headers(error))
            return said
        extra = {"request_id": request, **error_fields(error)}
        self.logger.error("request failed", extra=extra)
        return (
            error_response(error, request)
            if isinstance(error, Unavailable)
            else internal_error(request)
        )

    def _tell(
        self, said: LambdaResponse, read: HttpApiEvent, exchange: _Exchange, seconds: float
    ) -> None:
        route = exchange.route
        failed = said["statusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR
        tell = self.logger.error if failed else self.logger.info
        tell(
            "request",
            extra={
                "request_id": exchange.request_id,
                **request_log_fields(read),
                "route": route.path if route else None,
                "principal": exchange.caller.name,
                "status_code": said["statusCode"],
                "duration_ms": round(seconds * 1000, 1),
            },
        )


def _more_headers(error: SignalboxError) -> Mapping[str, str]:
    match error:
        case MethodNotAllowed():
            return {"allow": ", ".join(error.allowed)}
        case OverLimit():
            return retry_headers(error)
        case _:
            return {}


def _check_accept(request: InboundRequest, route: Route) -> None:
    """Check whether it is valid.

    Raises:
        NotAcceptable: If the caller takes nothing that the route answers with.
    """
    offered = {
        *route.media_types,
        "*/*",
        *(f"{kind.partition('/')[0]}/*" for kind in route.media_types),
    }
    if request.header("accept").strip(" \t,") and not request.accepted & offered:
        raise NotAcceptable(f"this answers with {', '.join(route.media_types)}")


def _checked(event: dict[str, JsonValue], request: InboundRequest) -> dict[str, JsonValue]:
    """Return the event for the router as we have read it, so that nothing is read twice.

    The router knows content types in lower case alone, where `_check_body` has decided what the
    body is, and base paths only where they are the name of a stage.
    """
    headers: dict[str, JsonValue] = {**request.headers, "content-type": APPLICATION_JSON}
    gateway = cast("dict[str, JsonValue]", event["requestContext"])
    return {
        **event,
        "headers": headers,
        "rawPath": request.path,
        "requestContext": {**gateway, "stage": "$default"},
    }


def _as_get(event: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the event of a GET in place of that of a HEAD."""
    context = cast("dict[str, dict[str, JsonValue]]", event["requestContext"])
    return {**event, "requestContext": {**context, "http": {**context["http"], "method": "GET"}}}


def _check_query(read: HttpApiEvent, taken: Dependant) -> None:
    """Check whether it is valid.

    Raises:
        RequestValidationError: If the query names what the route does not know of.
    """
    known = {parameter.alias for parameter in taken.query_params}
    odd = sorted((read.queryStringParameters or {}).keys() - known)
    if odd:
        raise RequestValidationError(
            [{"loc": ("query", name), "type": "extra_forbidden"} for name in odd]
        )


def _check_body(request: InboundRequest, taken: Dependant) -> None:
    """That is any one if the route takes none: the router would not even look at it.

    Raises:
        UnsupportedMedia: The media type of the body is not supported.
        PayloadInvalid: For a body that the router could only stumble on.
    """
    if not taken.body_params:
        if request.body.strip() not in _NOTHING:
            raise PayloadInvalid("this takes no body")
        return
    if request.header("content-encoding").strip().lower() not in {"", "identity"}:
        raise UnsupportedMedia("bodies are taken as they are, not compressed")
    if not request.body:
        return
    if request.body.strip() == b"null":
        raise PayloadInvalid("the body is null; what has nothing to say has no body")
    if request.media_type != APPLICATION_JSON:
        raise UnsupportedMedia(f"the body must be {APPLICATION_JSON}")
    try:
        request.body.decode()
    except UnicodeDecodeError:
        raise PayloadInvalid("the body is not UTF-8") from None
