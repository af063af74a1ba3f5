"""The handler of the gateway: what happens to a request before and after it is forwarded."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from math import ceil
from time import perf_counter
from typing import Final

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue

from signalbox.auth.identity import IdentitySigner
from signalbox.auth.rate_limits import rate_limit_headers, retry_headers
from signalbox.http.authorize import ANONYMOUS, Authorizer, AuthResult, ScopeAccess
from signalbox.http.events import (
    HttpApiEvent,
    LambdaResponse,
    base_path,
    lambda_response,
    request_id,
    request_log_fields,
    to_request,
)
from signalbox.http.gateway_events import (
    credentials_in,
    to_gateway_request,
    to_lambda_response,
    with_target,
)
from signalbox.http.gateway_status import gateway_services, gateway_status
from signalbox.http.problems import error_fields, error_response, internal_error, problem_response
from signalbox.models.errors import Forbidden, SignalboxError, Unavailable
from signalbox.models.gateway_errors import ServiceUnavailable, UpstreamError
from signalbox.models.ids import RequestId
from signalbox.models.principal import Principal, Scope
from signalbox.models.rate_limits import OverLimit
from signalbox.models.service import Service, ServiceAccess
from signalbox.services.gateway.fields import check_loop, check_request
from signalbox.services.gateway.forward import ForwardedRequest, ForwardRequest
from signalbox.services.gateway.paths import parse_path
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.ports.gateway import HeaderFields
from signalbox.services.ports.metrics import Count

_JSON: Final = "application/json"
_SPARE_SECONDS: Final = 1.0
_MAX_OWN_BODY: Final = 0
_STATUS: Final = ("api", "gateway", "status")
_SERVICES: Final = ("api", "gateway", "services")
_JWKS: Final = ("api", "gateway", "jwks.json")
_OWN: Final = {_STATUS: Scope.METRICS_READ, _SERVICES: Scope.CONFIG_READ, _JWKS: None}
_KEYS_MAX_AGE: Final = "public, max-age=300"


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """What is known of a request and its response so far."""

    request_id: RequestId
    service: str | None = None
    version: str | None = None
    caller: Principal = ANONYMOUS
    error: str | None = None
    record: ForwardedRequest = field(default_factory=ForwardedRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayHandler:
    """A Lambda handler. `version` is ours, `started_at` when this process began to answer."""

    table: Callable[[], RoutingTable]
    admit: Authorizer
    forward: ForwardRequest
    identity: IdentitySigner
    version: str
    started_at: datetime
    logger: Logger
    count: Count

    def __call__(self, event: dict[str, JsonValue], context: LambdaContext) -> LambdaResponse:
        """Answer one request. It never raises."""
        started = perf_counter()
        parsed = HttpApiEvent.model_validate(event)
        exchange = _Exchange(request_id=request_id(parsed))
        try:
            response = self._answer(parsed, exchange, context)
        except SignalboxError as error:
            response = self._problem(error, exchange)
        except Exception as error:  # noqa: BLE001  whatever it was, the caller gets an answer
            extra = {"request_id": exchange.request_id, **error_fields(error)}
            self.logger.error("gateway failed", extra=extra)
            exchange.error = "internal"
            problem = internal_error(exchange.request_id)
            response = with_target(problem, exchange.service, exchange.request_id)
        if parsed.requestContext.http.method == "HEAD":
            response["body"] = ""
        self._report(parsed, exchange, response, perf_counter() - started)
        return response

    def _answer(
        self, event: HttpApiEvent, exchange: _Exchange, context: LambdaContext
    ) -> LambdaResponse:
        path = parse_path(event.rawPath.removeprefix(base_path(event)) or "/")
        table = self.table()
        if path.plain in _OWN:
            return self._own(event, exchange, _OWN[path.plain], path.plain, table)
        destination = table.find(to_gateway_request(event, path, exchange.request_id))
        service = destination.service
        exchange.service, exchange.version = service.name, destination.version
        inbound = to_request(event, exchange.request_id, limit=service.max_body_bytes)
        request = to_gateway_request(event, path, exchange.request_id, inbound.body)
        check_request(request)
        check_loop(request, self.forward.via)
        access = service.access
        admitted = self.admit(inbound, ScopeAccess(scope=None if access.public else access.scope))
        exchange.caller = admitted.caller
        _require(access, admitted.caller)
        response = self.forward(
            request,
            destination,
            credentials=credentials_in(inbound, public=access.public),
            added=self._identity(service, admitted.caller, exchange.request_id),
            seconds=context.get_remaining_time_in_millis() / 1_000 - _SPARE_SECONDS,
            record=exchange.record,
        )
        return to_lambda_response(response, exchange.request_id, _quota_headers(admitted))

    def _own(
        self,
        event: HttpApiEvent,
        exchange: _Exchange,
        scope: Scope | None,
        path: tuple[str, ...],
        table: RoutingTable,
    ) -> LambdaResponse:
        inbound = to_request(event, exchange.request_id, limit=_MAX_OWN_BODY)
        admitted = self.admit(inbound, ScopeAccess(scope=scope))
        exchange.caller = admitted.caller
        if scope:
            admitted.caller.require(scope)
        if inbound.method not in ("GET", "HEAD"):
            detail = "this path does not take this method"
            return with_target(
                problem_response(
                    HTTPStatus.METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    exchange.request_id,
                    detail=detail,
                    headers={"allow": "GET, HEAD"},
                ),
                None,
                exchange.request_id,
            )
        text = self._own_body(path, table)
        shown = "" if inbound.method == "HEAD" else text
        response = lambda_response(HTTPStatus.OK, shown, exchange.request_id, _JSON)
        response["headers"].update(_quota_headers(admitted))
        if path == _JWKS:
            response["headers"]["cache-control"] = _KEYS_MAX_AGE
        return response

    def _identity(self, service: Service, caller: Principal, request_id: str) -> HeaderFields:
        """Return the header that tells a service who calls; none if anybody may."""
        if service.access.public or not service.identity:
            return ()
        return (("x-signalbox-identity", self.identity(caller, service.name, request_id)),)

    def _own_body(self, path: tuple[str, ...], table: RoutingTable) -> str:
        if path == _JWKS:
            return self.identity.jwks()
        if path == _SERVICES:
            return gateway_services(table, self.forward.instances).model_dump_json()
        status = gateway_status(
            table,
            self.forward.instances,
            self.forward.pool,
            version=self.version,
            started_at=self.started_at,
        )
        return status.model_dump_json()

    def _problem(self, error: SignalboxError, exchange: _Exchange) -> LambdaResponse:
        exchange.error, request = error.code, exchange.request_id
        if isinstance(error, UpstreamError):
            response = problem_response(error.status, error.code, request, detail=error.reason)
        else:
            response = error_response(error, request)
        if isinstance(error, OverLimit):
            response["headers"].update(retry_headers(error))
        if isinstance(error, ServiceUnavailable):
            response["headers"]["retry-after"] = str(ceil(error.after.total_seconds()))
        elif isinstance(error, Unavailable):
            extra = {"request_id": request, **error_fields(error)}
            self.logger.error("gateway failed", extra=extra)
        return with_target(response, exchange.service, request)

    def _report(
        self, event: HttpApiEvent, exchange: _Exchange, response: LambdaResponse, seconds: float
    ) -> None:
        """Log one line for the access, and count it."""
        status, attempts = response["statusCode"], exchange.record.attempts
        last = attempts[-1] if attempts else None
        failed = exchange.error and status >= HTTPStatus.INTERNAL_SERVER_ERROR
        log = self.logger.error if failed else self.logger.info
        log(
            "access",
            extra={
                "request_id": exchange.request_id,
                **request_log_fields(event),
                "target_service": exchange.service,
                "version": exchange.version,
                "instance": last.instance if last else None,
                "attempt": len(attempts),
                "status_code": status,
                "duration_ms": round(seconds * 1_000, 1),
                "upstream_ms": round(sum(a.seconds for a in attempts) * 1_000, 1),
                "principal": exchange.caller.name,
                "error": exchange.error,
                "no_retry": exchange.record.refusal,
                "faults": [a.fault or a.status for a in attempts[:-1]]
                + ([last.fault] if last and last.fault else []),
            },
        )
        if exchange.service:
            target = {"target": exchange.service}
            outcome = exchange.error or f"{status // 100}xx"
            self.count("GatewayRequests", {**target, "outcome": outcome})
            if len(attempts) > 1:
                self.count("GatewayRetries", target, len(attempts) - 1)


def _require(access: ServiceAccess, caller: Principal) -> None:
    """Check that the caller may call a service.

    Raises:
        Forbidden: The caller lacks the scope, or has none of the roles.
    """
    if access.public:
        return
    caller.require(access.scope)
    if access.roles and not set(access.roles) & set(caller.roles):
        raise Forbidden(f"this needs one of the roles {', '.join(access.roles)}")


def _quota_headers(admitted: AuthResult) -> dict[str, str]:
    return dict(rate_limit_headers(admitted.quota)) if admitted.quota else {}
