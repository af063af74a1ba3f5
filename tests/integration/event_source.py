"""Calls functions for what is in streams and queues, as the mappings of template.yaml say."""

from collections.abc import Mapping
from typing import Protocol

from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.invoke import Chaos, Function, Handler
from tests.integration.queue_source import QueueSource
from tests.integration.stream_source import StreamSource


class Source(Protocol):
    """One mapping of a stream or a queue to a function."""

    def poll(self) -> bool:
        """Calls the function once; False where there was nothing to call it for."""


class EventSourceDriver:
    """Every mapping of template.yaml to the given functions."""

    def __init__(
        self,
        stack: Stack,
        handlers: Mapping[str, Handler],
        clock: FakeClock,
        chaos: Chaos | None = None,
    ) -> None:
        self.functions = {
            name: Function(name=name, handler=handler, clock=clock, timeout=stack.timeout(name))
            for name, handler in handlers.items()
        }
        self.sources: list[Source] = []
        for name, function in self.functions.items():
            for stream in stack.stream_mappings(name):
                self.sources.append(StreamSource(stream, function, stack.clients, chaos))
            for queue in stack.queue_mappings(name):
                self.sources.append(QueueSource(queue, function, stack.clients, chaos))

    def poll(self) -> bool:
        """Polls every source once; False where none had anything."""
        polled = [source.poll() for source in self.sources]
        return any(polled)

    def settle(self, limit: int = 500) -> None:
        """Polls until nothing is left that could be seen now."""
        for _ in range(limit):
            if not self.poll():
                return
        raise AssertionError(f"the functions are still busy after {limit} rounds")
