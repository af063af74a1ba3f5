"""The audit log: list and verify."""

from datetime import date, timedelta
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from signalbox.auth.cursors import Cursors
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.audit import AUDIT, AuditList, VerifyAuditResponse
from signalbox.models.audit import AuditFilter, AuditResult, day_of
from signalbox.models.errors import NotFound, PayloadInvalid
from signalbox.models.principal import Scope
from signalbox.services.audit import ListAudit, VerifyAudit
from signalbox.services.ports.time import Clock

_DAY: Final = r"^2[0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_TAG: Final = "audit"
_MONTH: Final = timedelta(days=30)
_PART: Final = "A part of it, in any case"
_Contained = Annotated[str, Query(max_length=256, description=_PART)]


def add_audit(
    routes: Routes, *, browse: ListAudit, verify: VerifyAudit, cursors: Cursors, clock: Clock
) -> None:
    """Add the routes."""

    @routes.add(
        Route(
            method="GET",
            path=AUDIT,
            scope=Scope.AUDIT_READ,
            tag=_TAG,
            summary="List the audit log, newest first",
            response_model=AuditList,
        )
    )
    def list_audit(
        since: Annotated[str | None, Query(pattern=_DAY, max_length=10)] = None,
        result: Annotated[AuditResult | None, Query()] = None,
        actor: _Contained = "",
        action: _Contained = "",
        changed: Annotated[str, Query(alias="object", max_length=256, description=_PART)] = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response[str]:
        if since and not _exists(since):
            raise PayloadInvalid("since is no day of any calendar")
        first = since or (clock() - _MONTH).date().isoformat()
        having = AuditFilter(result=result, actor=actor, action=action, object=changed)
        bound_to = f"{AUDIT} {since} {having} {limit}"
        after = None if cursor is None else cursors.read(cursor, bound_to)
        page = browse(since=first, limit=limit, after=after, having=having)
        following = cursors.sign(page.after, bound_to) if page.after else None
        found = AuditList(
            items=tuple(page.records), unreadable=tuple(page.unreadable), next=following
        )
        return json_response(found)

    @routes.add(
        Route(
            method="GET",
            path=f"{AUDIT}/<day>/verify",
            scope=Scope.AUDIT_READ,
            tag=_TAG,
            summary="Verify that a day of the audit log was not tampered with",
            response_model=VerifyAuditResponse,
        )
    )
    def verify_audit(day: Annotated[str, Path(pattern=_DAY, max_length=10)]) -> Response[str]:
        if not _exists(day):
            raise NotFound("there is no such day")
        if day > day_of(clock()):
            raise NotFound("this day has not come")
        breach = verify(day)
        return json_response(VerifyAuditResponse(day=day, intact=breach is None, breach=breach))


def _exists(day: str) -> bool:
    """Return whether the day exists in the calendar."""
    try:
        return bool(date.fromisoformat(day))
    except ValueError:
        return False
