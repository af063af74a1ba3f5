"""The API: what happens to a request before and after its route.

Routes, validation and OpenAPI are Powertools'. Before a route is asked, this decides whether there
is one, whether the caller may use it and whether the body can be read at all; so nobody unknown
learns what a valid request looks like, and every error has the same form.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from time import perf_counter
from typing import Final, cast

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue

from signalbox.http.bodies import read_json
from signalbox.http.events import SECURITY_HEADERS, Answer, HttpApiEvent, inbound, request_id
from signalbox.http.problems import internal, invalid, problem_of
from signalbox.http.routing import JSON, Call, MethodUnknown, Route, Routes
from signalbox.models.errors import NotFound, PayloadInvalid, SignalboxError, UnsupportedMedia
from signalbox.models.ids import RequestId
from signalbox.models.principal import Principal
from signalbox.models.request import InboundRequest

Authenticate = Callable[[str], Principal]
"""Who holds this key or token. Raises Unauthenticated."""

NOBODY: Final = Principal(name="anonymous", scopes=frozenset())
_BEARER: Final = "bearer "


def router() -> APIGatewayHttpResolver:
    """A router that reads bodies by our rules."""
    read = cast("Callable[[str], dict[str, JsonValue]]", read_json)
    return APIGatewayHttpResolver(enable_validation=True, json_body_deserializer=read)


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """What is known so far of one request and its answer, for the log."""

    request_id: RequestId
    route: Route | None = None
    caller: Principal = NOBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """A Lambda handler. `limit` is the largest body in bytes."""

    routes: Routes
    authenticate: Authenticate
    limit: int
    logger: Logger

    def __post_init__(self) -> None:
        """Makes the router speak of errors as everything else here does."""
        handle = self.routes.resolver.exception_handler
        handle([SignalboxError, RequestValidationError, NotFoundError, Exception])(self._refused)

    def __call__(self, event: dict[str, JsonValue], context: LambdaContext) -> Answer:
        """Answers one request; never an exception."""
        started = perf_counter()
        read = HttpApiEvent.model_validate(event)
        exchange = _Exchange(request_id=request_id(read))
        try:
            said = self._answer(event, context, read, exchange)
        except Exception as error:  # noqa: BLE001  whatever it was, the caller gets an answer
            said = self._problem(error, exchange.request_id)
        self._tell(said, read, exchange, perf_counter() - started)
        return said

    def _answer(
        self,
        event: dict[str, JsonValue],
        context: LambdaContext,
        read: HttpApiEvent,
        exchange: _Exchange,
    ) -> Answer:
        request = inbound(read, exchange.request_id, limit=self.limit)
        exchange.route = self.routes.find(request.method, request.path)
        if exchange.route.scope:
            exchange.caller = self.authenticate(_credentials(request))
            exchange.caller.require(exchange.route.scope)
        if exchange.route.takes_body:
            _check_body(request)
        resolver = self.routes.resolver
        resolver.append_context(call=Call(request=request, caller=exchange.caller))
        made = resolver.resolve(event, context)
        headers = {name.lower(): value for name, value in made["headers"].items()}
        return Answer(
            statusCode=made["statusCode"],
            headers={**SECURITY_HEADERS, "x-request-id": exchange.request_id, **headers},
            body=made.get("body") or "",
            isBase64Encoded=bool(made.get("isBase64Encoded")),
        )

    def _refused(self, error: Exception) -> Response[str]:
        """What the router answers where a route, or its validation, raised this."""
        said = self._problem(error, RequestId(self.routes.call().request.request_id))
        return Response(status_code=said["statusCode"], body=said["body"], headers=said["headers"])

    def _problem(self, error: Exception, request: RequestId) -> Answer:
        match error:
            case MethodUnknown():
                said = problem_of(error, request)
                said["headers"]["allow"] = ", ".join(error.allowed)
                return said
            case SignalboxError():
                return problem_of(error, request)
            case RequestValidationError():
                return invalid(error.errors(), request)
            case NotFoundError():
                return problem_of(NotFound("there is nothing at this path"), request)
        self.logger.error("request failed", exc_info=error, extra={"request_id": request})
        return internal(request)

    def _tell(self, said: Answer, read: HttpApiEvent, exchange: _Exchange, seconds: float) -> None:
        route = exchange.route
        failed = said["statusCode"] >= HTTPStatus.INTERNAL_SERVER_ERROR
        tell = self.logger.error if failed else self.logger.info
        tell(
            "request",
            extra={
                "request_id": exchange.request_id,
                "method": read.requestContext.http.method,
                "path": read.rawPath[:256],
                "route": route.path if route else None,
                "principal": exchange.caller.name,
                "status_code": said["statusCode"],
                "duration_ms": round(seconds * 1000, 1),
            },
        )


def _credentials(request: InboundRequest) -> str:
    """The API key or token of a request, empty where it has none."""
    bearer = request.header("authorization")
    token = bearer[len(_BEARER) :] if bearer.lower().startswith(_BEARER) else ""
    return (request.header("x-api-key") or token).strip()


def _check_body(request: InboundRequest) -> None:
    """Raises UnsupportedMedia, PayloadInvalid for a body that the router could only stumble on."""
    if request.header("content-encoding").strip().lower() not in {"", "identity"}:
        raise UnsupportedMedia("bodies are taken as they are, not compressed")
    if not request.body:
        return
    if request.header("content-type").partition(";")[0].strip().lower() != JSON:
        raise UnsupportedMedia(f"the body must be {JSON}")
    try:
        request.body.decode()
    except UnicodeDecodeError:
        raise PayloadInvalid("the body is not UTF-8") from None
