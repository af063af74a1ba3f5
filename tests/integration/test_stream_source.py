"""The driver calls functions for changes as AWS does."""

import json
from datetime import timedelta
from random import Random

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from tests.fakes.clock import FakeClock
from tests.integration.aws import Stack
from tests.integration.faults import Crash
from tests.integration.invoke import Chaos, Event, Function, Handler
from tests.integration.sample_functions import Toy, at, dead, name_of, put, raises_for
from tests.integration.stream_source import StreamSource


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


class TestStreams:
    def test_changes_come_in_order_in_batches(self, stack: Stack, clock: FakeClock) -> None:
        toy = Toy()
        source = _stream(stack, clock, toy, batch_size=2)
        put(stack, "a", "b", "c")

        polls = [source.poll() for _ in range(3)]

        assert polls == [True, True, False]
        assert toy.calls == [["a", "b"], ["c"]]

    def test_records_look_as_lambda_makes_them(self, stack: Stack, clock: FakeClock) -> None:
        seen: list[Event] = []
        source = _stream(stack, clock, lambda event, _: seen.append(event))
        put(stack, "a")

        source.poll()

        record = at(seen[0], "Records")
        assert isinstance(record, list)
        assert at(record[0], "eventName") == "INSERT"
        assert at(record[0], "eventSource") == "aws:dynamodb"
        assert at(record[0], "eventSourceARN") == stack.name("TasksTable.StreamArn")
        assert at(record[0], "dynamodb", "NewImage", "b", "B") == "/w=="
        assert at(record[0], "dynamodb", "ApproximateCreationDateTime") == clock().timestamp()

    def test_only_what_the_filter_lets_through_is_seen(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy()
        source = _stream(stack, clock, toy)
        put(stack, "a note", sort="NOTIFICATION#1")
        put(stack, "a task")

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
        put(stack, "a", "b", "c")

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
        put(stack, "a")

        while source.poll():
            pass

        assert toy.calls == [["a"], ["a"]]

    def test_a_batch_is_given_up_after_its_retries_and_told_as_metadata(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy(raises_for("a"))
        source = _stream(stack, clock, toy, batch_size=2, maximum_retry_attempts=2)
        put(stack, "a", "b", "c")

        while source.poll():
            pass

        assert toy.calls == [["a", "b"]] * 3 + [["c"]]
        (failure,) = dead(stack)
        assert at(failure, "requestContext", "condition") == "RetryAttemptsExhausted"
        assert at(failure, "DDBStreamBatchInfo", "batchSize") == 2
        assert "doc" not in json.dumps(failure)

    def test_bisecting_isolates_a_bad_record_without_spending_retries(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy(raises_for("c"))
        source = _stream(
            stack, clock, toy, bisect_batch_on_function_error=True, maximum_retry_attempts=1
        )
        put(stack, "a", "b", "c", "d")

        while source.poll():
            pass

        assert toy.calls == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["c"], ["d"]]
        assert len(dead(stack)) == 1

    def test_records_that_grow_too_old_are_given_up(self, stack: Stack, clock: FakeClock) -> None:
        toy = Toy(raises_for("a"))
        source = _stream(stack, clock, toy, maximum_record_age_in_seconds=3)
        put(stack, "a")

        while source.poll():
            pass

        assert len(toy.calls) == 4
        assert at(dead(stack)[0], "requestContext", "condition") == "RecordAgeExceeded"

    def test_what_is_older_than_a_day_is_gone_without_a_word(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy()
        source = _stream(stack, clock, toy)
        put(stack, "a")
        clock.advance(timedelta(hours=25))
        put(stack, "b")

        while source.poll():
            pass

        assert toy.calls == [["b"]]
        assert dead(stack) == []

    def test_a_partial_answer_goes_on_from_the_lowest_failure(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        calls: list[list[str]] = []

        def handler(event: Event, _: LambdaContext) -> object:
            records = event["Records"]
            assert isinstance(records, list)
            calls.append([name_of(record) for record in records if isinstance(record, dict)])
            failed = [at(record, "dynamodb", "SequenceNumber") for record in records[1:]]
            failures = [{"itemIdentifier": number} for number in reversed(failed)]
            return {"batchItemFailures": failures}

        source = _stream(
            stack, clock, handler, function_response_types=("ReportBatchItemFailures",)
        )
        put(stack, "a", "b", "c")

        while source.poll():
            pass

        assert calls == [["a", "b", "c"], ["b", "c"], ["c"]]

    def test_an_answer_counts_for_nothing_unless_the_mapping_asks_for_it(
        self, stack: Stack, clock: FakeClock
    ) -> None:
        toy = Toy(lambda _: {"batchItemFailures": [{"itemIdentifier": ""}]})
        source = _stream(stack, clock, toy)
        put(stack, "a")

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
                put(stack, f"{item}{number}", item=item)

        while source.poll():
            pass

        assert len(toy.calls) == 2
        for item in "xyz":
            seen = [name for name in toy.calls[0] if name.startswith(item)]
            assert seen == [f"{item}{number}" for number in range(4)]
        assert toy.calls[0] != sorted(toy.calls[0])
