"""Open and close WebSocket connections."""

from collections.abc import Callable
from datetime import datetime

from signalbox.models.errors import TooManyRequests, Unauthenticated
from signalbox.models.frozen import frozen
from signalbox.models.ids import SocketId
from signalbox.models.opaque_token import random_token, token_digest
from signalbox.models.principal import Principal
from signalbox.models.realtime import MAX_SOCKETS, RECONNECT_AFTER, TICKET_LIFETIME, Socket
from signalbox.services.ports.realtime import CurrentPrincipal, SocketStore, TicketStore
from signalbox.services.ports.time import Clock

TICKET_PREFIX = "sbt_"


def random_ticket() -> str:
    """Return a new ticket."""
    return TICKET_PREFIX + random_token()


@frozen
class IssuedTicket:
    """A ticket, whose text is shown once, and when it expires."""

    text: str
    expires_at: datetime


@frozen
class ManageTickets:
    """Issue tickets for one connection each, and redeem them. Only their hash is stored."""

    store: TicketStore
    clock: Clock
    random: Callable[[], str] = random_ticket

    def issue(self, principal: Principal) -> IssuedTicket:
        """Return a new ticket of a principal."""
        ticket = self.random()
        expires_at = self.clock() + TICKET_LIFETIME
        self.store.put(token_digest(ticket), principal, expires_at)
        return IssuedTicket(text=ticket, expires_at=expires_at)

    def redeem(self, ticket: str) -> Principal:
        """Return the principal of a ticket, which is valid no more after that.

        Raises:
            Unauthenticated: The ticket is not valid.
        """
        principal = self.store.take(token_digest(ticket), self.clock())
        if principal is None:
            raise Unauthenticated("the ticket is not valid")
        return principal


@frozen
class ManageSockets:
    """Open and close connections."""

    sockets: SocketStore
    current: CurrentPrincipal
    clock: Clock

    def open(self, socket: SocketId, principal: Principal) -> None:
        """Store a new connection. Concurrent ones may exceed the limit by a few.

        Raises:
            TooManyRequests: The principal has too many connections.
            Unavailable: The store did not answer.
        """
        now = self.clock()
        if self.sockets.count(principal.name, now) >= MAX_SOCKETS:
            raise TooManyRequests(f"a caller has at most {MAX_SOCKETS} connections")
        self.sockets.add(Socket(id=socket, principal=principal, connected_at=now))

    def find(self, socket: SocketId) -> Socket:
        """Return a connection with what its principal may do now.

        Raises:
            Unauthenticated: There is none, or its credentials are no longer valid.
            Unavailable: The store did not answer.
        """
        found = self.sockets.get(socket, self.clock())
        principal = self.current(found.principal) if found else None
        if found is None or principal is None:
            raise Unauthenticated("the credentials of the connection are no longer valid")
        return found.model_copy(update={"principal": principal})

    def is_ending(self, socket: Socket) -> bool:
        """Return whether the client should reconnect, as the connection will end soon."""
        return self.clock() - socket.connected_at >= RECONNECT_AFTER

    def close(self, socket: SocketId) -> None:
        """Remove a connection and its subscriptions."""
        self.sockets.remove(socket)
