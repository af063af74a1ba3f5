import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from threading import Event, get_ident
from typing import TypeVar

import pytest

from signalbox.models.errors import Unavailable
from signalbox.models.instance_health import ServiceHealth
from signalbox.runtime.event_loop import (
    BackgroundRefresh,
    BackgroundValue,
    RunningTasks,
    SummedCounts,
    SummedDurations,
    eject_in_thread,
    keep_flushing,
    left_to_thread,
)
from signalbox.services.gateway.discovery import CachedDiscovery
from signalbox.services.gateway.health import CachedHealth
from signalbox.services.gateway.live_instances import LiveInstances
from signalbox.services.gateway.registration import CachedRegistrations
from tests.builders import a_discovery, a_service, an_endpoint
from tests.fakes.clock import FakeClock
from tests.fakes.counts import FakeCount
from tests.fakes.discovery import FakeDirectory
from tests.fakes.instances import FakeInstanceHealth, FakeRegistrations

T = TypeVar("T")
SERVICE = a_service(self_registration=True)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


class Stores:
    """What is stored of instances, and the refresh over it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.health = FakeInstanceHealth()
        self.registrations = FakeRegistrations()
        self.directory = FakeDirectory(an_endpoint())
        self.discovery = CachedDiscovery(discover=self.directory, clock=self.clock)
        self.cached = CachedHealth(store=self.health, clock=self.clock)
        self.refresh = BackgroundRefresh(
            health=self.cached,
            registrations=CachedRegistrations(store=self.registrations, clock=self.clock),
            discovery=self.discovery,
        )

    def run(self, act: Callable[[], Awaitable[T]]) -> T:
        async def run() -> T:
            done = await act()
            while self.refresh._loads:
                await asyncio.wait({task for _, task in self.refresh._loads.values()})
            return done

        return asyncio.run(run())


def test_the_first_request_for_a_service_waits_for_what_is_stored() -> None:
    stores = Stores()

    async def act() -> tuple[list[str], list[str], bool]:
        await stores.refresh(SERVICE, None)
        current = stores.cached.is_current("orders")
        return list(stores.health.calls), list(stores.registrations.calls), current

    assert stores.run(act) == (["get"], ["of_service"], True)


def test_registrations_are_read_only_of_services_that_take_them() -> None:
    stores = Stores()

    stores.run(lambda: stores.refresh(a_service(), None))

    assert stores.registrations.calls == []


def test_registrations_of_all_versions_are_read_where_copies_may_go_to_another() -> None:
    stores = Stores()
    shadow = {"use": "shadow", "version": "v2"}
    service = a_service(self_registration=True, versions={"v2": ()}, middlewares=(shadow,))

    stores.run(lambda: stores.refresh(service, None))

    assert sorted(stores.registrations.calls) == ["of_service", "of_service"]


def test_what_is_known_of_instances_is_not_read_by_the_event_loop() -> None:
    stores = Stores()
    live = LiveInstances(
        registrations=stores.refresh.registrations,  # type: ignore[arg-type]  # they are cached ones
        discovery=stores.discovery,
        looks_up=False,
    )

    found = live(a_service(instances=(), self_registration=True, discovery=a_discovery()), None)

    assert found.instances == ()
    assert (stores.registrations.calls, stores.directory.lookups) == ([], [])


def test_requests_at_the_same_time_share_a_read() -> None:
    stores = Stores()

    async def act() -> None:
        await asyncio.gather(*(stores.refresh(a_service(), None) for _ in range(9)))

    stores.run(act)

    assert stores.health.calls == ["get"]


def test_what_is_not_yet_stale_is_read_while_requests_use_it() -> None:
    stores, goes_on = Stores(), Event()

    async def act() -> list[str]:
        await stores.refresh(a_service(), None)
        stores.clock.advance(seconds(3))
        read = stores.health.get

        def slow(service: str) -> ServiceHealth:
            goes_on.wait(5)
            return read(service)

        stores.health.get = slow  # type: ignore[method-assign]  # a store that is slow from now on
        await stores.refresh(a_service(), None)
        before = list(stores.health.calls)
        goes_on.set()
        return before

    assert stores.run(act) == ["get"]
    assert stores.health.calls == ["get", "get"]


def test_a_store_that_fails_delays_no_request_a_second_time() -> None:
    stores = Stores()
    stores.health.down = True

    async def act() -> None:
        await stores.refresh(a_service(), None)
        await stores.refresh(a_service(), None)

    stores.run(act)

    assert stores.health.calls == ["get"]
    assert stores.cached.get("orders") == ServiceHealth()


def test_the_first_request_waits_until_the_instances_are_looked_up() -> None:
    stores, service = Stores(), a_service(instances=(), discovery=a_discovery())

    async def act() -> frozenset[str]:
        await stores.refresh(service, None)
        return stores.discovery.last(service).ids

    assert stores.run(act) == frozenset({"i-1"})


def test_a_lookup_that_is_stale_is_made_while_requests_use_the_last() -> None:
    stores, service = Stores(), a_service(instances=(), discovery=a_discovery())

    async def act() -> list[int]:
        await stores.refresh(service, None)
        stores.clock.advance(seconds(6))
        stores.directory.endpoints = (an_endpoint("i-2"),)
        await stores.refresh(service, None)
        return [len(stores.directory.lookups), len(stores.refresh._loads)]

    assert stores.run(act)[1] == 1
    assert stores.discovery.last(service).ids == frozenset({"i-2"})


def test_a_lookup_that_fails_leaves_no_instance() -> None:
    stores, service = Stores(), a_service(instances=(), discovery=a_discovery())
    stores.directory.down = True

    async def act() -> frozenset[str]:
        await stores.refresh(service, None)
        return stores.discovery.last(service).ids

    assert stores.run(act) == frozenset()


def test_a_value_that_was_never_read_is_unavailable() -> None:
    value = BackgroundValue[int](read=lambda: 1, seconds=1, failed=lambda _: None)

    with pytest.raises(Unavailable):
        value()


def test_a_value_stays_while_it_cannot_be_read() -> None:
    answers: list[int | Unavailable] = [1, Unavailable("no")]
    failures: list[Unavailable] = []

    def read() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    value = BackgroundValue[int](read=read, seconds=1, failed=failures.append)

    async def act() -> int:
        await value.refresh()
        await value.refresh()
        return value()

    assert asyncio.run(act()) == 1
    assert len(failures) == 1


def test_a_value_is_read_again_and_again() -> None:
    read: list[int] = []

    async def act() -> None:
        value = BackgroundValue[None](
            read=lambda: read.append(1), seconds=0.001, failed=lambda _: None
        )
        fresh = asyncio.create_task(value.keep_fresh())
        async with asyncio.timeout(5):
            while len(read) < 3:  # noqa: ASYNC110  reads are made by a thread
                await asyncio.sleep(0.001)
        fresh.cancel()

    asyncio.run(act())

    assert len(read) >= 3


def test_counts_are_summed_until_they_are_written() -> None:
    count = FakeCount()
    summed = SummedCounts(count=count)

    for value in (1, 2):
        summed("GatewayRequests", {"target": "orders", "outcome": "2xx"}, value)
    summed("GatewayRequests", {"target": "orders", "outcome": "5xx"})
    before = list(count.seen)
    summed.flush()
    summed.flush()

    assert before == []
    assert count.values == [("GatewayRequests", 3), ("GatewayRequests", 1)]


def test_durations_are_collected_until_they_are_written() -> None:
    written: list[tuple[Mapping[str, str], Mapping[str, Sequence[float]]]] = []
    collect = SummedDurations(write=lambda *each: written.append(each))

    for number in range(100):
        collect({"target": "orders"}, {"GatewayLatency": float(number)})
    first = len(written)
    collect.flush()
    collect.flush()

    assert first == 1
    assert [len(values["GatewayLatency"]) for _, values in written] == [99, 1]


def test_what_was_collected_is_written_again_and_again() -> None:
    async def act() -> int:
        written, enough = 0, asyncio.Event()

        def flush() -> None:
            nonlocal written
            written += 1
            if written > 2:
                enough.set()

        flushing = asyncio.create_task(keep_flushing(0.001, flush))
        await asyncio.wait_for(enough.wait(), 5)
        flushing.cancel()
        return written

    assert asyncio.run(act()) > 2


def test_only_so_many_coroutines_run_beside_requests() -> None:
    async def act() -> list[bool]:
        goes_on = asyncio.Event()

        async def wait() -> None:
            await goes_on.wait()

        run = RunningTasks(1)
        begun = [run(wait), run(wait)]
        goes_on.set()
        await asyncio.wait(set(run._tasks))
        return [*begun, run(wait)]

    assert asyncio.run(act()) == [True, False, True]


def test_what_is_left_to_a_thread_delays_nobody() -> None:
    goes_on, done = Event(), Event()

    def call() -> None:
        goes_on.wait(5)
        done.set()

    async def act() -> bool:
        await left_to_thread(call)()
        before = done.is_set()
        goes_on.set()
        await asyncio.get_running_loop().shutdown_default_executor()
        return before

    assert asyncio.run(act()) is False
    assert done.is_set()


def test_an_instance_is_ejected_by_a_thread() -> None:
    threads: list[int] = []

    def eject() -> bool:
        threads.append(get_ident())
        return True

    async def act() -> bool:
        ejected = eject_in_thread(eject)
        await asyncio.get_running_loop().shutdown_default_executor()
        return ejected

    assert asyncio.run(act()) is False
    assert threads != [get_ident()]
