"""Send copies of requests beside the requests themselves."""

from collections.abc import Callable, Coroutine
from functools import partial
from random import Random
from typing import Any, Final

from signalbox.models.errors import SignalboxError
from signalbox.models.frozen import frozen
from signalbox.services.gateway.bodies import close_body
from signalbox.services.gateway.forward import ForwardRequest
from signalbox.services.gateway.middleware import GatewayCall
from signalbox.services.ports.gateway import SendUpstream, UpstreamRequest

MAX_COPY_SECONDS: Final = 5.0

RunBeside = Callable[[Callable[[], Coroutine[Any, Any, None]]], bool]
"""Begin to run a coroutine that nobody waits for; return False if too many are running."""


@frozen
class SendShadowCopy:
    """Send copies, each once and to a random instance, and ignore what becomes of them.

    A copy changes no circuit, health or budget of the service. `send` may be called by other
    threads than the one that answers requests.
    """

    forward: ForwardRequest
    send: SendUpstream
    run: RunBeside
    random: Random

    def __call__(self, call: GatewayCall) -> bool:
        """Begin to send a copy of a call; return False if it is left out. It never raises."""
        destination = call.destination
        try:
            instances = self.forward.instances(destination.service, destination.version).instances
        except SignalboxError:
            return False
        if not instances:
            return False
        weights = [instance.weight for instance in instances]
        (instance,) = self.random.choices(instances, weights)
        seconds = min(destination.service.timeouts.total, call.seconds, MAX_COPY_SECONDS)
        message = self.forward.message(call, instance, self.forward.timer() + seconds)
        return self.run(partial(self._send, message))

    async def _send(self, message: UpstreamRequest) -> None:
        try:
            response = await self.send(message)
            await close_body(response.body)
        except Exception:  # noqa: BLE001, S110  nobody waits for it, and a trace could have secrets
            pass
