"""Choose the instance for each call of a service, and learn from the outcome.

What the proxy calls, for each request: `begin`, then `end` when the call is over, and after a
failure `fail_over`, which begins a call of another instance or says why it does not. They read the
store when `health` is older than five seconds, and `end` writes it after failures; otherwise none
waits. For an event loop, `health.load` and `outliers.run` leave that to threads.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.health_check import OutlierDetection
from signalbox.models.instance_health import Availability, available_instances
from signalbox.models.upstream import BalancingPolicy, Instance
from signalbox.services.gateway.balancing import Balancer, make_balancer
from signalbox.services.gateway.failover import (
    FailedRequest,
    FailoverRefusal,
    RetryBudget,
    failover_refusal,
)
from signalbox.services.gateway.health import CachedHealth, OutlierEjection
from signalbox.services.gateway.instance_circuits import CircuitAdmission, InstanceCircuits
from signalbox.services.ports.time import Clock

_NO_INSTANCE_WAIT: Final = timedelta(seconds=5)


class NoInstanceAvailable(Unavailable):
    """No instance of the service may be called now; ask again `after` a while."""

    def __init__(self, after: timedelta) -> None:
        super().__init__("no instance of the service is available")
        self.after = after


@frozen
class BalancedService:
    """The instances of a service, or of a version of it, and how one is chosen.

    `name` identifies them: balancing, health and circuits of equal names are the same.
    `started_at` has the times of instances that registered themselves, by id.
    """

    name: str
    instances: Sequence[Instance]
    policy: BalancingPolicy = BalancingPolicy.ROUND_ROBIN
    outliers: OutlierDetection = field(default_factory=OutlierDetection)
    slow_start: timedelta = timedelta()
    started_at: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def ids(self) -> Sequence[str]:
        """Return the ids of all instances."""
        return [instance.id for instance in self.instances]


@frozen
class InstanceCall:
    """A call of an instance, from `begin` or `fail_over` to `end`."""

    service: BalancedService
    instance: Instance
    admission: CircuitAdmission
    balancer: Balancer


@frozen
class InstancePool:
    """The instances of all services as one process sees them. Threads may share it."""

    health: CachedHealth
    outliers: OutlierEjection
    circuits: InstanceCircuits
    budget: RetryBudget
    clock: Clock
    random: Random
    _balancers: dict[tuple[str, BalancingPolicy], Balancer] = field(default_factory=dict)

    def begin(self, service: BalancedService, *, key: str | None = None) -> InstanceCall:
        """Begin the first call for a request, which has this key if the policy hashes keys.

        Unless the circuits of this process block all instances that are available, one of those is
        called; otherwise one of the others, if its circuit does not block it either.

        Raises:
            NoInstanceAvailable: There is none, or the circuits block all of them.
        """
        available = self._available(service)
        call = self._call(service, available, key, ()) or self._call(
            service, Availability(instances=service.instances, shares={}), key, available.ids
        )
        if call is None:
            raise NoInstanceAvailable(self._wait(service))
        self.budget.add_request()
        return call

    def end(self, call: InstanceCall, *, seconds: float, answered: bool | None) -> None:
        """End a call, exactly once: how long it took, and whether the instance answered.

        Pass None if that is not known, because the client left or nothing was sent.
        """
        call.balancer.end(call.instance, seconds=seconds, answered=answered)
        self.circuits.record(call.admission, answered=answered)
        if answered is not None:
            self.outliers.record(
                call.service.name,
                call.instance.id,
                ids=call.service.ids,
                answered=answered,
                rules=call.service.outliers,
            )

    def fail_over(
        self,
        service: BalancedService,
        request: FailedRequest,
        *,
        tried: Collection[str],
        key: str | None = None,
    ) -> InstanceCall | FailoverRefusal:
        """Begin a call of an instance that was not tried, or return why none is made.

        The failed call must have ended.
        """
        if refusal := failover_refusal(request):
            return refusal
        available = self._available(service)
        if not self._candidates(service, available, tried):
            return FailoverRefusal.NO_OTHER_INSTANCE
        if not self.budget.take_retry():
            return FailoverRefusal.BUDGET
        call = self._call(service, available, key, tried)
        return call or FailoverRefusal.NO_OTHER_INSTANCE

    def _available(self, service: BalancedService) -> Availability:
        health = self.health.get(service.name)
        return available_instances(
            service.instances, health, self.clock(), service.slow_start, service.started_at
        )

    def _candidates(
        self, service: BalancedService, available: Availability, tried: Collection[str]
    ) -> Sequence[Instance]:
        return [
            instance
            for instance in available.instances
            if instance.id not in tried and not self.circuits.wait(service.name, instance.id)
        ]

    def _call(
        self,
        service: BalancedService,
        available: Availability,
        key: str | None,
        tried: Collection[str],
    ) -> InstanceCall | None:
        """Begin a call of an instance that was not tried; None if the circuits block all."""
        balancer = self._balancer(service)
        while candidates := self._candidates(service, available, tried):
            instance = balancer.pick(candidates, key, shares=available.shares)
            # of threads that would probe it at the same time one is admitted
            if admission := self.circuits.admit(service.name, instance.id):
                balancer.begin(instance)
                return InstanceCall(
                    service=service, instance=instance, admission=admission, balancer=balancer
                )
        return None

    def _balancer(self, service: BalancedService) -> Balancer:
        key = (service.name, service.policy)
        if balancer := self._balancers.get(key):
            return balancer
        made = make_balancer(service.policy, clock=self.clock, random=self.random)
        return self._balancers.setdefault(key, made)

    def _wait(self, service: BalancedService) -> timedelta:
        """Return the time until an instance may be called."""
        waits = (self.circuits.wait(service.name, name) for name in service.ids)
        return min(waits, default=_NO_INSTANCE_WAIT) or timedelta(seconds=1)
