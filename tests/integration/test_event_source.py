"""The driver of the tests calls functions as AWS does."""

import json
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue

from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.event_source import EventSourceDriver
from tests.integration.faults import Crash
from tests.integration.invoke import Chaos, Event, Function, Handler, Record
from tests.integration.queue_source import QueueSource
from tests.integration.stream_source import StreamSource
from tests.integration.template import QueueMapping, StreamMapping

DLQ = "DispatcherDeadLetters"


class Toy:
    """A handler that remembers what it was called with; `behave` says what it does."""

    def __init__(self, behave: Callable[[list[str]], object] = lambda _: None) -> None:
        self.calls: list[list[str]] = []
        self._behave = behave

    def __call__(self, event: Event, context: LambdaContext) -> object:
        assert context.get_remaining_time_in_millis() > 0
        records = event["Records"]
        assert isinstance(records, list)
        names = [_name(record) for record in records if isinstance(record, dict)]
        self.calls.append(names)
        return self._behave(names)


def _name(record: Record) -> str:
    if isinstance(record.get("dynamodb"), dict):
        return str(_at(record, "dynamodb", "NewImage", "doc", "S"))
    return str(record["body"])


def _at(value: JsonValue, *path: str) -> JsonValue:
    for key in path:
        assert isinstance(value, dict)
        value = value[key]
    return value


def _raises_for(*bad: str) -> Callable[[list[str]], None]:
    def behave(names: list[str]) -> None:
        if set(bad) & set(names):
            raise RuntimeError("bad")

    return behave


def _put(stack: Stack, *names: str, item: str = "one", sort: str = "TASK") -> None:
    for name in names:
        stack.clients.dynamodb.put_item(
            TableName=stack.name("TasksTable"),
            Item={"pk": {"S": item}, "sk": {"S": sort}, "doc": {"S": name}, "b": {"B": b"\xff"}},
        )


def _send(stack: Stack, *bodies: str) -> None:
    for body in bodies:
        stack.clients.sqs.send_message(QueueUrl=stack.name("SlackQueue"), MessageBody=body)


