"""Turn Ctrl-C, SIGTERM and a closed terminal into a request to stop."""

import signal
import time
from typing import Final

_SLICE_SECONDS: Final = 0.1


class StopFlag:
    """Whether to stop. A handler of signals may set it at any time.

    It is no `threading.Event`: the handler runs in the main thread, perhaps while that holds the
    lock of the event, and would wait for it forever.
    """

    def __init__(self) -> None:
        self._is_set = False

    def is_set(self) -> bool:
        """Return whether to stop."""
        return self._is_set

    def set(self) -> None:
        """Request to stop."""
        self._is_set = True

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until a tenth of a second after `set`; return whether to stop."""
        until = time.monotonic() + seconds
        while not self._is_set and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _SLICE_SECONDS))
        return self._is_set


def stop_on_signals() -> StopFlag:
    """Set a flag at the first signal; the second one ends the program."""
    stopping = StopFlag()

    def stop(*_: object) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, stop)
    return stopping
