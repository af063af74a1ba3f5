"""The driver calls functions for messages as AWS does."""

from datetime import timedelta

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.invoke import Event, Function, Handler
from tests.integration.queue_source import QueueSource
from tests.integration.sample_functions import Toy, at, dead, few_receives, raises_for, send
from tests.integration.template import QueueMapping


def _queue(
    stack: Stack, clock: FakeClock, handler: Handler, *, partial: bool = True, size: int = 10
) -> QueueSource:
    mapping = QueueMapping(
        Queue=stack.name("slackQueue.Arn"),
        BatchSize=size,
        FunctionResponseTypes=("ReportBatchItemFailures",) if partial else (),
    )
    function = Function(name="toy", handler=handler, clock=clock)
    return QueueSource(mapping, function, stack.clients, None)


class TestQueues:
    def test_messages_are_deleted_when_the_call_went_well(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy()
        source = _queue(stack, clock, toy, size=2)
        send(stack, "a", "b", "c")

        while source.poll():
            pass
        clock.advance(timedelta(hours=1))

        assert toy.calls == [["a", "b"], ["c"]]
        assert not source.poll()

    def test_a_failed_call_leaves_all_hidden_until_their_visibility_ends(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy(raises_for("a"))
        source = _queue(stack, clock, toy)
        send(stack, "a", "b")

        polls = [source.poll(), source.poll()]
        clock.advance(seconds=451)
        polls += [source.poll()]

        assert polls == [True, False, True]
        assert [sorted(call) for call in toy.calls] == [["a", "b"], ["a", "b"]]

    def test_only_what_is_reported_comes_back(self, stack: Stack, clock: FakeClock) -> None:
        calls: list[int] = []

        def handler(event: Event, _: LambdaContext) -> object:
            records = event["Records"]
            assert isinstance(records, list)
            calls.append(len(records))
            bad = [at(each, "messageId") for each in records if at(each, "body") == "bad"]
            return {"batchItemFailures": [{"itemIdentifier": each} for each in bad]}

        source = _queue(stack, clock, handler)
        send(stack, "good", "bad", "good")

        source.poll()
        clock.advance(seconds=451)
        source.poll()

        assert calls == [3, 1]

    @pytest.mark.parametrize(
        ("answer", "left"),
        [
            (None, 0),
            ({}, 0),
            ({"batchItemFailures": None}, 0),
            ({"batchItemFailures": []}, 0),
            ({"batchItemFailures": [{"itemIdentifier": ""}]}, 2),
            ({"batchItemFailures": [{"itemIdentifier": None}]}, 2),
            ({"batchItemFailures": [{"itemIdentifier": "unknown"}]}, 2),
            ({"batchItemFailures": [{"wrongKey": "a"}]}, 2),
            ({"batchItemFailures": ["a"]}, 2),
            ("not an object", 2),
        ],
    )
    def test_an_answer_that_makes_no_sense_fails_the_whole_batch(
        self, stack: Stack, clock: FakeClock, answer: object, left: int
    ) -> None:
        source = _queue(stack, clock, Toy(lambda _: answer))
        send(stack, "a", "b")
        source.poll()
        clock.advance(seconds=451)

        again = Toy()
        _queue(stack, clock, again).poll()

        assert sum(map(len, again.calls)) == left

    def test_a_message_goes_to_the_dead_letters_after_too_many_receives(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy(raises_for('"poison"'))
        source = _queue(stack, clock, toy)
        send(stack, '"poison"')

        allowed = few_receives(stack)
        for _ in range(allowed + 1):
            source.poll()
            clock.advance(seconds=451)

        assert len(toy.calls) == allowed
        assert len(dead(stack, "slackDeadLetters")) == 1
