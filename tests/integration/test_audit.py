"""The audit log in DynamoDB: one chain, whoever writes, and few calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from signalbox.aws.audit import DynamoAudit
from signalbox.aws.dynamo_table import Table
from signalbox.models.audit import Tampering, append_to_chain
from signalbox.models.errors import Unavailable
from signalbox.services.audit import ListAudit, RecordAudit, VerifyAudit
from tests.contract.guards import DAY, AuditStoreContract, fill
from tests.fakes.audit import an_entry
from tests.fakes.clock import FakeClock
from tests.integration.atomic import one_at_a_time
from tests.integration.aws import Stack
from tests.integration.faults import Action, Faults, broken, lost_answer, throttled, unreachable

if TYPE_CHECKING:
    from signalbox.aws.dynamo_table import Item

PUT, QUERY = "DynamoDB.PutItem", "DynamoDB.Query"


@pytest.fixture
def table(stack: Stack) -> Table:
    return Table(client=stack.clients.dynamodb, name=stack.name("AuditTable"))


@pytest.fixture
def faults(stack: Stack) -> Iterator[Faults]:
    del stack
    with Faults().installed() as faults, faults.watching():
        yield faults


@pytest.fixture
def store(table: Table) -> DynamoAudit:
    return DynamoAudit(table=table)


@pytest.fixture
def record(store: DynamoAudit, clock: FakeClock) -> RecordAudit:
    return a_recorder(store, clock)


def a_recorder(store: DynamoAudit, clock: FakeClock) -> RecordAudit:
    return RecordAudit(store=store, clock=clock, random=Random())


class TestDynamoAudit(AuditStoreContract):
    @pytest.fixture
    def store(self, table: Table) -> DynamoAudit:
        return DynamoAudit(table=table)

    def test_a_row_whose_answer_was_lost_is_recognised(
        self, store: DynamoAudit, faults: Faults
    ) -> None:
        faults.on(PUT, lost_answer)

        assert store.append(append_to_chain(an_entry(), DAY, None))
        assert faults.count(PUT) == 2

    @pytest.mark.parametrize("trouble", [throttled, broken, unreachable])
    def test_a_table_that_is_down_is_unavailable(
        self, store: DynamoAudit, faults: Faults, trouble: Action
    ) -> None:
        faults.on(PUT, trouble, times=3)
        faults.on(QUERY, trouble, times=3)

        with pytest.raises(Unavailable):
            store.append(append_to_chain(an_entry(), DAY, None))
        with pytest.raises(Unavailable):
            list(store.newest(DAY))


def test_a_row_is_one_write(record: RecordAudit, faults: Faults) -> None:
    record(an_entry())
    faults.clear()

    for _ in range(5):
        record(an_entry())

    assert faults.operations == [PUT] * 5


def test_a_process_that_starts_looks_for_the_end_once(
    record: RecordAudit, store: DynamoAudit, clock: FakeClock, faults: Faults
) -> None:
    record(an_entry())
    faults.clear()

    a_recorder(store, clock)(an_entry())

    assert faults.operations == [QUERY, PUT]


def test_two_processes_by_turns_cost_a_lost_write_and_a_look(
    store: DynamoAudit, clock: FakeClock, faults: Faults
) -> None:
    one, other = (a_recorder(store, clock) for _ in range(2))
    one(an_entry())
    other(an_entry())
    faults.clear()

    one(an_entry())

    assert faults.operations == [PUT, QUERY, PUT]


def test_who_write_at_once_make_one_chain(store: DynamoAudit, clock: FakeClock) -> None:
    processes = [a_recorder(store, clock) for _ in range(4)]

    with one_at_a_time(), ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda n: processes[n % 4](an_entry(object=str(n))), range(60)))

    assert sorted(row.number for row in rows) == list(range(1, 61))
    assert VerifyAudit(store=store)(DAY) is None
    assert {row.entry.object for row in rows} == {str(number) for number in range(60)}


def test_a_row_that_was_changed_or_deleted_is_named(
    record: RecordAudit, store: DynamoAudit, table: Table, clock: FakeClock
) -> None:
    verify = VerifyAudit(store=store)
    for _ in range(5):
        record(an_entry())
    clock.advance(timedelta(days=1))
    record(an_entry())
    assert verify(DAY) is None
    key: Item = {"pk": {"S": f"AUDIT#{DAY}"}, "sk": {"S": "00000003"}}
    item = dict(table.get(key) or {})
    facts = json.loads(item["doc"]["S"])
    facts["entry"]["actor"] = "nobody"

    table.put(item | {"doc": {"S": json.dumps(facts)}})
    changed = verify(DAY)
    table.delete(key)
    deleted = verify(DAY)

    assert changed == Tampering(day=DAY, number="00000003", reason="was changed")
    assert deleted == Tampering(day=DAY, number="00000003", reason="is missing")


def test_a_page_reads_no_more_than_it_shows(
    store: DynamoAudit, clock: FakeClock, faults: Faults
) -> None:
    fill(store, 60)
    faults.clear()

    page = ListAudit(store=store, clock=clock)(since=DAY, limit=10)

    assert [row.number for row in page.records] == list(range(60, 50, -1))
    assert page.after == f"{DAY}/00000051"
    assert faults.operations == [QUERY]
