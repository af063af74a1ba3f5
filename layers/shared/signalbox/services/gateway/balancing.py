"""Choose the instance of a service for a request.

Every policy is fair across processes that share nothing: the first choice of a new process has the
same distribution as all its later ones. A policy keeps its state in memory. Instances may come and
go, and their weights change, with every call.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from random import Random
from threading import Lock
from types import MappingProxyType
from typing import Final, Protocol

from typing_extensions import override

from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.upstream import MAX_INSTANCES, BalancingPolicy, Instance
from signalbox.services.ports.time import Clock

Shares = Mapping[str, float]
"""The share of its weight that an instance has while it starts, by id; 1 if it is missing."""

FULL_WEIGHT: Final[Shares] = MappingProxyType({})

_MIN_SHARE: Final = 0.001
_LATENCY_TIME: Final = 10.0
_LATENCY_AGE: Final = timedelta(seconds=30)
_FAILURE_SECONDS: Final = 5.0
_CLEARLY_LESS: Final = 0.8
_MIN_ELAPSED: Final = 0.1
_MAX_KNOWN: Final = 2 * MAX_INSTANCES
_HASH_BYTES: Final = 6


class Balancer(Protocol):
    """Chooses instances of one service. Threads may share it."""

    def pick(
        self, instances: Sequence[Instance], key: str | None = None, *, shares: Shares = FULL_WEIGHT
    ) -> Instance:
        """Return one of the instances; equal keys get the same one if the policy hashes keys.

        Raises:
            Unavailable: There are no instances.
        """

    def begin(self, instance: Instance) -> None:
        """Count a call of the instance as outstanding."""

    def end(self, instance: Instance, *, seconds: float, answered: bool | None) -> None:
        """End a call: how long it took, and whether the instance answered, None if unknown."""


def make_balancer(policy: BalancingPolicy, *, clock: Clock, random: Random) -> Balancer:
    """Return a balancer with this policy."""
    return _POLICIES[policy](clock, random)


class _Uncounted(Balancer):
    """A policy that does not count calls."""

    @override
    def begin(self, instance: Instance) -> None:
        pass

    @override
    def end(self, instance: Instance, *, seconds: float, answered: bool | None) -> None:
        pass


@dataclass(slots=True, kw_only=True)
class RoundRobin(_Uncounted):
    """Take turns, smoothly: while nothing changes, W turns in a row give each its weight of them.

    Each instance has its next turn in virtual time, one every 1 / weight, and the earliest is
    next. The first turn is drawn by weight, and the other instances begin at a random point of
    their intervals: so each turn of a process alone is distributed by weight. Envoy schedules like
    this, see
    https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/load_balancers.
    """

    random: Random
    weighted: bool
    _turns: dict[str, tuple[float, float]] = field(default_factory=dict)
    _now: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    @override
    def pick(
        self, instances: Sequence[Instance], key: str | None = None, *, shares: Shares = FULL_WEIGHT
    ) -> Instance:
        weight = _weight if self.weighted else _share
        weights = {each.id: weight(each, shares) for each in _required(instances)}
        with self._lock:
            self._schedule(weights)
            turns = self._turns
            best = min(instances, key=lambda instance: turns[instance.id][0])
            turn, _ = turns[best.id]
            turns[best.id] = (turn + 1 / weights[best.id], weights[best.id])
            self._now = max(self._now, turn)
        return best

    def _schedule(self, weights: Mapping[str, float]) -> None:
        """Give a turn to each new instance, and new turns to all when a weight has changed."""
        if any(
            self._turns.get(name, (0.0, weight))[1] != weight for name, weight in weights.items()
        ):
            # turns that the old weights gave would favour one instance in each process alike
            self._turns = {}
        if not self._turns:
            first = self.random.choices(list(weights), list(weights.values()))[0]
            self._turns[first] = (self._now, weights[first])
        if len(self._turns) > _MAX_KNOWN:
            self._turns = {name: self._turns[name] for name in weights if name in self._turns}
        for name, weight in weights.items():
            turn, _ = self._turns.get(name, (-math.inf, weight))
            if turn < self._now - 1 / weight:  # it is new, or was away
                turn = self._now + self.random.random() / weight
            self._turns[name] = (turn, weight)


@frozen
class _Outstanding:
    """Counts of the calls that are under way, by instance."""

    counts: dict[str, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def add(self, instance: Instance, change: int) -> None:
        with self.lock:
            count = self.counts.get(instance.id, 0) + change
            if count > 0:
                self.counts[instance.id] = count
            else:
                self.counts.pop(instance.id, None)

    def per_weight(self, instance: Instance, shares: Shares) -> float:
        return self.counts.get(instance.id, 0) / _weight(instance, shares)


@frozen
class LeastOutstanding(Balancer):
    """Choose the instance with the fewest outstanding calls for its weight.

    Among equals, which all are in a process with one call at a time, one is drawn by weight.
    """

    random: Random
    _outstanding: _Outstanding = field(default_factory=_Outstanding)

    @override
    def pick(
        self, instances: Sequence[Instance], key: str | None = None, *, shares: Shares = FULL_WEIGHT
    ) -> Instance:
        loads = [self._outstanding.per_weight(each, shares) for each in _required(instances)]
        least = min(loads)
        equals = [each for each, load in zip(instances, loads, strict=True) if load == least]
        return _drawn(equals, shares, self.random)

    @override
    def begin(self, instance: Instance) -> None:
        self._outstanding.add(instance, 1)

    @override
    def end(self, instance: Instance, *, seconds: float, answered: bool | None) -> None:
        self._outstanding.add(instance, -1)


@dataclass(frozen=True, slots=True)
class _Latency:
    """A moving average of seconds, and the time of its last call."""

    seconds: float
    at: datetime


@frozen
class PowerOfTwoChoices(Balancer):
    """Draw two instances by weight and take the second if its load is clearly lower.

    The load is the latency, a moving average, times the outstanding calls for the weight. The
    weight of an idle instance counts in the draw alone, or the heaviest one would get every call of
    a process that makes one at a time. A latency without a call for half a minute is forgotten, so
    that an instance that was slow is tried again.
    """

    clock: Clock
    random: Random
    _outstanding: _Outstanding = field(default_factory=_Outstanding)
    _latencies: dict[str, _Latency] = field(default_factory=dict)

    @override
    def pick(
        self, instances: Sequence[Instance], key: str | None = None, *, shares: Shares = FULL_WEIGHT
    ) -> Instance:
        first = _drawn(_required(instances), shares, self.random)
        others = [each for each in instances if each.id != first.id]
        if not others:
            return first
        second = _drawn(others, shares, self.random)
        mean = (_weight(first, shares) + _weight(second, shares)) / 2
        load, other = (
            1 + mean * self._outstanding.per_weight(each, shares) for each in (first, second)
        )
        latency, other_latency = self._latency(first), self._latency(second)
        if latency is not None and other_latency is not None:
            load, other = load * latency, other * other_latency
        return second if other < load * _CLEARLY_LESS else first

    @override
    def begin(self, instance: Instance) -> None:
        self._outstanding.add(instance, 1)

    @override
    def end(self, instance: Instance, *, seconds: float, answered: bool | None) -> None:
        self._outstanding.add(instance, -1)
        if answered is None:
            return
        sample, now = seconds if answered else max(seconds, _FAILURE_SECONDS), self.clock()
        average = self._latencies.get(instance.id)
        if average and now - average.at <= _LATENCY_AGE:
            elapsed = max((now - average.at).total_seconds(), _MIN_ELAPSED)
            old = math.exp(-elapsed / _LATENCY_TIME)
            sample = average.seconds * old + sample * (1 - old)
        if len(self._latencies) > _MAX_KNOWN:
            self._latencies.clear()
        self._latencies[instance.id] = _Latency(sample, now)

    def _latency(self, instance: Instance) -> float | None:
        average = self._latencies.get(instance.id)
        if average is None or self.clock() - average.at > _LATENCY_AGE:
            return None
        return average.seconds


@frozen
class ConsistentHash(_Uncounted):
    """Choose by the hash of a key and of the id of each instance, the highest score first.

    In every process a key has the same instance. When one leaves, only its keys move, to all
    others by weight; when a weight grows, keys move only to that instance. Without a key an
    instance is drawn by weight. This is rendezvous hashing with weights:
    https://datatracker.ietf.org/doc/draft-ietf-bess-weighted-hrw/.
    """

    random: Random

    @override
    def pick(
        self, instances: Sequence[Instance], key: str | None = None, *, shares: Shares = FULL_WEIGHT
    ) -> Instance:
        if key is None:
            return _drawn(_required(instances), shares, self.random)
        text = key.encode("utf-8", "surrogatepass")
        return max(
            _required(instances),
            key=lambda each: (_weight(each, shares) / -math.log(_uniform(text, each.id)), each.id),
        )


_POLICIES: Final[Mapping[BalancingPolicy, Callable[[Clock, Random], Balancer]]] = {
    BalancingPolicy.ROUND_ROBIN: lambda _, random: RoundRobin(random=random, weighted=False),
    BalancingPolicy.WEIGHTED_ROUND_ROBIN: lambda _, random: RoundRobin(
        random=random, weighted=True
    ),
    BalancingPolicy.LEAST_OUTSTANDING: lambda _, random: LeastOutstanding(random=random),
    BalancingPolicy.POWER_OF_TWO_CHOICES: lambda clock, random: PowerOfTwoChoices(
        clock=clock, random=random
    ),
    BalancingPolicy.CONSISTENT_HASH: lambda _, random: ConsistentHash(random=random),
}


def _required(instances: Sequence[Instance]) -> Sequence[Instance]:
    if not instances:
        raise Unavailable("the service has no instance")
    return instances


def _share(instance: Instance, shares: Shares) -> float:
    return max(shares.get(instance.id, 1.0), _MIN_SHARE)


def _weight(instance: Instance, shares: Shares) -> float:
    return instance.weight * _share(instance, shares)


def _drawn(instances: Sequence[Instance], shares: Shares, random: Random) -> Instance:
    """Return an instance, drawn by weight."""
    if len(instances) == 1:
        return instances[0]
    return random.choices(instances, [_weight(each, shares) for each in instances])[0]


def _uniform(key: bytes, instance: str) -> float:
    """Return a number between 0 and 1, exclusive, that is fixed for a key and an instance."""
    digest = blake2b(key, digest_size=_HASH_BYTES, key=instance.encode()).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 256**_HASH_BYTES
