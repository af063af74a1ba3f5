"""Count requests to services in the memory of a process, and store the counts now and then.

A request costs no write of its own: a process stores what it has counted every ten seconds, with
the request that comes then. What it has counted since is lost when it ends, ten seconds of requests
at most. Counts that cannot be stored are kept for the next time.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from signalbox.models.errors import Unavailable
from signalbox.models.gateway_metrics import (
    MAX_COUNTED_INSTANCES,
    OTHER_INSTANCES,
    CountedRequest,
    GatewayMetric,
    counted_instances,
    instance_label,
    request_counts,
    status_class,
)
from signalbox.models.metrics import counter_name
from signalbox.services.gateway.record import GatewayRecord, UpstreamAttempt
from signalbox.services.ports.metrics import Count, ObserveDurations, RequestCounterStore
from signalbox.services.ports.time import Clock

_INTERVAL: Final = timedelta(seconds=10)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class CountRequests:
    """Counts what one process answers; threads may share it.

    `count` and `observe` are for metrics that are not stored here.
    """

    store: RequestCounterStore
    clock: Clock
    count: Count
    observe: ObserveDurations
    _pending: dict[str, Counter[str]] = field(default_factory=dict)
    _instances: dict[str, set[str]] = field(default_factory=dict)
    _flush_at: datetime = _NEVER
    _lock: Lock = field(default_factory=Lock)

    def add(self, record: GatewayRecord, status: int, seconds: float) -> None:
        """Count a request that was answered, if it was for a service."""
        service = record.service
        if service is None:
            return
        target = {"target": service}
        self.count("GatewayRequests", {**target, "outcome": record.error or status_class(status)})
        if len(record.attempts) > 1:
            self.count("GatewayRetries", target, len(record.attempts) - 1)
        upstream = sum(attempt.seconds for attempt in record.attempts)
        durations = {"GatewayLatency": seconds * 1_000}
        if record.attempts:
            durations["GatewayUpstreamLatency"] = upstream * 1_000
        self.observe(target, durations)
        with self._lock:
            request = CountedRequest(
                status=status,
                error=record.error,
                seconds=seconds,
                upstream_seconds=upstream,
                attempts=[self._attempt(record, attempt) for attempt in record.attempts],
            )
            self._pending.setdefault(service, Counter()).update(request_counts(request))

    def add_ejection(self, balanced: str, instance: str) -> None:
        """Count that this process ejected an instance of the service of this balanced name."""
        self._add_event(GatewayMetric.EJECTIONS, "GatewayEjections", balanced, instance)

    def add_opening(self, balanced: str, instance: str) -> None:
        """Count that this process opened the circuit of an instance."""
        self._add_event(GatewayMetric.OPENINGS, "GatewayCircuitOpenings", balanced, instance)

    @property
    def is_due(self) -> bool:
        """Return whether it is time for `flush`, which waits for the store."""
        return bool(self._pending) and self.clock() >= self._flush_at

    def flush(self) -> None:
        """Store what was counted. What the store does not take is kept."""
        with self._lock:
            pending, self._pending = self._pending, {}
            self._flush_at = self.clock() + _INTERVAL
        while pending:
            service, counts = pending.popitem()
            try:
                stored = self.store.add(service, counts)
            except Unavailable:
                pending[service] = counts
                return self._keep(pending)
            with self._lock:
                self._instances[service] = set(counted_instances(stored))
        return None

    def _keep(self, pending: Mapping[str, Counter[str]]) -> None:
        with self._lock:
            for service, counts in pending.items():
                self._pending.setdefault(service, Counter()).update(counts)

    def _add_event(self, metric: GatewayMetric, name: str, balanced: str, instance: str) -> None:
        service, _, version = balanced.partition("/")
        self.count(name, {"target": service})
        with self._lock:
            label = self._label(service, version, instance)
            self._pending.setdefault(service, Counter())[counter_name(metric, label)] += 1

    def _attempt(self, record: GatewayRecord, attempt: UpstreamAttempt) -> tuple[str, str]:
        outcome = status_class(attempt.status) if attempt.status else str(attempt.fault)
        return self._label(record.service or "", record.version, attempt.instance), outcome

    def _label(self, service: str, version: str | None, instance: str) -> str:
        """Return the name of an instance in the counters, of which there are not too many."""
        label = instance_label(version, instance)
        known: Collection[str] = self._instances.setdefault(service, set())
        if label not in known:
            if len(known) >= MAX_COUNTED_INSTANCES:
                return OTHER_INSTANCES
            self._instances[service].add(label)
        return label
