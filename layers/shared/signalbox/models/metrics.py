"""What is counted, and what each change adds to the counters.

A counter has a name such as `requests|github|accepted`: the metric and its labels. Counters are
sums, so the counts of several places, and of changes in any order, can be added.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from itertools import accumulate
from typing import Final

from pydantic import BaseModel, ConfigDict

from signalbox.models.delivery import DeliveryStatus
from signalbox.models.frozen import frozen
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.request_outcome import is_processed
from signalbox.models.task import FINISHED, ChangeType, TaskStatus

Counts = Mapping[str, int]

DUPLICATE: Final = "duplicate"
_INFINITE: Final = "inf"
_MILLISECONDS: Final = "ms"

ACK_BOUNDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 3.0, 5.0, 10.0)
"""In seconds. The deadlines of the providers are among them."""

RUN_BOUNDS: Final = (
    *(1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0),
    *(1_800.0, 3_600.0, 7_200.0, 21_600.0, 86_400.0),
)


class Metric(StrEnum):
    """The metrics; their labels are in brackets."""

    REQUESTS = "requests"
    """Requests of providers [provider, outcome]."""

    DEFERRED = "deferred"
    """Deferred deliveries that were interpreted [provider, status]."""

    ACKS = "acks"
    """How long providers waited for an answer [provider, bucket]."""

    TASKS = "tasks"
    """Tasks that are stored now [status]; it also decreases."""

    STEPS = "steps"
    """Steps of tasks [type]."""

    RUNS = "runs"
    """Duration of the attempts that finished a task [bucket]."""

    NOTIFICATIONS = "notifications"
    """Attempts to send a notification [connector, outcome]."""

    GAPS = "gaps"
    """How often changes of a stream expired before they were counted [stream]."""


@frozen
class Histogram:
    """A histogram. `counts` has one count for each bound, and last the count above all bounds."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    seconds: float

    @property
    def count(self) -> int:
        """Return the number of observations."""
        return sum(self.counts)

    @property
    def cumulative(self) -> tuple[int, ...]:
        """Return how many observations are at or below each bound, and last all of them."""
        return tuple(accumulate(self.counts))

    def above(self, bound: float) -> int:
        """Return how many observations are above one of the bounds.

        Raises:
            ValueError: It is not one of the bounds.
        """
        return sum(self.counts[self.bounds.index(bound) + 1 :])

    def quantile(self, part: float) -> float | None:
        """Return an estimate, linear within a bucket; at most the highest bound."""
        if not self.count:
            return None
        rank = part * self.count
        bucket = bisect_left(self.cumulative, rank)
        if bucket >= len(self.bounds):
            return self.bounds[-1]
        low = self.bounds[bucket - 1] if bucket else 0.0
        below = self.cumulative[bucket - 1] if bucket else 0
        inside = self.counts[bucket]
        return low + (self.bounds[bucket] - low) * (rank - below) / inside if inside else low


def processed_share(outcomes: Mapping[str, int]) -> float | None:
    """Return the share of requests that were processed, None if there were none to process."""
    verdicts = {outcome: is_processed(outcome) for outcome in outcomes}
    processed = sum(number for outcome, number in outcomes.items() if verdicts[outcome])
    failed = sum(number for outcome, number in outcomes.items() if verdicts[outcome] is False)
    return processed / (processed + failed) if processed + failed else None


def delivered_share(outcomes: Mapping[str, int]) -> float | None:
    """Return the share of finished notifications that were delivered, None if none finished.

    Attempts after which another follows do not count.
    """
    finished = sum(outcomes.get(status, 0) for status in NotificationStatus if status.is_final)
    return outcomes.get(NotificationStatus.DELIVERED, 0) / finished if finished else None


