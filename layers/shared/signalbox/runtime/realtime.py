"""Build the handler of the WebSocket API."""

import secrets

from signalbox.auth.current import CurrentAccess
from signalbox.aws.channels import DynamoChannels
from signalbox.aws.frame_sender import GatewayFrameSender
from signalbox.aws.sessions import DynamoSessions
from signalbox.aws.sockets import DynamoSockets
from signalbox.http.realtime import RealtimeHandler
from signalbox.runtime.auth import authorizer, key_authenticator
from signalbox.runtime.telemetry import exported, logger
from signalbox.runtime.tickets import ticket_manager
from signalbox.runtime.wiring import Wiring
from signalbox.services.ports.realtime import FrameSender
from signalbox.services.realtime.send import SendEvents
from signalbox.services.realtime.sessions import ManageSockets
from signalbox.services.realtime.subscribe import ManageSubscriptions


def event_sender(wired: Wiring, sender: FrameSender) -> SendEvents:
    """Return what sends the events of channels to their subscribers."""
    return SendEvents(
        channels=DynamoChannels(table=wired.realtime_table),
        sockets=DynamoSockets(table=wired.realtime_table),
        sender=sender,
        current=CurrentAccess(
            keys=key_authenticator(wired),
            sessions=DynamoSessions(table=wired.config_table),
            clock=wired.clock,
        ),
        clock=wired.clock,
        sleep=wired.sleep,
        source=f"/signalbox/{wired.settings.stack}",
        name=secrets.token_hex(8),
    )


def frame_sender(wired: Wiring) -> GatewayFrameSender:
    """Return what posts frames to connections."""
    return GatewayFrameSender(client=lambda: wired.connections)


def realtime(wiring: Wiring | None = None, sender: FrameSender | None = None) -> RealtimeHandler:
    """Return the handler."""
    wired = wiring or Wiring()
    frames = sender or frame_sender(wired)
    send = event_sender(wired, frames)
    handler = RealtimeHandler(
        admit=authorizer(wired),
        tickets=ticket_manager(wired),
        sockets=ManageSockets(sockets=send.sockets, current=send.current, clock=wired.clock),
        subscriptions=ManageSubscriptions(
            sockets=send.sockets, channels=send.channels, send=send, clock=wired.clock
        ),
        sender=frames,
        origins=wired.settings.socket_origins,
        source=send.source,
        clock=wired.clock,
        logger=logger(),
    )
    return exported(handler, "http", wired.telemetry_headers)
