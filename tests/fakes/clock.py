"""Time that passes when a test says so."""

from datetime import datetime, timedelta

from tests.builders import NOW


class FakeClock:
    """A Clock."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta | None = None, *, seconds: float = 0) -> datetime:
        self.now += (by or timedelta()) + timedelta(seconds=seconds)
        return self.now

    def sleep(self, seconds: float) -> None:
        self.advance(seconds=seconds)
