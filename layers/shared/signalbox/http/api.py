"""The API handler: what happens to a request before and after its route.

Powertools provides routing, validation and OpenAPI. Before it is called, this module finds the
route, authenticates and authorizes the caller and checks that the body can be parsed. So an
unauthenticated client does not learn what a valid request looks like, and all errors have the same
form.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from logging import Logger
from time import perf_counter
from typing import Any, cast

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue
from typing_extensions import override

from signalbox.http.audit import AuditTrail
from signalbox.http.authorize import Access, Authorizer, AuthResult, ForgedRequest
from signalbox.http.cors import CorsPolicy
from signalbox.http.events import (
    HttpApiEvent,
    LambdaResponse,
    lambda_response,
    request_id,
    request_log_fields,
    to_request,
)
from signalbox.http.json_parser import parse_json
from signalbox.http.mounts import ApiCall, Mount, MountCall, call_event
from signalbox.http.problems import error_fields, error_response, internal_error, validation_problem
from signalbox.http.request_checks import check_accept, check_query, check_sent_body
from signalbox.http.routing import (
    APPLICATION_JSON,
    MethodNotAllowed,
    RequestContext,
    RequestEffect,
    Route,
    Routes,
)
from signalbox.http.security_headers import SECURITY_HEADERS
from signalbox.models.errors import (
    NotFound,
    SignalboxError,
    Unavailable,
)
from signalbox.models.frozen import frozen
from signalbox.models.ids import RequestId
from signalbox.models.principal import ANONYMOUS, Principal
from signalbox.models.rate_limits import OverLimit, rate_limit_headers, retry_headers
from signalbox.models.request import InboundRequest
from signalbox.models.span import CURRENT_SPAN, Span, SpanKind
from signalbox.models.trace_context import TRACEPARENT, read_traceparent


class _OwnEventRouter(APIGatewayHttpResolver):
    """A router with an event of its own: those of Powertools share one in their process."""

    @override
    def _to_proxy_event(self, event: dict[str, Any]) -> APIGatewayProxyEventV2:
        self.current_event = APIGatewayProxyEventV2(event)
        return self.current_event


def router() -> APIGatewayHttpResolver:
    """Return a router that parses bodies strictly."""

    def parsed(text: str) -> dict[str, JsonValue]:
        call: RequestContext = made.context["call"]
        return cast("dict[str, JsonValue]", parse_json(text, printed=call.route.accepts_raw_output))

    made = _OwnEventRouter(enable_validation=True, json_body_deserializer=parsed)
    return made


_Admit = Callable[[InboundRequest, Access], AuthResult]


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """What is known of a request and its response so far."""

    request_id: RequestId
    span: Span
    request: InboundRequest | None = None
    route: Route | None = None
    caller: Principal = ANONYMOUS
    effect: RequestEffect = field(default_factory=RequestEffect)
    headers: dict[str, str] = field(default_factory=dict)

    def admitted(self, result: AuthResult) -> None:
        """Take the caller, and what is left of its limit."""
        self.caller = result.caller
        self.headers.update(rate_limit_headers(result.quota) if result.quota else {})


@frozen
class ApiHandler:
    """A Lambda handler. `limit` is the maximum size of a body in bytes.

    `mounts` are protocols other than the API itself, by path.
    """

    routes: Routes
    admit: Authorizer
    cors: CorsPolicy
    audit_trail: AuditTrail
    limit: int
    logger: Logger
    mounts: Mapping[str, Mount] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Register error handlers, so that the router renders errors as problems."""
        handle = self.routes.resolver.exception_handler
        handle([SignalboxError, RequestValidationError, NotFoundError, Exception])(
            self._error_response
        )

    def __call__(self, event: dict[str, JsonValue], context: LambdaContext) -> LambdaResponse:
        """Answer one request. It never raises."""
        return self._handle(event, context, self.admit)

    def _handle(
        self,
        event: dict[str, JsonValue],
        context: LambdaContext,
        admit: _Admit,
        outer: Span | None = None,
    ) -> LambdaResponse:
        parsed = HttpApiEvent.model_validate(event)
        if parsed.requestContext.http.method == "HEAD":
            response = self._handle(_as_get(event), context, admit, outer)
            return {**response, "body": "", "isBase64Encoded": False}
        traced = outer or TRACEPARENT not in parsed.headers
        span = Span(SpanKind.SERVER, parent=outer if traced else read_traceparent(parsed.headers))
        token = CURRENT_SPAN.set(span)  # a `with` would be two calls more of each request
        try:
            return self._respond(event, context, parsed, admit, span)
        finally:
            CURRENT_SPAN.reset(token)
            if span.recorder:
                span.end()

    def _respond(
        self,
        event: dict[str, JsonValue],
        context: LambdaContext,
        parsed: HttpApiEvent,
        admit: _Admit,
        span: Span,
    ) -> LambdaResponse:
        started = perf_counter()
        exchange = _Exchange(request_id=request_id(parsed), span=span)
        try:
            response = self._answer(event, context, parsed, exchange, admit)
        except Exception as error:  # noqa: BLE001  whatever it was, the caller gets an answer
            response = self._problem(error, exchange.request_id)
            if isinstance(error, ForgedRequest) and exchange.request:
                self.audit_trail.forged(exchange.request, exchange.route, error)
        response["headers"].update(exchange.headers)
        if exchange.request and exchange.route and exchange.caller is not ANONYMOUS:
            self.audit_trail(
                exchange.request,
                exchange.route,
                exchange.caller,
                response["statusCode"],
                changed=exchange.effect.changed or not exchange.route.heartbeat,
            )
        self._log(response, parsed, exchange, perf_counter() - started)
        if span.recorder:
            from signalbox.http.span_attributes import describe_request  # noqa: PLC0415  few export

            path = exchange.request.path if exchange.request else ""
            mounted = path if path in self.mounts else ""
            route = exchange.route.template if exchange.route else mounted
            describe_request(span, parsed, route, response["statusCode"])
        return response

    def _answer(
        self,
        event: dict[str, JsonValue],
        context: LambdaContext,
        parsed: HttpApiEvent,
        exchange: _Exchange,
        admit: _Admit,
    ) -> LambdaResponse:
        request = to_request(parsed, exchange.request_id, limit=self.limit)
        exchange.request = request
        exchange.headers.update(self.cors.headers(request))
        if request.method == "OPTIONS":
            methods = ", ".join(self.routes.methods(request.path))
            if preflight := self.cors.preflight(request, methods):
                exchange.headers.update(preflight)
                return lambda_response(204, "", exchange.request_id, APPLICATION_JSON)
        if request.path in self.mounts:
            return self._mounted(event, context, request, exchange)
        route = exchange.route = self.routes.find(request.method, request.path)
        exchange.admitted(admit(request, route))
        if route.scope:
            exchange.caller.require(route.scope)
        return self._routed(event, context, parsed, exchange, request, route)

    def _mounted(
        self,
        event: dict[str, JsonValue],
        context: LambdaContext,
        request: InboundRequest,
        exchange: _Exchange,
    ) -> LambdaResponse:
        """Return the response of a mount. What it performs is authenticated and counted once."""

        def authenticate() -> Principal:
            exchange.admitted(self.admit.authenticate(request))
            return exchange.caller

        def perform(call: ApiCall) -> LambdaResponse:
            inner = call_event(event, call, exchange.request_id)
            admit = AuthResult(caller=exchange.caller)
            return self._handle(inner, context, lambda *_: admit, exchange.span)

        call = MountCall(request=request, authenticate=authenticate, perform=perform)
        return self.mounts[request.path](call)

    def _routed(
        self,
        event: dict[str, JsonValue],
        context: LambdaContext,
        parsed: HttpApiEvent,
        exchange: _Exchange,
        request: InboundRequest,
        route: Route,
    ) -> LambdaResponse:
        check_accept(request, route)
        route_call = self.routes.call_of(route)
        query = parsed.queryStringParameters or {}
        check_query(query, route_call.query_names)
        check_sent_body(request, route_call.dependant)
        call = RequestContext(
            request=request, route=route, caller=exchange.caller, effect=exchange.effect
        )
        resolver = self.routes.resolver
        resolver.append_context(call=call)
        resolver.lambda_context = context  # of this router; Powertools would set that of all
        arguments = route_call.arguments(request, query)
        if arguments is None:
            return self._resolved(event, context, call)
        try:
            return _lambda_response(route_call.view(**arguments), request)
        finally:
            resolver.clear_context()

    def _resolved(
        self,
        event: dict[str, JsonValue],
        context: LambdaContext,
        call: RequestContext,
    ) -> LambdaResponse:
        """Return the response of Powertools, to a request with an error or a repeated parameter."""
        made = self.routes.registered().resolve(_normalised(event, call.request), context)
        return LambdaResponse(
            statusCode=made["statusCode"],
            headers=_response_headers(made["headers"], call.request),
            body=made.get("body") or "",
            isBase64Encoded=bool(made.get("isBase64Encoded")),
        )

    def _error_response(self, error: Exception) -> Response[str]:
        """Return the response to an error that a route or its validation raised."""
        response = self._problem(error, RequestId(self.routes.call().request.request_id))
        return Response(
            status_code=response["statusCode"], body=response["body"], headers=response["headers"]
        )

    def _problem(self, error: Exception, request: RequestId) -> LambdaResponse:
        if isinstance(error, RequestValidationError):
            return validation_problem(error.errors(), request)
        if isinstance(error, NotFoundError):
            return error_response(NotFound("there is nothing at this path"), request)
        if isinstance(error, SignalboxError) and not isinstance(error, Unavailable):
            response = error_response(error, request)
            response["headers"].update(_error_headers(error))
            return response
        extra = {"request_id": request, **error_fields(error)}
        self.logger.error("request failed", extra=extra)
        return (
            error_response(error, request)
            if isinstance(error, Unavailable)
            else internal_error(request)
        )

    def _log(
        self, response: LambdaResponse, parsed: HttpApiEvent, exchange: _Exchange, seconds: float
    ) -> None:
        route = exchange.route
        failed = response["statusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR
        tell = self.logger.error if failed else self.logger.info
        claimed = exchange.effect.claimed
        tell(
            "request",
            extra={
                "request_id": exchange.request_id,
                **request_log_fields(parsed),
                "route": route.path if route else None,
                "principal": exchange.caller.name,
                "status_code": response["statusCode"],
                "duration_ms": round(seconds * 1000, 1),
                **({"claimed_task_id": claimed} if claimed else {}),
            },
        )


def _error_headers(error: SignalboxError) -> Mapping[str, str]:
    match error:
        case MethodNotAllowed():
            return {"allow": ", ".join(error.allowed)}
        case OverLimit():
            return retry_headers(error)
        case _:
            return {}


def _lambda_response(response: Response[str], request: InboundRequest) -> LambdaResponse:
    return LambdaResponse(
        statusCode=response.status_code,
        headers=_response_headers(response.headers, request),
        body=response.body or "",
        isBase64Encoded=False,
    )


def _response_headers(given: Mapping[str, Any], request: InboundRequest) -> dict[str, str]:
    """Return the headers of a response; a location gets the base path of the request."""
    headers = {name.lower(): value for name, value in given.items()}
    if headers.get("location", "").startswith("/"):
        headers["location"] = request.base_path + headers["location"]
    return {**SECURITY_HEADERS, "x-request-id": request.request_id, **headers}


def _normalised(event: dict[str, JsonValue], request: InboundRequest) -> dict[str, JsonValue]:
    """Return the event for the router, normalised, so that nothing is parsed twice.

    The router recognises content types in lower case only, and base paths only if they are the name
    of a stage.
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
    """Return the event of a HEAD request as that of a GET."""
    context = cast("dict[str, dict[str, JsonValue]]", event["requestContext"])
    return {**event, "requestContext": {**context, "http": {**context["http"], "method": "GET"}}}
