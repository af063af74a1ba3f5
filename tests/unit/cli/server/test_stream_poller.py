"""How servers share the shards of a stream, and what a function gets of them."""

from collections.abc import Callable, Sequence

import pytest

from cli.server.leases import HoldLeases, MemoryLeases
from cli.server.shard_reader import StreamCall
from cli.server.stopping import Stopping
from cli.server.stream_batches import StreamChange, StreamRules
from cli.server.stream_poller import StreamPoller
from tests.fakes.clock import FakeClock
from tests.fakes.streams import FakeShard, FakeStreams

ARN = "arn:aws:dynamodb:us-east-1:1:table/t/stream/2026"


class Called:
    """A function that remembers its batches, and fails for keys that it is given."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.failing: set[str] = set()

    def __call__(self, event: dict[str, object]) -> None:
        records = event["Records"]
        assert isinstance(records, list)
        names = [record["dynamodb"]["Keys"]["pk"]["S"] for record in records]
        self.batches.append(names)
        if self.failing & set(names):
            raise RuntimeError("the function failed")

    @property
    def names(self) -> list[str]:
        return [name for batch in self.batches for name in batch]


class Installation:
    """A stream that several servers poll for one function."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.streams = FakeStreams()
        self.store = MemoryLeases()
        self.called = Called()
        self.given_up: list[tuple[str, list[str], str, int]] = []

    def server(
        self,
        name: str = "one",
        rules: StreamRules | None = None,
        patterns: tuple[dict[str, object], ...] = (),
    ) -> StreamPoller:
        def give_up(
            shard: str, changes: Sequence[StreamChange], condition: str, failures: int
        ) -> None:
            sequences = [change.sequence for change in changes]
            self.given_up.append((shard, sequences, condition, failures))

        mapping = StreamCall(
            stream=ARN,
            patterns=patterns,  # type: ignore[arg-type]  # literals of JSON
            rules=rules or StreamRules(),
            timeout=60,
            call=self.called,
            give_up=give_up,
        )
        leases = HoldLeases(store=self.store, holder=name, clock=self.clock)
        return StreamPoller(
            "Dispatcher#Tasks",
            mapping,
            self.streams,
            leases,
            self.clock,
            stopping=Stopping(30),
        )


@pytest.fixture
def stack() -> Installation:
    return Installation()


def repeat(poll: Callable[[], float], times: int = 6) -> None:
    for _ in range(times):
        poll()


def test_changes_arrive_in_their_order_and_in_batches(stack: Installation) -> None:
    stack.streams.add("s1", "a", "b", "c")

    repeat(stack.server(rules=StreamRules(batch_size=2)).poll)

    assert stack.called.batches == [["a", "b"], ["c"]]


def test_changes_that_no_pattern_matches_are_passed_over(stack: Installation) -> None:
    stack.streams.add("s1", "gone", kind="REMOVE")
    stack.streams.add("s1", "new", kind="INSERT")

    repeat(stack.server(patterns=({"eventName": ["INSERT", "MODIFY"]},)).poll)

    assert stack.called.batches == [["new"]]


def test_a_second_server_leaves_a_shard_to_the_first(stack: Installation) -> None:
    stack.streams.add("s1", "a")
    one, other = stack.server("one"), stack.server("other")

    repeat(one.poll)
    repeat(other.poll)

    assert one.shards == {"s1"}
    assert other.shards == frozenset()
    assert stack.called.names == ["a"]


def test_a_server_goes_on_where_a_stopped_one_ended(stack: Installation) -> None:
    stack.streams.add("s1", "a", "b")
    one, other = stack.server("one"), stack.server("other")
    repeat(one.poll)

    one.release()
    stack.streams.add("s1", "c")
    repeat(other.poll)

    assert stack.called.names == ["a", "b", "c"]


