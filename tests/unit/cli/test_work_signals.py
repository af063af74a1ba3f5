"""A signal stops a worker, whatever its main thread does at that moment."""

import signal
import sys
from collections.abc import Callable, Iterator
from threading import Thread
from types import FrameType

import pytest

from cli.work.signals import stop_on_signals

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def interrupted(wait: Callable[[], object], line: int, handler: Callable[[], object]) -> bool:
    """Run `wait` with the handler before one of its lines; return whether it had so many.

    A thread that a handler blocks is left behind.
    """
    passed = 0

    def trace(_frame: FrameType, event: str, _value: object) -> object:
        nonlocal passed
        if event == "line":
            passed += 1
            if passed == line:
                handler()
        return trace

    def run() -> None:
        sys.settrace(trace)  # type: ignore[arg-type]  # its type does not name itself
        wait()

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), f"the handler blocks at line {line}"
    return passed >= line


def test_a_signal_at_any_line_of_a_wait_is_not_blocked_by_it() -> None:
    line = 1
    while True:
        stopping = stop_on_signals()
        handler = signal.getsignal(signal.SIGTERM)
        assert callable(handler)

        def deliver(handle: Callable[..., object] = handler) -> None:
            handle(signal.SIGTERM, None)

        met = interrupted(lambda flag=stopping: flag.wait(0.001), line, deliver)  # type: ignore[misc]  # bound early

        assert stopping.is_set() is met
        if not met:
            break
        line += 1

    assert line > 3


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_sets_the_flag_and_the_second_interrupts(number: signal.Signals) -> None:
    stopping = stop_on_signals()
    before = stopping.wait(0)

    signal.raise_signal(number)

    assert (before, stopping.wait(60)) == (False, True)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_a_signal_that_is_ignored_stays_so() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    stopping = stop_on_signals()
    signal.raise_signal(signal.SIGHUP)

    assert not stopping.is_set()
