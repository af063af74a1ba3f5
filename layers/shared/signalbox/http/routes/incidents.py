"""Incidents: list and show."""

from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from signalbox.http.pagination import IdPath
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.incidents import INCIDENTS, IncidentList, IncidentView
from signalbox.models.ids import IncidentId
from signalbox.models.incident import Incident, IncidentStatus
from signalbox.models.principal import Scope
from signalbox.services.incidents.list_incidents import ListIncidents

_TAG: Final = "incidents"


def add_incidents(routes: Routes, *, browse: ListIncidents) -> None:
    """Add the routes."""

    @routes.add(
        Route(
            method="GET",
            path=INCIDENTS,
            scope=Scope.METRICS_READ,
            tag=_TAG,
            summary="List incidents, the latest first",
            response_model=IncidentList,
        )
    )
    def list_incidents(
        status: Annotated[IncidentStatus | None, Query()] = None,
    ) -> Response[str]:
        return json_response(IncidentList(items=tuple(map(_view, browse(status)))))

    @routes.add(
        Route(
            method="GET",
            path=f"{INCIDENTS}/<incident_id>",
            scope=Scope.METRICS_READ,
            tag=_TAG,
            summary="Show an incident",
            response_model=IncidentView,
            problems=(404,),
        )
    )
    def show_incident(incident_id: IdPath) -> Response[str]:
        return json_response(_view(browse.one(IncidentId(incident_id))))


def _view(incident: Incident) -> IncidentView:
    cause = incident.cause
    return IncidentView(
        id=incident.id,
        status=incident.status,
        severity=cause.severity,
        cause=cause.key,
        title=cause.title,
        connection=cause.connection,
        count=incident.count,
        first_at=incident.first_at,
        last_at=incident.last_at,
        last_error=incident.last_error,
        opened_at=incident.opened_at,
        resolved_at=incident.resolved_at,
        recurrence=incident.recurrence,
        quiet_seconds=incident.quiet_seconds,
        link=cause.link,
        action=cause.action,
    )
