"""The audit log loses nothing, and whoever touches it is noticed."""

import json
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from signalbox.models.audit import (
    AuditFilter,
    AuditRecord,
    AuditResult,
    ChainHead,
    Tampering,
    append_to_chain,
    day_of,
)
from signalbox.models.errors import Unavailable
from signalbox.services.audit import ListAudit, RecordAudit, VerifyAudit
from tests.contract.guards import AuditStoreContract
from tests.fakes.audit import FakeAuditStore, an_entry
from tests.fakes.clock import FakeClock

DAY = "2026-03-01"
NEXT = "2026-03-02"


class TestFakeAuditStore(AuditStoreContract):
    @pytest.fixture
    def store(self) -> FakeAuditStore:
        return FakeAuditStore()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> FakeAuditStore:
    return FakeAuditStore()


@pytest.fixture
def record(store: FakeAuditStore, clock: FakeClock) -> RecordAudit:
    return a_recorder(store, clock)


@pytest.fixture
def verify(store: FakeAuditStore) -> VerifyAudit:
    return VerifyAudit(store=store)


def a_recorder(store: FakeAuditStore, clock: FakeClock) -> RecordAudit:
    """As another process would make one."""

    def wait(seconds: float) -> None:
        assert 0 <= seconds < 2

    return RecordAudit(store=store, clock=clock, random=Random(1), sleep=wait)


class TestRecording:
    def test_the_rows_of_a_day_are_one_chain(
        self, record: RecordAudit, verify: VerifyAudit, store: FakeAuditStore
    ) -> None:
        rows = [record(an_entry()) for _ in range(5)]

        assert [row.number for row in rows] == [1, 2, 3, 4, 5]
        assert [row.previous for row in rows[1:]] == [row.hash for row in rows[:-1]]
        assert verify(DAY) is None
        assert store.writes == 5

    def test_only_the_first_row_costs_a_look(
        self, record: RecordAudit, store: FakeAuditStore
    ) -> None:
        record(an_entry())
        before = store.reads
        record(an_entry())

        assert store.reads == before

    def test_processes_share_the_chain(
        self, store: FakeAuditStore, clock: FakeClock, verify: VerifyAudit
    ) -> None:
        processes = [a_recorder(store, clock) for _ in range(3)]

        numbers = [processes[n % 3](an_entry()).number for n in range(12)]

        assert numbers == list(range(1, 13))
        assert verify(DAY) is None

    def test_who_loses_the_race_takes_the_next_number(
        self, record: RecordAudit, store: FakeAuditStore, verify: VerifyAudit
    ) -> None:
        first = record(an_entry())
        rivals = [append_to_chain(an_entry(actor="rival"), DAY, first.end)]
        rivals.append(append_to_chain(an_entry(actor="rival"), DAY, rivals[-1].end))
        store.rivals = list(rivals)

        assert record(an_entry()).number == 4
        assert verify(DAY) is None

    def test_who_loses_too_often_is_told(self, record: RecordAudit, store: FakeAuditStore) -> None:
        end = record(an_entry()).end
        for _ in range(20):
            store.rivals.append(append_to_chain(an_entry(), DAY, end))
            end = store.rivals[-1].end

        with pytest.raises(Unavailable):
            record(an_entry())
        assert store.writes == 1 + 8

    def test_a_new_day_carries_on_the_one_before(
        self, record: RecordAudit, clock: FakeClock, verify: VerifyAudit
    ) -> None:
        last = record(an_entry())
        clock.advance(timedelta(days=1))

        first = record(an_entry())

        assert (first.day, first.number, first.after) == (NEXT, 1, last.end)
        assert verify(DAY) is None
        assert verify(NEXT) is None

    def test_days_without_a_row_are_reached_over(
        self, record: RecordAudit, clock: FakeClock
    ) -> None:
        last = record(an_entry())
        clock.advance(timedelta(days=7))

        assert record(an_entry()).after == last.end

    def test_a_row_that_somebody_destroyed_does_not_stop_the_log(
        self, record: RecordAudit, store: FakeAuditStore, clock: FakeClock, verify: VerifyAudit
    ) -> None:
        record(an_entry())
        record(an_entry())
        store.days[DAY]["00000002"] = "gone"

        assert a_recorder(store, clock)(an_entry()).number == 3
        assert verify(DAY) == Tampering(day=DAY, number="00000002", reason="was changed")


