"""Call functions from the event loop, in a bounded number of threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from cli.server.http_events import message_response, server_response
from signalbox.http.problems import error_fields
from signalbox.runtime.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.server.functions import ServerFunction
    from cli.server.http_events import ServerResponse

_SPARE_SECONDS: Final = 1.0
_UNAVAILABLE: Final = "Service Unavailable"


class FunctionCaller:
    """Calls functions in up to `threads` threads; who waits longer than `patience` gets a 503.

    A call that outlives the timeout of its function is answered with 503, and keeps its thread.
    """

    def __init__(
        self, functions: Mapping[str, ServerFunction], threads: int, patience: float = 5.0
    ) -> None:
        self._functions = functions
        self._patience = patience
        self._free = asyncio.Semaphore(threads)
        self._pool = ThreadPoolExecutor(threads, "request")

    async def __call__(self, name: str, event: dict[str, object]) -> ServerResponse:
        """Return the response of a function; those of API Gateway if it fails."""
        function = self._functions[name]
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            logger().error("no thread free", extra={"function": name})
            return message_response(503, _UNAVAILABLE)
        future = asyncio.get_running_loop().run_in_executor(self._pool, function, event)
        future.add_done_callback(lambda _: self._free.release())
        try:
            async with asyncio.timeout(function.timeout + _SPARE_SECONDS):
                return server_response(await asyncio.shield(future))
        except TimeoutError:
            logger().error("function timed out", extra={"function": name})
            return message_response(503, _UNAVAILABLE)
        except Exception as error:  # noqa: BLE001  a function that fails is a response, as on AWS
            logger().error("function failed", extra={"function": name, **error_fields(error)})
            return message_response(500, "Internal Server Error")

    def close(self) -> None:
        """Begin no further call."""
        self._pool.shutdown(wait=False, cancel_futures=True)
