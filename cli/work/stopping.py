"""Ctrl-C and SIGTERM, as a wish to be told about instead of an end in the middle of something."""

import signal
from threading import Event


def stopping_on_signals() -> Event:
    """Set by the first signal; the second one ends the program where it stands."""
    stopping = Event()

    def stop(*_: object) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return stopping
