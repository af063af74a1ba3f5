"""The pipeline of the gateway: what happens to a request around its way to a service."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import field
from functools import partial
from typing import Any, Protocol

from signalbox.models.frozen import frozen
from signalbox.models.principal import ANONYMOUS, Principal
from signalbox.services.gateway.record import GatewayRecord
from signalbox.services.gateway.request import Destination, GatewayRequest
from signalbox.services.ports.gateway import GatewayResponse, HeaderFields


@frozen
class GatewayCall:
    """A request, where it goes, and what the pipeline found out about it so far.

    The service gets no header named in `credentials` (in lower case), and those that are `added`.
    `seconds` is the time that is left for the response.
    """

    request: GatewayRequest
    destination: Destination
    seconds: float
    caller: Principal = ANONYMOUS
    credentials: frozenset[str] = frozenset()
    added: HeaderFields = ()
    record: GatewayRecord = field(default_factory=GatewayRecord)


CallNext = Callable[[GatewayCall], Coroutine[Any, Any, GatewayResponse]]
"""Pass a call on to the rest of the pipeline, and return the response."""


class Middleware(Protocol):
    """A step around the next one. It may change the call or the response, or answer by itself."""

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return the response.

        Raises:
            SignalboxError: The request is refused; the client gets the problem.
        """


@frozen
class NamedMiddleware:
    """A step whose errors are recorded with its name, which is empty for a step of the core."""

    name: str
    step: Middleware

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return the response of the middleware.

        Raises:
            SignalboxError: The request is refused.
        """
        try:
            response = await self.step(call, call_next)
        except Exception:
            if call.record.raised_by is None:
                call.record.raised_by = self.name
            raise
        call.record.raised_by = None  # what was raised further in has become a response
        return response


async def pass_on(call: GatewayCall, call_next: CallNext) -> GatewayResponse:
    """Return the response of the next step, whose errors are thereby not those of a middleware."""
    return await call_next(call)


def pipeline(middlewares: Sequence[Middleware], last: CallNext) -> CallNext:
    """Return the pipeline that passes a call through the middlewares in order, then to `last`."""
    step = last
    for middleware in reversed(middlewares):
        step = partial(middleware, call_next=step)
    return step
