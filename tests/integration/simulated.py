"""moto's SQS and streams on a test's own clock."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from unittest.mock import patch

from tests.fakes.clock import FakeClock


@contextmanager
def simulated_time(clock: FakeClock) -> Iterator[None]:
    """Lets visibility, delays, retention and long polls follow the clock; waiting advances it.

    Each look at the time is a microsecond later than the one before: moto shows a message again
    only after, not at, the moment its hiding ends.
    """
    ticks = count()

    def seconds(moment: datetime | None = None) -> float:
        return (moment or clock()).timestamp() + next(ticks) / 1_000_000

    def wait(queue: object, timeout: float) -> None:
        del queue
        clock.advance(seconds=timeout)

    with ExitStack() as stack:
        for name, stand_in in {
            "sqs.models.unix_time": seconds,
            "sqs.models.unix_time_millis": lambda moment=None: seconds(moment) * 1_000,
            "sqs.models.Queue.wait_for_messages": wait,
            "dynamodb.models.table.utcnow": lambda: clock().astimezone(UTC).replace(tzinfo=None),
        }.items():
            stack.enter_context(patch(f"moto.{name}", stand_in))
        yield
