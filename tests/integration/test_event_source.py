"""The driver follows the mappings of the template."""

import pytest

from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.event_source import EventSourceDriver
from tests.integration.invoke import Handler
from tests.integration.sample_functions import Toy, put, send
from tests.integration.template import StreamMapping


class TestMappings:
    def test_every_mapping_of_the_template_is_driven(self, stack: Stack, clock: FakeClock) -> None:
        names = ("DispatcherFunction", "slackConnectorFunction", "DeadLettersFunction")
        toys = {name: Toy() for name in names}
        driver = EventSourceDriver(stack, toys, clock)
        put(stack, "a")
        send(stack, "b")
        stack.clients.sqs.send_message(QueueUrl=stack.name("LowDeadLetters"), MessageBody="c")
        stack.clients.sqs.send_message(QueueUrl=stack.name("slackDeadLetters"), MessageBody="d")

        driver.settle()

        calls = [sorted(toys[name].calls) for name in names]
        assert calls == [[["a"]], [["b"]], [["c"], ["d"]]]

    def test_a_function_has_the_time_that_the_template_gives_it(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        left: list[int] = []
        handler: Handler = lambda _, context: left.append(context.get_remaining_time_in_millis())  # noqa: E731
        driver = EventSourceDriver(stack, {"DispatcherFunction": handler}, clock)
        put(stack, "a")

        driver.settle()

        assert left == [stack.timeout("DispatcherFunction") * 1_000]

    def test_functions_that_never_rest_are_told(self, stack: Stack, clock: FakeClock) -> None:
        (mapping,) = stack.stream_mappings("DispatcherFunction")
        assert isinstance(mapping, StreamMapping)
        driver = EventSourceDriver(
            stack, {"DispatcherFunction": lambda *_: put(stack, "more")}, clock
        )
        put(stack, "a")

        with pytest.raises(AssertionError, match="still busy"):
            driver.settle(limit=20)