def test_the_shard_of_a_crashed_server_is_taken_after_its_lease(stack: Installation) -> None:
    stack.streams.add("s1", "a")
    one, other = stack.server("one"), stack.server("other")
    repeat(one.poll)
    stack.clock.advance(seconds=6)
    repeat(one.poll, 1)  # it stores its position
    stack.streams.add("s1", "b")

    stack.clock.advance(seconds=80)
    repeat(other.poll)
    before = list(stack.called.names)
    stack.clock.advance(seconds=20)
    repeat(other.poll)

    assert before == ["a"]
    assert stack.called.names == ["a", "b"]


def test_a_server_that_lost_its_lease_stops_reading(stack: Installation) -> None:
    stack.streams.add("s1", "a")
    one, other = stack.server("one"), stack.server("other")
    repeat(one.poll)
    stack.clock.advance(seconds=100)
    repeat(other.poll)
    stack.streams.add("s1", "b")

    repeat(one.poll)
    assert one.shards == frozenset()
    repeat(other.poll)

    assert stack.called.names.count("b") == 1


def test_a_failed_batch_is_split_until_only_the_bad_change_is_repeated(
    stack: Installation,
) -> None:
    stack.streams.add("s1", "a", "bad", "c", "d", at=stack.clock().timestamp())
    stack.called.failing = {"bad"}
    server = stack.server(rules=StreamRules(bisect=True, max_retries=1))

    for _ in range(12):
        server.poll()
        stack.clock.advance(seconds=2)

    assert stack.called.batches == [
        ["a", "bad", "c", "d"],
        ["a", "bad"],
        ["a"],
        ["bad"],
        ["bad"],
        ["c", "d"],
    ]
    assert stack.given_up == [("s1", ["000000002"], "RetryAttemptsExhausted", 2)]


def test_a_failed_batch_holds_up_its_shard_and_no_other(stack: Installation) -> None:
    stack.streams.add("s1", "bad")
    stack.streams.add("s2", "b")
    stack.called.failing = {"bad"}
    server = stack.server()

    repeat(server.poll)
    stack.streams.add("s1", "later")
    repeat(server.poll)

    assert stack.called.names == ["bad", "b"]


def test_changes_that_are_too_old_are_given_up(stack: Installation) -> None:
    stack.streams.add("s1", "old", at=stack.clock().timestamp() - 100)
    stack.streams.add("s1", "new", at=stack.clock().timestamp())

    repeat(stack.server(rules=StreamRules(max_age_seconds=60)).poll)

    assert stack.called.batches == [["new"]]
    assert stack.given_up == [("s1", ["000000001"], "RecordAgeExceeded", 0)]


def test_a_shard_is_read_after_the_one_that_it_follows(stack: Installation) -> None:
    stack.streams.shards["child"] = FakeShard(parent="s1")
    stack.streams.add("child", "later")
    stack.streams.add("s1", "a", "b")
    server = stack.server(rules=StreamRules(batch_size=1))

    repeat(server.poll)
    before = list(stack.called.names)
    stack.streams.shards["s1"].ended = True
    repeat(server.poll)

    assert before == ["a", "b"]
    assert stack.called.names == ["a", "b", "later"]


def test_a_shard_whose_last_batch_was_given_up_has_ended(stack: Installation) -> None:
    stack.streams.add("s1", "bad")
    stack.streams.shards["s1"].ended = True
    stack.called.failing = {"bad"}
    server = stack.server(rules=StreamRules(max_retries=0))

    repeat(server.poll)

    assert stack.called.batches == [["bad"]]
    assert server.shards == frozenset()


def test_a_server_reads_no_shard_again_that_another_has_read_to_its_end(
    stack: Installation,
) -> None:
    stack.streams.add("s1", "a")
    stack.streams.shards["s1"].ended = True
    repeat(stack.server("one").poll)

    repeat(stack.server("other").poll)

    assert stack.called.names == ["a"]


def test_reading_begins_with_the_oldest_change_if_the_position_is_gone(
    stack: Installation,
) -> None:
    stack.streams.add("s1", "a")
    one, other = stack.server("one"), stack.server("other")
    repeat(one.poll)
    one.release()
    stack.streams.add("s1", "b", "c")

    stack.streams.shards["s1"].trimmed = 2
    repeat(other.poll)

    assert stack.called.names == ["a", "c"]
