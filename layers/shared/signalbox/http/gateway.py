"""The gateway: what happens to a request before and after it is forwarded, whatever its front."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from logging import Logger
from time import perf_counter
from typing import Any, Final

from signalbox.auth.identity import IdentitySigner
from signalbox.http.authorize import ScopeAccess
from signalbox.http.gateway_access import Admit, AdmitCaller, quota_fields
from signalbox.http.gateway_reports import Report
from signalbox.http.gateway_request import IncomingRequest
from signalbox.http.gateway_responses import (
    method_not_allowed,
    own_json_response,
    problem,
)
from signalbox.http.gateway_status import gateway_services, gateway_status
from signalbox.http.problems import error_fields
from signalbox.models.errors import SignalboxError, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import AttemptFailed, ClientLeft, ServiceUnavailable
from signalbox.models.principal import Scope
from signalbox.models.service import Service
from signalbox.models.span import Span, SpanKind
from signalbox.models.trace_context import TRACEPARENT, is_sampled, read_traceparent, trace_fields
from signalbox.services.gateway.bodies import WatchedBody
from signalbox.services.gateway.fields import check_loop, check_request
from signalbox.services.gateway.forward import ForwardRequest
from signalbox.services.gateway.middleware import (
    CallNext,
    GatewayCall,
    Middleware,
    NamedMiddleware,
    pass_on,
    pipeline,
)
from signalbox.services.gateway.paths import parse_path
from signalbox.services.gateway.record import GatewayRecord
from signalbox.services.gateway.response_fields import with_defaults
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.gateway.service_middlewares import MiddlewareSteps, no_middlewares
from signalbox.services.ports.gateway import GatewayResponse, field_values

_MAX_OWN_BODY: Final = 0
_STATUS: Final = ("api", "gateway", "status")
_SERVICES: Final = ("api", "gateway", "services")
_JWKS: Final = ("api", "gateway", "jwks.json")
_OWN: Final[Mapping[tuple[str, ...], Scope | None]] = {
    _STATUS: Scope.METRICS_READ,
    _SERVICES: Scope.CONFIG_READ,
    _JWKS: None,
}
_KEYS_MAX_AGE: Final = "public, max-age=300"
_BROKEN: Final = "response_broken"


async def _read_at_once(read: Callable[[], str]) -> str:
    return read()


@frozen
class Gateway:
    """Answers requests. `version` is ours, `started_at` when this process began to answer.

    `middlewares` returns those of a service. `in_thread` makes what may read the tables without
    blocking other requests. Each request is passed to all `reports` when its response has ended.
    """

    table: Callable[[], RoutingTable]
    admit: Admit
    forward: ForwardRequest
    identity: IdentitySigner
    version: str
    started_at: datetime
    logger: Logger
    middlewares: Callable[[Service], MiddlewareSteps] = no_middlewares
    in_thread: Callable[[Callable[[], str]], Coroutine[Any, Any, str]] = _read_at_once
    reports: Sequence[Report] = ()

    async def __call__(self, incoming: IncomingRequest) -> GatewayResponse:
        """Answer one request. Nothing but the end of it is raised.

        Raises:
            ClientLeft: The client left while its body was read.
            CancelledError: The client left, so nobody needs the response.
        """
        started, record = perf_counter(), GatewayRecord(span=_span(incoming))
        try:
            response = await self._answer(incoming, record)
        except ClientLeft:
            await self._report_left(incoming, record, started)
            raise
        except Exception as error:  # noqa: BLE001  whatever it was, the caller gets an answer
            response = await self._problem(error, incoming, record)
        except BaseException:  # it is cancelled
            await self._report_left(incoming, record, started)
            raise
        if incoming.method == "HEAD":
            response = replace(response, body=b"")
        return await self._reported(incoming, record, response, started)

    async def _report_left(
        self, incoming: IncomingRequest, record: GatewayRecord, started: float
    ) -> None:
        record.error = ClientLeft.code
        await record.close_opened()
        await self._report(incoming, record, ClientLeft.status, perf_counter() - started)

    async def _reported(
        self,
        incoming: IncomingRequest,
        record: GatewayRecord,
        response: GatewayResponse,
        started: float,
    ) -> GatewayResponse:
        """Return the response, and report it when its body has ended."""

        async def ended(size: int, error: Exception | None) -> None:
            incoming.bytes.sent = size
            if error:
                record.error = _BROKEN if isinstance(error, AttemptFailed) else ClientLeft.code
            await self._report(incoming, record, response.status, perf_counter() - started)

        if not isinstance(response.body, bytes):
            return replace(response, body=WatchedBody(response.body, ended))
        await ended(len(response.body), None)
        return response

    async def _answer(self, incoming: IncomingRequest, record: GatewayRecord) -> GatewayResponse:
        path = parse_path(incoming.path)
        table = self.table()
        if path.plain in _OWN:
            return await self._own(incoming, record, path.plain, table)
        request = incoming.to_gateway_request(path)
        destination = table.find(request)
        service = destination.service
        record.service, record.version = service.name, destination.version
        body = await incoming.read_body(service.max_body_bytes)
        if isinstance(body, bytes):
            incoming.bytes.received = len(body)
        if record.span.recorder and is_sampled(record.span.traceparent):
            from signalbox.http.span_attributes import with_span  # noqa: PLC0415  few export

            request = replace(request, fields=with_span(request.fields, record.span))
        request = replace(request, body=body)
        check_request(request)
        check_loop(request, self.forward.via)
        answer = pipeline(self._steps(incoming, record, service), self.forward)
        return await answer(
            GatewayCall(
                request=request, destination=destination, seconds=incoming.seconds, record=record
            )
        )

    def _steps(
        self, incoming: IncomingRequest, record: GatewayRecord, service: Service
    ) -> Sequence[Middleware]:
        admit = AdmitCaller(admit=self.admit, identity=self.identity, inbound=incoming.inbound)
        if not service.middlewares:
            return [admit]

        async def answer_errors(call: GatewayCall, call_next: CallNext) -> GatewayResponse:
            # so that what stands before, such as CORS, sees a response to every request
            try:
                return await call_next(call)
            except ClientLeft:
                raise
            except Exception as error:  # noqa: BLE001  as in __call__
                return await self._problem(error, incoming, record)

        steps = self.middlewares(service)
        return [
            *steps.before_access,
            answer_errors,
            NamedMiddleware(name="", step=admit),
            *steps.after_access,
            NamedMiddleware(name="", step=pass_on),
        ]

    async def _own(
        self,
        incoming: IncomingRequest,
        record: GatewayRecord,
        path: tuple[str, ...],
        table: RoutingTable,
    ) -> GatewayResponse:
        await incoming.read_body(_MAX_OWN_BODY)
        scope = _OWN[path]
        admitted = await self.admit(incoming.inbound, ScopeAccess(scope=scope))
        record.caller = admitted.caller.name
        if scope:
            admitted.caller.require(scope)
        if incoming.method not in ("GET", "HEAD"):
            return method_not_allowed(incoming.request_id, "GET, HEAD")
        body = await self.in_thread(partial(self._own_body, path, table))
        response: GatewayResponse = own_json_response(body, incoming.request_id)
        if path == _JWKS:
            kept = [field for field in response.fields if field[0] != "cache-control"]
            response = replace(response, fields=(*kept, ("cache-control", _KEYS_MAX_AGE)))
        return with_defaults(response, quota_fields(admitted))

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

    async def _problem(
        self, error: Exception, incoming: IncomingRequest, record: GatewayRecord
    ) -> GatewayResponse:
        await record.close_opened()
        known = error if isinstance(error, SignalboxError) else None
        record.error = known.code if known else "internal"
        record.middleware = record.raised_by or None
        is_ours = known is None or isinstance(known, Unavailable)
        if is_ours and not isinstance(known, ServiceUnavailable):
            where = {"request_id": incoming.request_id, "middleware": record.middleware}
            extra = {**where, **trace_fields(record.span.context), **error_fields(error)}
            self.logger.error("gateway failed", extra=extra)
        return problem(known, incoming.request_id, record.service)

    async def _report(
        self, incoming: IncomingRequest, record: GatewayRecord, status: int, seconds: float
    ) -> None:
        self._log(incoming, record, status, seconds)
        if record.span.recorder:
            from signalbox.http.span_attributes import describe_gateway  # noqa: PLC0415  few export

            describe_gateway(incoming, record, status)
            record.span.end()
        for report in self.reports:
            await report(incoming, record, status, seconds)

    def _log(
        self, incoming: IncomingRequest, record: GatewayRecord, status: int, seconds: float
    ) -> None:
        """Log one line for the access."""
        attempts = record.attempts
        last = attempts[-1] if attempts else None
        failed = record.error == _BROKEN or (
            record.error and status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )
        log = self.logger.error if failed else self.logger.info
        log(
            "access",
            extra={
                "request_id": incoming.request_id,
                **incoming.log_fields,
                **trace_fields(record.span.context),
                "target_service": record.service,
                "version": record.version,
                "instance": last.instance if last else None,
                "attempt": len(attempts),
                "status_code": status,
                "duration_ms": round(seconds * 1_000, 1),
                "bytes_in": incoming.bytes.received,
                "bytes_out": incoming.bytes.sent,
                "upstream_ms": round(sum(a.seconds for a in attempts) * 1_000, 1),
                "principal": record.caller,
                "error": record.error,
                "middleware": record.middleware,
                "cache": record.cache,
                "shadow": record.shadow,
                "no_retry": record.refusal,
                "faults": [a.fault or a.status for a in attempts[:-1]]
                + ([last.fault] if last and last.fault else []),
            },
        )


def _span(incoming: IncomingRequest) -> Span:
    """Return the span of a request, in the trace of the client if there is one."""
    sent = field_values(incoming.fields, TRACEPARENT)
    parent = read_traceparent({TRACEPARENT: sent[0]}) if len(sent) == 1 else None
    return Span(SpanKind.SERVER, parent=parent)
