"""Build the route of the tickets of the WebSocket API."""

from signalbox.http.routes.realtime import add_realtime
from signalbox.http.routing import Routes
from signalbox.runtime.tickets import ticket_manager
from signalbox.runtime.wiring import Wiring


def add_routes(routes: Routes, wired: Wiring) -> None:
    """Add the route."""
    add_realtime(routes, tickets=ticket_manager(wired), url=wired.settings.websocket_url)