class TestVerifying:
    @pytest.fixture(autouse=True)
    def _two_days(self, record: RecordAudit, clock: FakeClock) -> None:
        for number in range(5):
            record(an_entry(object=f"tsk_{number}"))
        clock.advance(timedelta(days=1))
        record(an_entry())

    def test_a_log_that_nobody_touched_is_whole(self, verify: VerifyAudit) -> None:
        assert verify(DAY) is None
        assert verify(NEXT) is None
        assert verify("2026-01-01") is None

    @pytest.mark.parametrize("number", range(1, 6))
    @pytest.mark.parametrize(
        "change",
        [
            lambda row: row | {"entry": row["entry"] | {"actor": "nobody"}},
            lambda row: row | {"entry": row["entry"] | {"result": "denied"}},
            lambda row: row | {"hash": "0" * 64},
            lambda row: row | {"hash": None},
            lambda row: row | {"previous": "0" * 63 + "1"},
            lambda row: row | {"day": NEXT},
            lambda row: row | {"number": 9},
            lambda row: row | {"number": "1"},
            lambda row: row | {"more": 1},
            lambda _: {},
        ],
    )
    def test_a_row_that_was_changed_is_named(
        self,
        store: FakeAuditStore,
        verify: VerifyAudit,
        number: int,
        change: Callable[[dict[str, object]], dict[str, object]],
    ) -> None:
        key = f"{number:08}"
        store.days[DAY][key] = json.dumps(change(json.loads(store.days[DAY][key])))

        assert verify(DAY) == Tampering(day=DAY, number=key, reason="was changed")

    @pytest.mark.parametrize("number", range(1, 6))
    def test_a_row_that_was_taken_out_is_named(
        self, store: FakeAuditStore, verify: VerifyAudit, number: int
    ) -> None:
        key = f"{number:08}"
        del store.days[DAY][key]

        assert verify(DAY) == Tampering(day=DAY, number=key, reason="is missing")

    @pytest.mark.parametrize("key", ["", "00000000", "00000002x", "00000003.5", "x", "1"])
    def test_a_row_that_was_put_in_is_named(
        self, store: FakeAuditStore, verify: VerifyAudit, key: str
    ) -> None:
        store.days[DAY][key] = store.days[DAY]["00000002"]

        assert verify(DAY) == Tampering(day=DAY, number=key, reason="does not belong there")

    @pytest.mark.parametrize("number", range(1, 5))
    def test_a_row_that_was_written_anew_with_its_hash_is_named(
        self, store: FakeAuditStore, verify: VerifyAudit, number: int
    ) -> None:
        key = f"{number:08}"
        self._forge(store, key)

        found = verify(DAY)

        assert found
        assert (found.number, found.reason) == (key, "was changed, or the row after it was")

    def test_the_last_row_written_anew_is_named_once_there_is_a_later_day(
        self, store: FakeAuditStore, verify: VerifyAudit
    ) -> None:
        self._forge(store, "00000005")

        assert verify(DAY) == Tampering(day=DAY, number="00000005", reason="was changed")

    def test_a_chain_written_anew_from_a_row_on_is_named_at_its_end(
        self, store: FakeAuditStore, verify: VerifyAudit
    ) -> None:
        end = None
        for number in range(1, 6):
            row = append_to_chain(an_entry(actor="nobody"), DAY, end)
            store.days[DAY][f"{number:08}"] = row.model_dump_json()
            end = row.end

        assert verify(DAY) == Tampering(day=DAY, number="00000005", reason="was changed")

    @pytest.mark.parametrize("left", [0, 1, 4])
    def test_an_end_that_was_cut_off_is_missed(
        self, store: FakeAuditStore, verify: VerifyAudit, left: int
    ) -> None:
        for number in range(left + 1, 6):
            del store.days[DAY][f"{number:08}"]

        assert verify(DAY) == Tampering(day=DAY, number=f"{left + 1:08}", reason="is missing")

    def test_a_row_that_came_in_late_is_no_breach(
        self, store: FakeAuditStore, verify: VerifyAudit
    ) -> None:
        last = AuditRecord.model_validate_json(store.days[DAY]["00000005"])
        assert store.append(append_to_chain(an_entry(), DAY, last.end))

        assert verify(DAY) is None
        assert verify(NEXT) is None

    def test_a_day_without_rows_between_two_others_misses_nothing(
        self, store: FakeAuditStore, clock: FakeClock, verify: VerifyAudit
    ) -> None:
        clock.advance(timedelta(days=2))
        a_recorder(store, clock)(an_entry())

        assert verify("2026-03-03") is None
        assert verify("2026-03-04") is None

    def test_a_later_day_that_cannot_be_read_is_its_own_breach(
        self, store: FakeAuditStore, verify: VerifyAudit
    ) -> None:
        store.days[NEXT]["00000001"] = "gone"

        assert verify(DAY) is None
        assert verify(NEXT) == Tampering(day=NEXT, number="00000001", reason="was changed")

    def _forge(self, store: FakeAuditStore, key: str) -> None:
        row = AuditRecord.model_validate_json(store.days[DAY][key])
        number = row.number - 1
        before = ChainHead(day=DAY, number=number, hash=row.previous) if number else None
        forged = append_to_chain(an_entry(actor="nobody"), DAY, before)
        store.days[DAY][key] = forged.model_dump_json()


