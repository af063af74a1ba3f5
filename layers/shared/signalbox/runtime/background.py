"""Run coroutines beside a request where there is no event loop."""

from collections.abc import Callable, Coroutine
from threading import BoundedSemaphore, Thread
from typing import Any

from signalbox.services.gateway.synchronous import run_blocking


class BackgroundThreads:
    """Run coroutines in threads of their own, a few at a time, and wait for none.

    On Lambda a process stands still after its answer: what is not done by then goes on with the
    next request, or never does.
    """

    def __init__(self, limit: int) -> None:
        self._free = BoundedSemaphore(limit)

    def __call__(self, create: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Begin to run a coroutine; return False if as many as may be are running."""
        if not self._free.acquire(blocking=False):
            return False
        try:
            Thread(target=self._run, args=(create,), daemon=True).start()
        except RuntimeError:  # the system has no thread left
            self._free.release()
            return False
        return True

    def _run(self, create: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            run_blocking(create())
        finally:
            self._free.release()
