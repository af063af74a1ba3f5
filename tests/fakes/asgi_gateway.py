"""The gateway as an ASGI application that has nothing to begin and nothing to end."""

from signalbox.http.gateway import Gateway
from signalbox.http.gateway_asgi import AsgiGateway
from signalbox.services.ports.time import Clock


async def _nothing() -> None:
    pass


def an_asgi_gateway(gateway: Gateway, clock: Clock) -> AsgiGateway:
    """The application over a gateway."""
    return AsgiGateway(gateway=gateway, clock=clock, begin=_nothing, end=_nothing)
