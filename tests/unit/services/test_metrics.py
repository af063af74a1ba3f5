from collections.abc import Iterator, Mapping

from signalbox.models.errors import Unavailable
from signalbox.services.deliveries.ack_latency import AckLatencies
from signalbox.services.metrics import CountChanges
from signalbox.services.ports.metrics import StreamPage
from tests.fakes.counters import FakeCounterStore, FakeFeed

CHANGES = [{"steps|created": 1}] * 5


def plenty() -> float:
    return 60.0


class Interrupted(FakeFeed):
    """A feed during whose first page somebody else counts everything."""

    def __init__(self, store: FakeCounterStore) -> None:
        super().__init__("tasks", list(CHANGES))
        self.store: FakeCounterStore | None = store

    def pages(self, reached: Mapping[str, str]) -> Iterator[StreamPage]:
        for page in super().pages(reached):
            if self.store:
                other = FakeFeed(self.name, self.changes, size=3)
                CountChanges(feeds=[other], counters=self.store)(plenty)
                self.store = None
            yield page


def test_every_change_is_counted_once_however_often_somebody_counts() -> None:
    store = FakeCounterStore()
    count = CountChanges(feeds=[FakeFeed("tasks", list(CHANGES))], counters=store)

    behind = [count(plenty), count(plenty)]

    assert behind == [{}, {}]
    assert store.counts == {"steps|created": 5}


def test_two_who_count_at_once_count_every_change_once() -> None:
    store = FakeCounterStore()

    behind = CountChanges(feeds=[Interrupted(store)], counters=store)(plenty)

    assert not behind
    assert store.counts == {"steps|created": 5}


def test_what_there_is_no_time_for_is_counted_by_the_next_who_comes() -> None:
    store = FakeCounterStore()
    count = CountChanges(feeds=[FakeFeed("tasks", list(CHANGES))], counters=store)
    left = iter([1.0, 0.0])

    short = count(lambda: next(left))
    later = count(plenty)

    assert (list(short), list(later)) == (["tasks"], [])
    assert store.counts == {"steps|created": 5}


def test_a_feed_that_is_down_stops_no_other() -> None:
    class Down(FakeFeed):
        def pages(self, reached: Mapping[str, str]) -> Iterator[StreamPage]:
            raise Unavailable("the stream did not answer")

    store = FakeCounterStore()
    feeds = [Down("deliveries", []), FakeFeed("tasks", list(CHANGES))]

    behind = CountChanges(feeds=feeds, counters=store)(plenty)

    assert list(behind) == ["deliveries"]
    assert store.counts == {"steps|created": 5}


def test_the_times_of_answers_are_kept_until_a_record_has_them() -> None:
    acks = AckLatencies()
    acks.add(5)

    pending = acks.pending
    acks.flush()

    assert (pending, acks.pending) == ((5,), ())


def test_times_that_no_record_takes_do_not_grow_for_ever() -> None:
    acks = AckLatencies()

    for number in range(1_000):
        acks.add(number)

    assert len(acks.pending) == 50
