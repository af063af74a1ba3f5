"""Tickets, with which a page connects to the WebSocket API, as it cannot send headers."""

from aws_lambda_powertools.event_handler import Response

from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.realtime import REALTIME_TICKETS, TicketResponse
from signalbox.models.errors import Unavailable
from signalbox.models.principal import Scope
from signalbox.services.realtime.sessions import ManageTickets


def add_realtime(routes: Routes, *, tickets: ManageTickets, url: str) -> None:
    """Add the route; `url` is that of the WebSocket API."""

    @routes.add(
        Route(
            method="POST",
            path=REALTIME_TICKETS,
            scope=Scope.TASKS_READ,
            tag="realtime",
            summary="Issue a ticket for one WebSocket connection",
            response_model=TicketResponse,
            status=201,
        )
    )
    def issue_ticket() -> Response[str]:
        if not url:
            raise Unavailable("this installation has no WebSocket API")
        issued = tickets.issue(routes.call().caller)
        body = TicketResponse(ticket=issued.text, expires_at=issued.expires_at, url=url)
        return json_response(body, status=201)
