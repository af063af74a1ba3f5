"""Run the gateway's coroutines where nothing has to be waited for, as on Lambda.

The core is written once, with `async`. A function on Lambda has one request at a time, and its
ports block; so its coroutines never give up control, and need no event loop.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_WAITS: Final = "a coroutine waits for an event loop, and there is none"


def run_blocking(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that awaits only what is there at once.

    Raises:
        RuntimeError: It waits for an event loop.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise RuntimeError(_WAITS)


def as_coroutine(call: Callable[P, T]) -> Callable[P, Coroutine[None, None, T]]:
    """Return a coroutine function that makes a blocking call."""

    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        return call(*args, **kwargs)

    return wrapped
