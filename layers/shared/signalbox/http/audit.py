"""Record in the audit log what callers changed, and what they were denied."""

from collections.abc import Callable
from http import HTTPStatus
from logging import Logger
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from signalbox.http.authorize import ForgedRequest
from signalbox.models.audit import AuditEvent, AuditRecord, AuditResult
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.principal import Principal
from signalbox.models.request import InboundRequest
from signalbox.services.ports.metrics import Count
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from signalbox.http.routing import Route


@frozen
class AuditTrail:
    """The audit of the API.

    `record` stores one event.

    An event that cannot be stored is logged as an error and counted, for an alarm. The response
    stays the same, since the change was made.
    """

    record: Callable[[AuditEvent], AuditRecord]
    clock: Clock
    logger: Logger
    count: Count

    def __call__(
        self,
        request: InboundRequest,
        route: "Route",
        caller: Principal,
        status: int,
        *,
        changed: bool = True,
    ) -> None:
        """Record an event if the route changes something, or if the caller was denied.

        Pass for a heartbeat whether it `changed` more than a time.
        """
        denied = status == HTTPStatus.FORBIDDEN
        if not denied and not (route.audited and changed):
            return
        done = AuditResult.ALLOWED if status < HTTPStatus.BAD_REQUEST else AuditResult.FAILED
        self._record(
            request,
            actor=caller.name,
            action=f"{route.method} {route.path}",
            result=AuditResult.DENIED if denied else done,
            about=_query_part(request, route.audited_query),
        )

    def forged(self, request: InboundRequest, route: "Route | None", error: ForgedRequest) -> None:
        """Record that a request was refused which another page may have sent with a session."""
        action = f"{request.method} {route.path if route else request.path} (CSRF refused)"
        self.denied(request, error.caller.name, action)

    def allowed(self, request: InboundRequest, actor: str, action: str) -> None:
        """Record an action of an actor that the route does not record."""
        self._record(request, actor=actor, action=action, result=AuditResult.ALLOWED)

    def denied(self, request: InboundRequest, actor: str, action: str) -> None:
        """Record that an actor was denied an action."""
        self._record(request, actor=actor, action=action, result=AuditResult.DENIED)

    def _record(
        self,
        request: InboundRequest,
        *,
        actor: str,
        action: str,
        result: AuditResult,
        about: str = "",
    ) -> None:
        entry = AuditEvent(
            at=self.clock(),
            actor=actor,
            action=action,
            object=request.path + about,
            result=result,
            request_id=request.request_id,
            source_ip=request.source_ip,
        )
        try:
            self.record(entry)
        except Unavailable as lost:
            extra = {"request_id": request.request_id, "reason": lost.reason}
            self.logger.exception("audit entry lost", extra=extra)
            self.count("AuditEntriesLost", {})


def _query_part(request: InboundRequest, name: str) -> str:
    """Return a parameter of the query as it is recorded, empty if it was not sent."""
    values = parse_qs(request.query).get(name, []) if name else []
    return f"?{name}={','.join(values)}" if values else ""