def _dead(stack: Stack, queue: str = DLQ) -> list[dict[str, JsonValue]]:
    answer = stack.clients.sqs.receive_message(QueueUrl=stack.name(queue), MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def _stream(
    stack: Stack, clock: FakeClock, handler: Handler, chaos: Chaos | None = None, **changes: object
) -> StreamSource:
    (mapping,) = stack.stream_mappings("DispatcherFunction")
    plain = {
        "bisect_batch_on_function_error": False,
        "maximum_retry_attempts": -1,
        "maximum_record_age_in_seconds": -1,
        "batch_size": 10,
    }
    return StreamSource(
        mapping.model_copy(update=plain | changes),
        Function(name="toy", handler=handler, clock=clock),
        stack.clients,
        chaos,
    )


def _queue(
    stack: Stack, clock: FakeClock, handler: Handler, *, partial: bool = True, size: int = 10
) -> QueueSource:
    mapping = QueueMapping(
        Queue=stack.name("SlackQueue.Arn"),
        BatchSize=size,
        FunctionResponseTypes=("ReportBatchItemFailures",) if partial else (),
    )
    function = Function(name="toy", handler=handler, clock=clock)
    return QueueSource(mapping, function, stack.clients, None)


class TestStreams:
    def test_changes_come_in_order_in_batches(self, stack: Stack, clock: FakeClock) -> None:
        toy = Toy()
        source = _stream(stack, clock, toy, batch_size=2)
        _put(stack, "a", "b", "c")

        polls = [source.poll() for _ in range(3)]

        assert polls == [True, True, False]
        assert toy.calls == [["a", "b"], ["c"]]

    def test_records_look_as_lambda_makes_them(self, stack: Stack, clock: FakeClock) -> None:
        seen: list[Event] = []
        source = _stream(stack, clock, lambda event, _: seen.append(event))
        _put(stack, "a")

        source.poll()

        record = _at(seen[0], "Records")
        assert isinstance(record, list)
        assert _at(record[0], "eventName") == "INSERT"
        assert _at(record[0], "eventSource") == "aws:dynamodb"
        assert _at(record[0], "eventSourceARN") == stack.name("TasksTable.StreamArn")
        assert _at(record[0], "dynamodb", "NewImage", "b", "B") == "/w=="
        assert _at(record[0], "dynamodb", "ApproximateCreationDateTime") == clock().timestamp()

    def test_only_what_the_filter_lets_through_is_seen(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy()
        source = _stream(stack, clock, toy)
        _put(stack, "a note", sort="NOTE#1")
        _put(stack, "a task")

        source.poll()

        assert toy.calls == [["a task"]]

    def test_a_failed_batch_comes_again_as_a_whole_before_any_other(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        outcomes = iter([RuntimeError("once"), None, None])

        def behave(_: list[str]) -> None:
            if error := next(outcomes):
                raise error

        toy = Toy(behave)
        source = _stream(stack, clock, toy, batch_size=2)
        _put(stack, "a", "b", "c")

        while source.poll():
            pass

        assert toy.calls == [["a", "b"], ["a", "b"], ["c"]]

    def test_a_crash_is_a_failed_call(self, stack: Stack, clock: FakeClock) -> None:
        outcomes = iter([Crash("once"), None])

        def behave(_: list[str]) -> None:
            if error := next(outcomes):
                raise error

        toy = Toy(behave)
        source = _stream(stack, clock, toy)
        _put(stack, "a")

        while source.poll():
            pass

        assert toy.calls == [["a"], ["a"]]

    def test_a_batch_is_given_up_after_its_retries_and_told_as_metadata(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy(_raises_for("a"))
        source = _stream(stack, clock, toy, batch_size=2, maximum_retry_attempts=2)
        _put(stack, "a", "b", "c")

        while source.poll():
            pass

        assert toy.calls == [["a", "b"]] * 3 + [["c"]]
        (told,) = _dead(stack)
        assert _at(told, "requestContext", "condition") == "RetryAttemptsExhausted"
        assert _at(told, "DDBStreamBatchInfo", "batchSize") == 2
        assert "doc" not in json.dumps(told)

    def test_bisecting_isolates_a_bad_record_without_spending_retries(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy(_raises_for("c"))
        source = _stream(
            stack, clock, toy, bisect_batch_on_function_error=True, maximum_retry_attempts=1
        )
        _put(stack, "a", "b", "c", "d")

        while source.poll():
            pass

        assert toy.calls == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["c"], ["d"]]
        assert len(_dead(stack)) == 1

    def test_records_that_grow_too_old_are_given_up(self, stack: Stack, clock: FakeClock) -> None:
        toy = Toy(_raises_for("a"))
        source = _stream(stack, clock, toy, maximum_record_age_in_seconds=3)
        _put(stack, "a")

        while source.poll():
            pass

        assert len(toy.calls) == 4
        assert _at(_dead(stack)[0], "requestContext", "condition") == "RecordAgeExceeded"

    def test_what_is_older_than_a_day_is_gone_without_a_word(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy()
        source = _stream(stack, clock, toy)
        _put(stack, "a")
        clock.advance(timedelta(hours=25))
        _put(stack, "b")

        while source.poll():
            pass

        assert toy.calls == [["b"]]
        assert _dead(stack) == []

    def test_a_partial_answer_goes_on_from_the_lowest_failure(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        calls: list[list[str]] = []

        def handler(event: Event, _: LambdaContext) -> object:
            records = event["Records"]
            assert isinstance(records, list)
            calls.append([_name(record) for record in records if isinstance(record, dict)])
            failed = [_at(record, "dynamodb", "SequenceNumber") for record in records[1:]]
            failures = [{"itemIdentifier": number} for number in reversed(failed)]
            return {"batchItemFailures": failures}

        source = _stream(
            stack, clock, handler, function_response_types=("ReportBatchItemFailures",)
        )
        _put(stack, "a", "b", "c")

        while source.poll():
            pass

        assert calls == [["a", "b", "c"], ["b", "c"], ["c"]]

    def test_an_answer_counts_for_nothing_unless_the_mapping_asks_for_it(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy(lambda _: {"batchItemFailures": [{"itemIdentifier": ""}]})
        source = _stream(stack, clock, toy)
        _put(stack, "a")

        while source.poll():
            pass

        assert toy.calls == [["a"]]

    @pytest.mark.parametrize("seed", range(5))
    def test_chaos_repeats_and_mixes_but_keeps_the_order_of_each_item(
        self, stack: Stack, clock: FakeClock, seed: int
    ) -> None:
        toy = Toy()
        chaos = Chaos(random=Random(seed), repeat=1)
        source = _stream(stack, clock, toy, chaos, batch_size=12)
        for number in range(4):
            for item in "xyz":
                _put(stack, f"{item}{number}", item=item)

        while source.poll():
            pass

        assert len(toy.calls) == 2
        for item in "xyz":
            seen = [name for name in toy.calls[0] if name.startswith(item)]
            assert seen == [f"{item}{number}" for number in range(4)]
        assert toy.calls[0] != sorted(toy.calls[0])


class TestQueues:
    def test_messages_are_deleted_when_the_call_went_well(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy()
        source = _queue(stack, clock, toy, size=2)
        _send(stack, "a", "b", "c")

        while source.poll():
            pass
        clock.advance(timedelta(hours=1))

        assert toy.calls == [["a", "b"], ["c"]]
        assert not source.poll()

    def test_a_failed_call_leaves_all_hidden_until_their_visibility_ends(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy(_raises_for("a"))
        source = _queue(stack, clock, toy)
        _send(stack, "a", "b")

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
            bad = [_at(each, "messageId") for each in records if _at(each, "body") == "bad"]
            return {"batchItemFailures": [{"itemIdentifier": each} for each in bad]}

        source = _queue(stack, clock, handler)
        _send(stack, "good", "bad", "good")

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
        _send(stack, "a", "b")
        source.poll()
        clock.advance(seconds=451)

        again = Toy()
        _queue(stack, clock, again).poll()

        assert sum(map(len, again.calls)) == left

    def test_a_message_goes_to_the_dead_letters_after_too_many_receives(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy(_raises_for('"poison"'))
        source = _queue(stack, clock, toy)
        _send(stack, '"poison"')

        for _ in range(101):
            source.poll()
            clock.advance(seconds=451)

        assert len(toy.calls) == 100
        assert len(_dead(stack, "SlackDeadLetters")) == 1


class TestMappings:
    def test_every_mapping_of_the_template_is_driven(self, stack: Stack, clock: FakeClock) -> None:
        names = ("DispatcherFunction", "SlackConnectorFunction", "DeadLettersFunction")
        toys = {name: Toy() for name in names}
        driver = EventSourceDriver(stack, toys, clock)
        _put(stack, "a")
        _send(stack, "b")
        stack.clients.sqs.send_message(QueueUrl=stack.name("LowDeadLetters"), MessageBody="c")

        driver.settle()

        assert [toys[name].calls for name in names] == [[["a"]], [["b"]], [["c"]]]

    def test_a_function_has_the_time_that_the_template_gives_it(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        left: list[int] = []
        handler: Handler = lambda _, context: left.append(context.get_remaining_time_in_millis())  # noqa: E731
        driver = EventSourceDriver(stack, {"DispatcherFunction": handler}, clock)
        _put(stack, "a")

        driver.settle()

        assert left == [stack.timeout("DispatcherFunction") * 1_000]

    def test_functions_that_never_rest_are_told(self, stack: Stack, clock: FakeClock) -> None:
        (mapping,) = stack.stream_mappings("DispatcherFunction")
        assert isinstance(mapping, StreamMapping)
        driver = EventSourceDriver(
            stack, {"DispatcherFunction": lambda *_: _put(stack, "more")}, clock
        )
        _put(stack, "a")

        with pytest.raises(AssertionError, match="still busy"):
            driver.settle(limit=20)
