"""What an event loop leaves to threads: reads of tables, ejections, and the flush of metrics."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final, Generic, ParamSpec, Protocol, TypeVar

from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.service import Service
from signalbox.services.gateway.discovery import CachedDiscovery
from signalbox.services.gateway.live_instances import balanced_name
from signalbox.services.ports.metrics import Count

_EARLY: Final = timedelta(seconds=2.5)
_WAIT_SECONDS: Final = 1.0
_MAX_VALUES: Final = 99

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class BackgroundValue(Generic[T]):
    """What was read last; `keep_fresh` reads it again and again. `failed` gets errors of reads."""

    read: Callable[[], T]
    seconds: float
    failed: Callable[[Unavailable], None]
    _value: T | None = None

    def __call__(self) -> T:
        """Return the value.

        Raises:
            Unavailable: It was never read.
        """
        if self._value is None:
            raise Unavailable("the configuration was not read yet")
        return self._value

    async def refresh(self) -> None:
        """Read the value; if that fails, the last one stays."""
        try:
            self._value = await asyncio.to_thread(self.read)
        except Unavailable as unavailable:
            self.failed(unavailable)

    async def keep_fresh(self) -> None:
        """Read the value until the task is cancelled."""
        while True:
            await asyncio.sleep(self.seconds)
            await self.refresh()


class LoadedCache(Protocol):
    """A cache of what is stored of instances, which is read by whoever took the refresh."""

    def take_refresh(self, service: str, early: timedelta) -> bool:
        """Return whether the caller is to `load`."""

    def is_current(self, service: str) -> bool:
        """Return whether the service was read in the last five seconds."""

    def load(self, service: str) -> None:
        """Read the store, and block meanwhile."""


@frozen
class BackgroundRefresh:
    """Read what is stored of instances in threads, before it is five seconds old.

    Requests use meanwhile what was read last. Where that is older they wait, for a second at most.
    """

    health: LoadedCache
    registrations: LoadedCache
    discovery: CachedDiscovery
    _loads: dict[tuple[int, str], tuple[float, "asyncio.Task[None]"]] = field(default_factory=dict)

    async def __call__(self, service: Service, version: str | None) -> None:
        """See to it that the instances of a version of a service are known."""
        name = balanced_name(service.name, version)
        await self._refresh(self.health, name)
        if service.self_registration:
            await self._refresh(self.registrations, name)
            # a middleware may send copies to another version
            others = service.all_versions if service.middlewares else ()
            for other in others:
                await self._refresh(self.registrations, balanced_name(service.name, other))
        if service.discovery:
            await self._look_up(service)

    async def _refresh(self, cache: LoadedCache, name: str) -> None:
        key = (id(cache), name)
        if cache.take_refresh(name, _EARLY):
            self._start(key, partial(cache.load, name))
        if not cache.is_current(name):
            await self._wait(key)

    async def _look_up(self, service: Service) -> None:
        key = (id(self.discovery), service.name)
        if self.discovery.is_stale(service):
            if key not in self._loads:
                self._start(key, partial(self._discovered, service))
            if not self.discovery.last(service).ids:
                await self._wait(key)

    def _discovered(self, service: Service) -> None:
        with suppress(Unavailable):  # it has been reported
            self.discovery.get(service)

    def _start(self, key: tuple[int, str], load: Callable[[], None]) -> None:
        task = asyncio.create_task(asyncio.to_thread(load))
        self._loads[key] = asyncio.get_running_loop().time(), task
        task.add_done_callback(lambda _: self._loads.pop(key, None))

    async def _wait(self, key: tuple[int, str]) -> None:
        started, running = self._loads.get(key, (0.0, None))
        left = started + _WAIT_SECONDS - asyncio.get_running_loop().time()
        if running and left > 0:
            await asyncio.wait({running}, timeout=left)


@frozen
class SummedCounts:
    """Add up counts, so that a busy server writes one line of each kind in a while."""

    count: Count
    _sums: Counter[tuple[str, tuple[tuple[str, str], ...]]] = field(default_factory=Counter)

    def __call__(self, name: str, dimensions: Mapping[str, str], value: int = 1) -> None:
        """Add a value."""
        self._sums[name, tuple(dimensions.items())] += value

    def flush(self) -> None:
        """Write the sums."""
        sums = dict(self._sums)
        self._sums.clear()
        for (name, dimensions), value in sums.items():
            self.count(name, dict(dimensions), value)


@frozen
class SummedDurations:
    """Collect durations, so that a busy server writes one line for many of a metric.

    `write` gets fewer than a hundred of each metric at a time.
    """

    write: Callable[[Mapping[str, str], Mapping[str, Sequence[float]]], None]
    _values: dict[tuple[tuple[str, str], ...], dict[str, list[float]]] = field(default_factory=dict)

    def __call__(self, dimensions: Mapping[str, str], milliseconds: Mapping[str, float]) -> None:
        """Add one duration to each of the named metrics."""
        key = tuple(dimensions.items())
        values = self._values.setdefault(key, {})
        for name, value in milliseconds.items():
            values.setdefault(name, []).append(value)
        if max(map(len, values.values())) >= _MAX_VALUES:
            self.write(dimensions, self._values.pop(key))

    def flush(self) -> None:
        """Write all durations."""
        values = dict(self._values)
        self._values.clear()
        for dimensions, collected in values.items():
            self.write(dict(dimensions), collected)


@dataclass(slots=True)
class RunningTasks:
    """Run coroutines beside requests, so many at a time, and wait for none."""

    limit: int
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def __call__(self, create: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Begin to run a coroutine; return False if as many as may be are running."""
        if len(self._tasks) >= self.limit:
            return False
        task = asyncio.create_task(create())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True


async def keep_flushing(seconds: float, *flushes: Callable[[], None]) -> None:
    """Write what was collected until the task is cancelled."""
    while True:
        await asyncio.sleep(seconds)
        for flush in flushes:
            flush()


def in_thread(call: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return a coroutine function that makes a blocking call in a thread."""

    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(call, *args, **kwargs)

    return wrapped


def left_to_thread(call: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return a coroutine function that begins a blocking call of no result, and does not wait."""

    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        asyncio.get_running_loop().run_in_executor(None, partial(call, *args, **kwargs))
        return None  # type: ignore[return-value]  # there is no result to wait for

    return wrapped


def eject_in_thread(eject_instance: Callable[[], bool]) -> bool:
    """Eject an instance in a thread; whether it was ejected is not known yet."""
    asyncio.get_running_loop().run_in_executor(None, eject_instance)
    return False
