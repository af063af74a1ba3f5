from datetime import UTC, datetime, timedelta

import pytest

from signalbox.models.costs import CostItem, standing_costs
from signalbox.models.metrics_history import HistoryResolution, MetricsPoint
from signalbox.services.metrics_history import ReadHistory
from signalbox.services.record_history import RecordHistory
from tests.fakes.clock import FakeClock
from tests.fakes.counters import FakeCounterStore, FakeMetricsHistory

FINE, HOURS = HistoryResolution
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOON)


@pytest.fixture
def counters() -> FakeCounterStore:
    return FakeCounterStore()


@pytest.fixture
def store() -> FakeMetricsHistory:
    return FakeMetricsHistory()


@pytest.fixture
def record(
    counters: FakeCounterStore, store: FakeMetricsHistory, clock: FakeClock
) -> RecordHistory:
    return RecordHistory(counters=counters, store=store, clock=clock)


@pytest.fixture
def read(counters: FakeCounterStore, store: FakeMetricsHistory, clock: FakeClock) -> ReadHistory:
    return ReadHistory(counters=counters, store=store, clock=clock)


def minutes_of(store: FakeMetricsHistory, resolution: HistoryResolution) -> list[int]:
    return [
        int((at - NOON).total_seconds() // 60) for kind, at in store.points if kind is resolution
    ]


def test_a_point_is_recorded_every_five_minutes_and_every_hour(
    record: RecordHistory, store: FakeMetricsHistory, clock: FakeClock
) -> None:
    for _ in range(62):
        record()
        clock.advance(seconds=60)

    assert minutes_of(store, FINE) == list(range(0, 65, 5))
    assert minutes_of(store, HOURS) == [0, 60]


def test_a_process_that_starts_late_records_the_point_of_the_time_that_has_begun(
    record: RecordHistory, store: FakeMetricsHistory, clock: FakeClock
) -> None:
    clock.advance(seconds=13 * 60 + 7)

    record()

    assert minutes_of(store, FINE) == [10]
    assert minutes_of(store, HOURS) == [0]


def test_two_processes_record_one_point(
    counters: FakeCounterStore, store: FakeMetricsHistory, clock: FakeClock
) -> None:
    for number in (1, 2):
        counters.counts["requests|github|accepted"] = number
        RecordHistory(counters=counters, store=store, clock=clock)()

    assert store.points[FINE, NOON].counts == {"requests|github|accepted": 1}


def test_only_counters_that_are_shown_are_recorded(
    record: RecordHistory, counters: FakeCounterStore, store: FakeMetricsHistory
) -> None:
    counters.counts.update({"acks|github|0.1": 5, "tasks|pending": 2, "runs|1": 7})

    record()

    assert store.points[FINE, NOON].counts == {"tasks|pending": 2}


def test_a_history_has_what_was_counted_between_its_points_and_until_now(
    record: RecordHistory, read: ReadHistory, counters: FakeCounterStore, clock: FakeClock
) -> None:
    for number in (3, 0, 4):
        record()
        counters.counts["requests|github|accepted"] += number
        counters.counts["tasks|pending"] = number
        clock.advance(seconds=300)
    clock.advance(seconds=-60)

    history = read(1)

    assert history.resolution is FINE
    assert [each.counts for each in history.intervals] == [
        {"requests|github|accepted": 3},
        {},
        {"requests|github|accepted": 4},
    ]
    assert [each.stored for each in history.intervals] == [
        {"pending": 3},
        {"pending": 0},
        {"pending": 4},
    ]
    assert history.intervals[-1].until == clock()


def test_a_longer_history_is_by_the_hour(
    record: RecordHistory, read: ReadHistory, counters: FakeCounterStore, clock: FakeClock
) -> None:
    for _ in range(30):
        record()
        counters.counts["steps|created"] += 1
        clock.advance(seconds=3_600)

    history = read(48)

    assert history.resolution is HOURS
    assert [each.counts for each in history.intervals] == [{"steps|created": 1}] * 30


def test_a_missing_point_joins_two_intervals(
    record: RecordHistory, read: ReadHistory, counters: FakeCounterStore, clock: FakeClock
) -> None:
    record()
    counters.counts["steps|created"] += 5
    clock.advance(seconds=900)
    record()
    clock.advance(seconds=300)

    first, second = read(1).intervals

    assert (first.until - first.since, first.counts) == (
        timedelta(minutes=15),
        {"steps|created": 5},
    )
    assert second.counts == {}


def test_before_the_first_point_there_is_no_history(read: ReadHistory) -> None:
    assert read(24).intervals == ()
    assert read.last_day().counts == {}


def test_the_last_day_is_counted_from_its_first_point(
    record: RecordHistory, read: ReadHistory, counters: FakeCounterStore, clock: FakeClock
) -> None:
    for _ in range(50):
        record()
        counters.counts["steps|created"] += 1
        clock.advance(seconds=3_600)

    day = read.last_day()

    assert day.until - day.since == timedelta(hours=24)
    assert day.counts == {"steps|created": 24}


def test_the_cost_of_a_month_is_that_of_its_work_and_of_its_time(
    read: ReadHistory, counters: FakeCounterStore, store: FakeMetricsHistory
) -> None:
    month = datetime(2026, 3, 1, tzinfo=UTC)
    before = {"requests|github|accepted": 7, "steps|created": 7}
    store.put_new(HOURS, MetricsPoint(at=month, counts=before))
    counters.counts.update(
        {
            "requests|github|accepted": 1_000_007,
            "steps|created": 1_000_007,
            "steps|succeeded": 900_000,
            "steps|failed": 100_000,
            "notifications|slack|delivered": 2_000_000,
        }
    )

    cost = read.cost()

    work = {share.item: share for share in cost.work}
    assert (cost.since, cost.until) == (month, NOON)
    assert work[CostItem.WEBHOOKS].count == work[CostItem.TASKS].count == 1_000_000
    assert work[CostItem.COMPLETIONS].count == 1_000_000
    assert 2 < work[CostItem.WEBHOOKS].dollars < 4
    assert 8 < work[CostItem.NOTIFICATIONS].dollars < 14
    assert cost.standing == pytest.approx(cost.month * 9.5 * 24 / 730)


def test_the_cost_of_a_stack_that_is_new_begins_with_its_first_point(
    read: ReadHistory, record: RecordHistory, store: FakeMetricsHistory, clock: FakeClock
) -> None:
    record()
    clock.advance(seconds=7_200)

    cost = read.cost()

    assert cost.since == NOON
    assert cost.standing == pytest.approx(cost.month * 2 / 730)
    assert store.reads <= 8


def test_a_stack_without_alarms_of_vendors_does_not_pay_for_them(
    counters: FakeCounterStore, store: FakeMetricsHistory, clock: FakeClock
) -> None:
    read = ReadHistory(counters=counters, store=store, clock=clock, has_vendor_alarms=False)

    cost = read.cost()

    assert cost.month == standing_costs(vendor_alarms=False) < standing_costs()


def test_without_any_point_nothing_has_cost_anything(read: ReadHistory) -> None:
    cost = read.cost()

    assert cost.since == cost.until
    assert cost.standing == sum(share.dollars for share in cost.work) == 0