class Projection(BaseModel):
    """The few fields of a stored document that counting needs."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class _StepProjection(Projection):
    type: ChangeType
    at: datetime


class TaskProjection(Projection):
    """The fields of a task."""

    status: TaskStatus
    history: tuple[_StepProjection, ...]


class NotificationProjection(Projection):
    """The fields of a notification."""

    status: NotificationStatus
    connector: str


class DeliveryProjection(Projection):
    """The fields of a delivery. `acks` are latencies of earlier answers in milliseconds."""

    provider: str
    status: DeliveryStatus
    acks: tuple[int, ...] = ()


class RejectedRequestProjection(Projection):
    """The fields of a rejected request."""

    provider: str
    outcome: str
    acks: tuple[int, ...] = ()


def counter_name(metric: StrEnum, *labels: str) -> str:
    """Return the name of a counter."""
    return "|".join((metric, *labels))


def add_counts(parts: Iterable[Counts]) -> Counts:
    """Return the sum of these counts, without zeros."""
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return {key: number for key, number in total.items() if number}


def counts_by_label(counts: Counts, metric: StrEnum) -> dict[tuple[str, ...], int]:
    """Return the counts of one metric by their labels."""
    found = {}
    for key, number in counts.items():
        first, *labels = key.split("|")
        if first == metric:
            found[tuple(labels)] = number
    return found


def observe(metric: StrEnum, *labels: str, seconds: float, bounds: tuple[float, ...]) -> Counts:
    """Return what one observation adds to a histogram."""
    fitting = next((f"{bound:g}" for bound in bounds if seconds <= bound), _INFINITE)
    return {
        counter_name(metric, *labels, fitting): 1,
        counter_name(metric, *labels, _MILLISECONDS): round(seconds * 1000),
    }


def histogram(
    counts: Counts, metric: StrEnum, *labels: str, bounds: tuple[float, ...]
) -> Histogram:
    """Return a histogram from its counters."""
    names = [*(f"{bound:g}" for bound in bounds), _INFINITE]
    return Histogram(
        bounds=bounds,
        counts=tuple(counts.get(counter_name(metric, *labels, each), 0) for each in names),
        seconds=counts.get(counter_name(metric, *labels, _MILLISECONDS), 0) / 1000,
    )


def task_counts(before: TaskProjection | None, after: TaskProjection | None) -> Counts:
    """Return what a step of a task adds, or its creation, or its expiry."""
    moved: Counter[str] = Counter()
    if before:
        moved[counter_name(Metric.TASKS, before.status)] -= 1
    if after:
        moved[counter_name(Metric.TASKS, after.status)] += 1
        moved[counter_name(Metric.STEPS, after.history[-1].type)] += 1
    if before and after and before.status is TaskStatus.RUNNING and after.status in FINISHED:
        started = [step.at for step in after.history if step.type is ChangeType.STARTED]
        if started:
            took = (after.history[-1].at - started[-1]).total_seconds()
            moved.update(observe(Metric.RUNS, seconds=max(0.0, took), bounds=RUN_BOUNDS))
    return add_counts([moved])


def notification_counts(
    before: NotificationProjection | None, after: NotificationProjection
) -> Counts:
    """Return what a change of a notification adds: one when an attempt has ended or it is dead."""
    sending = before is not None and before.status is NotificationStatus.SENDING
    match after.status:
        case NotificationStatus.SENDING:
            return {}
        case NotificationStatus.QUEUED:
            outcome = "delayed" if sending else ""
        case status:
            outcome = status.value
    return {counter_name(Metric.NOTIFICATIONS, after.connector, outcome): 1} if outcome else {}


def delivery_counts(kept: DeliveryProjection) -> Counts:
    """Return what a new delivery adds, and the latencies that it carries."""
    return _request(kept.provider, kept.status, kept.acks)


def interpreted_counts(before: DeliveryProjection, after: DeliveryProjection) -> Counts:
    """Return what a change of a delivery adds: one if it was pending and is no more."""
    pending = DeliveryStatus.PENDING
    if before.status is not pending or after.status is pending:
        return {}
    return {counter_name(Metric.DEFERRED, after.provider, after.status): 1}


def duplicate_counts(kept: DeliveryProjection | None, times: int) -> Counts:
    """Return what duplicates of a delivery add."""
    return {counter_name(Metric.REQUESTS, kept.provider, DUPLICATE): times} if kept else {}


def rejected_request_counts(request: RejectedRequestProjection) -> Counts:
    """Return what a rejected request adds."""
    return _request(request.provider, request.outcome, request.acks)


def _request(provider: str, outcome: str, acks: Iterable[int]) -> Counts:
    times = (
        observe(Metric.ACKS, provider, seconds=each / 1000, bounds=ACK_BOUNDS) for each in acks
    )
    return add_counts([{counter_name(Metric.REQUESTS, provider, outcome): 1}, *times])
