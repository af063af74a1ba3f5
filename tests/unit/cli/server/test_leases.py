"""Leases: of several servers, one holds each, and a holder that was replaced notices."""

from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from cli.server.leases import DynamoLeases, HoldLeases, LeaseStore, MemoryLeases, PollLease
from signalbox.aws.dynamo_table import Table
from signalbox.models.errors import WriteConflict
from tests.fakes.clock import FakeClock
from tests.fakes.lease_table import FakeLeaseTable

if TYPE_CHECKING:
    from signalbox.aws.protocols import DynamoApi


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "table"])
def store(request: pytest.FixtureRequest, clock: FakeClock) -> LeaseStore:
    if request.param == "memory":
        return MemoryLeases()
    return DynamoLeases(
        table=Table(client=cast("DynamoApi", FakeLeaseTable()), name="state"), clock=clock
    )


def holder(store: LeaseStore, name: str, clock: FakeClock) -> HoldLeases:
    return HoldLeases(store=store, holder=name, clock=clock)


def test_a_lease_is_held_by_one_server_until_its_end(store: LeaseStore, clock: FakeClock) -> None:
    one, other = holder(store, "one", clock), holder(store, "other", clock)

    assert one.acquire("s", 60)
    assert other.acquire("s", 60) is None
    clock.advance(seconds=61)
    assert other.acquire("s", 60)
    assert one.acquire("s", 60) is None


def test_a_lease_that_was_extended_lasts_longer_and_keeps_the_position(
    store: LeaseStore, clock: FakeClock
) -> None:
    one, other = holder(store, "one", clock), holder(store, "other", clock)
    held = one.acquire("s", 60)
    assert held
    clock.advance(seconds=50)

    extended = one.extend(held, "7", 60)
    clock.advance(seconds=50)

    assert other.acquire("s", 60) is None
    assert extended.seconds_left(clock()) == 10
    one.release(extended, "8")
    taken = other.acquire("s", 60)
    assert taken
    assert taken.position == "8"


def test_a_holder_that_was_replaced_cannot_store_its_position(
    store: LeaseStore, clock: FakeClock
) -> None:
    one, other = holder(store, "one", clock), holder(store, "other", clock)
    held = one.acquire("s", 60)
    assert held
    clock.advance(seconds=61)
    other.acquire("s", 60)

    with pytest.raises(WriteConflict):
        one.extend(held, "9", 60)

    assert store.get("s").position == ""


def test_of_two_servers_that_take_a_free_lease_at_once_one_gets_it(
    store: LeaseStore, clock: FakeClock
) -> None:
    store.replace("s", PollLease(), PollLease(holder="one", until=clock() + timedelta(60)))

    with pytest.raises(WriteConflict):
        store.replace("s", PollLease(), PollLease(holder="other", until=clock() + timedelta(60)))

    assert store.get("s").holder == "one"


def test_each_run_of_a_schedule_is_for_one_server(store: LeaseStore, clock: FakeClock) -> None:
    one, other = holder(store, "one", clock), holder(store, "other", clock)
    first, second = clock(), clock() + timedelta(minutes=1)

    claims = [
        one.claim_run("m", first),
        other.claim_run("m", first),
        other.claim_run("m", second),
        one.claim_run("m", second),
        one.claim_run("m", first),
    ]

    assert claims == [True, False, True, False, False]
