"""Build what issues and redeems tickets of the WebSocket API."""

from signalbox.aws.sockets import DynamoTickets
from signalbox.runtime.wiring import Wiring
from signalbox.services.realtime.sessions import ManageTickets


def ticket_manager(wired: Wiring) -> ManageTickets:
    """Return what issues and redeems tickets."""
    return ManageTickets(store=DynamoTickets(table=wired.realtime_table), clock=wired.clock)
