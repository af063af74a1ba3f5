"""Turn Ctrl-C, SIGTERM and a closed terminal into a request to stop."""

import signal
from threading import Event


def stop_on_signals() -> Event:
    """Set an event at the first signal; the second one ends the program."""
    stopping = Event()

    def stop(*_: object) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(number, stop)
    return stopping
