"""The lifespan of an ASGI application: what runs before its first and after its last request.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

from collections.abc import Callable, Coroutine
from typing import Any

from signalbox.http.asgi_messages import Receive, Send

LifespanStep = Callable[[], Coroutine[Any, Any, None]]


async def answer_lifespan(
    receive: Receive, send: Send, begin: LifespanStep, end: LifespanStep
) -> None:
    """Run `begin` when the server starts and `end` when it stops, and confirm each."""
    await receive()
    await begin()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await end()
    await send({"type": "lifespan.shutdown.complete"})
