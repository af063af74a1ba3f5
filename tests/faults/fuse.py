"""Something that happens at one of the next calls to a store or queue in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from signalbox.models.errors import Unavailable


class Killed(BaseException):
    """The process is gone: no `except Exception` sees it."""


Happening = Callable[[Callable[[], Any]], Any]
"""Makes the call, or does not."""


def killed_before(call: Callable[[], Any]) -> Any:
    """The process dies before the call."""
    del call
    raise Killed


def killed_after(call: Callable[[], Any]) -> Any:
    """The call takes effect, and the process dies."""
    call()
    raise Killed


def unavailable(call: Callable[[], Any]) -> Any:
    """The call has no effect and no answer."""
    del call
    raise Unavailable("it did not answer")


@dataclass(slots=True)
class Fuse:
    """Lets one thing happen at the call with a number, counted from when it was armed."""

    at: int = 0
    happening: Happening | None = None

    def arm(self, at: int, happening: Happening | None) -> None:
        """Choose what happens at which of the next calls; None means nothing."""
        self.at, self.happening = at, happening

    def through(self, call: Callable[[], Any]) -> Any:
        """Make a call, or let happen what is chosen for it."""
        self.at -= 1
        if self.at == 0 and self.happening is not None:
            happening, self.happening = self.happening, None
            return happening(call)
        return call()


class Fused:
    """A store or queue whose calls go through a fuse."""

    def __init__(self, target: object, fuse: Fuse) -> None:
        self._target, self._fuse = target, fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found

        @wraps(found)
        def call(*args: Any, **more: Any) -> Any:
            return self._fuse.through(lambda: found(*args, **more))

        return call