class TestListing:
    @pytest.fixture
    def browse(self, store: FakeAuditStore, clock: FakeClock) -> ListAudit:
        return ListAudit(store=store, clock=clock)

    def test_pages_lead_from_the_newest_to_the_oldest(
        self, record: RecordAudit, clock: FakeClock, browse: ListAudit
    ) -> None:
        written = []
        for pause in (0, 0, 0, 3, 0, 1, 20, 0):
            clock.advance(timedelta(days=pause))
            written.append(record(an_entry()))

        seen: list[AuditRecord] = []
        after = None
        for _ in range(20):
            page = browse(since="2026-03-01", limit=3, after=after)
            seen += page.records
            if (after := page.after) is None:
                break

        assert seen == written[::-1]

    def test_a_filter_matches_parts_of_texts_in_any_case(
        self, record: RecordAudit, browse: ListAudit
    ) -> None:
        record(an_entry(actor="key:ana", action="POST /api/v1/keys"))
        created = record(an_entry(actor="key:ben", action="POST /api/v1/keys"))
        record(an_entry(actor="key:ben", action="DELETE /api/v1/tasks"))

        page = browse(since=DAY, limit=1, having=AuditFilter(actor="BEN", action="keys"))

        assert (page.records, page.after) == ([created], f"{DAY}/00000002")

    def test_a_filter_by_result_leaves_out_the_others(
        self, record: RecordAudit, browse: ListAudit
    ) -> None:
        record(an_entry())
        denied = record(an_entry(result=AuditResult.DENIED))

        page = browse(since=DAY, limit=10, having=AuditFilter(result=AuditResult.DENIED))

        assert page.records == [denied]

    def test_a_page_ends_after_a_thousand_records_that_do_not_match(
        self, record: RecordAudit, browse: ListAudit
    ) -> None:
        oldest = record(an_entry(actor="key:ana"))
        for _ in range(1_000):
            record(an_entry(actor="key:ben"))
        having = AuditFilter(actor="ana")

        first = browse(since=DAY, limit=10, having=having)
        second = browse(since=DAY, limit=10, after=first.after, having=having)

        assert (first.records, second.records) == ([], [oldest])

    def test_nothing_older_than_asked_for_is_shown(
        self, record: RecordAudit, clock: FakeClock, browse: ListAudit
    ) -> None:
        record(an_entry())
        clock.advance(timedelta(days=1))
        newer = record(an_entry())

        page = browse(since=NEXT, limit=10)

        assert (page.records, page.after) == ([newer], None)

    def test_a_full_page_is_the_last_one_where_nothing_follows(
        self, record: RecordAudit, browse: ListAudit
    ) -> None:
        for _ in range(3):
            record(an_entry())

        page = browse(since=DAY, limit=3)

        assert (len(page.records), page.after) == (3, None)

    def test_a_long_silence_is_looked_through_page_by_page(
        self, record: RecordAudit, clock: FakeClock, browse: ListAudit, store: FakeAuditStore
    ) -> None:
        old = record(an_entry())
        clock.advance(timedelta(days=40))
        store.reads = 0

        first = browse(since="2026-01-01", limit=10)
        second = browse(since="2026-01-01", limit=10, after=first.after)

        assert (first.records, first.after) == ([], "2026-03-10")
        assert second.records == [old]
        assert store.reads == 62

    def test_a_row_that_cannot_be_read_is_named_and_passed_over(
        self, record: RecordAudit, store: FakeAuditStore, browse: ListAudit
    ) -> None:
        rows = [record(an_entry()) for _ in range(3)]
        store.days[DAY]["00000002"] = "gone"

        page = browse(since=DAY, limit=10)

        assert page.records == [rows[2], rows[0]]
        assert page.unreadable == ["2026-03-01/00000002"]


def test_midnight_has_no_gap(store: FakeAuditStore, verify: VerifyAudit) -> None:
    clock = FakeClock()
    clock.advance(timedelta(hours=11, minutes=59, seconds=59, milliseconds=990))
    ahead = FakeClock(clock() + timedelta(milliseconds=20))
    here, there = a_recorder(store, clock), a_recorder(store, ahead)
    here(an_entry())
    there(an_entry())
    here(an_entry())
    there(an_entry())

    assert {day_of(clock()), day_of(ahead())} == {DAY, NEXT}
    assert verify(DAY) is None
    assert verify(NEXT) is None
