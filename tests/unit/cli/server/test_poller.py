"""The thread of a poller outlives errors, and shows whether it is alive."""

import threading

from cli.server.poller import Poller
from cli.server.stopping import Stopping


class Counting(Poller):
    def __init__(self, stopping: Stopping, errors: int, patience: float = 60) -> None:
        super().__init__("counting", stopping, patience)
        self.errors, self.rounds, self.released = errors, 0, 0
        self.polled = threading.Event()

    def poll(self) -> float:
        self.rounds += 1
        if self.rounds <= self.errors:
            raise RuntimeError("a round failed")
        self.polled.set()
        return 60

    def release(self) -> None:
        self.released += 1


def test_a_poller_goes_on_after_an_error_until_the_server_stops() -> None:
    stopping = Stopping(30)
    poller = Counting(stopping, errors=1)

    poller.start()
    assert poller.polled.wait(10)
    assert poller.is_alive
    stopping.begin()

    assert poller.join(10)
    assert (poller.rounds, poller.released, poller.is_alive) == (2, 1, False)


def test_a_poller_without_a_complete_round_for_too_long_is_not_alive() -> None:
    stopping = Stopping(30)
    poller = Counting(stopping, errors=0, patience=0)

    poller.start()
    assert poller.polled.wait(10)

    assert not poller.is_alive
    stopping.begin()
    assert poller.join(10)


def test_a_stop_ends_what_waits_and_leaves_the_rest_its_grace() -> None:
    times = iter([100.0, 110.0, 140.0])
    stopping = Stopping(30, timer=lambda: next(times))

    stopping.begin()

    assert stopping.wait(60)
    assert (stopping.seconds_left(), stopping.seconds_left()) == (20.0, 0.0)
