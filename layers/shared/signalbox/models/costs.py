"""What a stack costs, computed from what was counted and the prices of AWS.

What one webhook, task, claim, completion and notification takes was recorded with the real
functions, ten at a time (`make cost`), and a test compares it. Heartbeats, reads of the API,
storage and traffic are not counted; `docs/operations.md` has them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from signalbox.models.frozen import frozen
from signalbox.models.metrics import Counts, Metric
from signalbox.models.metrics_history import counts_by_last_label
from signalbox.models.prices import (
    ALARM_METRIC_MONTH,
    FREE_ALARM_METRICS,
    FREE_QUEUE_CALLS,
    GB_MILLISECOND,
    HTTP_API,
    INVOCATION,
    LOG_BYTE,
    READ_UNIT,
    SQS,
    WRITE_UNIT,
)
from signalbox.models.task import ChangeType

_MILLION: Final = 1_000_000

ACCESS_LOG_BYTES: Final = 220
"""What API Gateway logs of a request: a line in the format of the template."""

PLATFORM_LOG_BYTES: Final = 265
"""What Lambda logs of an invocation: its START, END and REPORT lines."""

_MEMORY_GB: Final = 0.5
_ENDS: Final = frozenset({ChangeType.SUCCEEDED, ChangeType.FAILED})

HOURS_A_MONTH: Final = 730

ALARM_METRICS: Final = 223
"""The metrics that the alarms of the template watch."""

VENDOR_ALARM_METRICS: Final = 164
"""Those of them that alarms of providers and connectors watch, which `VendorAlarms` turns off."""

POLLED_QUEUES: Final = 29
"""The queues that Lambda polls."""

_POLLS_A_MONTH: Final = 657_000
"""Five pollers for each queue, each of which waits for 20 seconds."""


class CostItem(StrEnum):
    """What is counted."""

    WEBHOOKS = "webhooks"
    TASKS = "tasks"
    CLAIMS = "claims"
    COMPLETIONS = "completions"
    NOTIFICATIONS = "notifications"


@frozen
class Usage:
    """What one of something takes.

    `milliseconds` are those of a function with 512 MB, `log_bytes` what functions themselves log.
    """

    requests: float = 0.0
    invocations: float = 0.0
    milliseconds: float = 0.0
    write_units: float = 0.0
    reads: float = 0.0
    queue_calls: float = 0.0
    log_bytes: float = 0.0

    @property
    def all_log_bytes(self) -> float:
        """Return what is logged of one, also by API Gateway and Lambda."""
        return logged_bytes(self.log_bytes, self.requests, self.invocations)

    @property
    def dollars(self) -> float:
        """Return what one costs."""
        return (
            HTTP_API * self.requests
            + INVOCATION * self.invocations
            + _MEMORY_GB * GB_MILLISECOND * self.milliseconds
            + WRITE_UNIT * self.write_units
            + READ_UNIT * self.reads
            + SQS * self.queue_calls
            + LOG_BYTE * self.all_log_bytes
        ) / _MILLION


def logged_bytes(by_functions: float, requests: float, invocations: float) -> float:
    """Return what is logged by functions, API Gateway and Lambda together."""
    return by_functions + ACCESS_LOG_BYTES * requests + PLATFORM_LOG_BYTES * invocations


USAGE: Final[Mapping[CostItem, Usage]] = {
    CostItem.WEBHOOKS: Usage(
        requests=1, invocations=1, milliseconds=17, write_units=2, log_bytes=806
    ),
    CostItem.TASKS: Usage(
        invocations=0.1, milliseconds=9, write_units=3, queue_calls=0.1, log_bytes=294
    ),
    CostItem.CLAIMS: Usage(
        requests=1,
        invocations=1.1,
        milliseconds=24,
        write_units=3,
        reads=1.5,
        queue_calls=1.2,
        log_bytes=683,
    ),
    CostItem.COMPLETIONS: Usage(
        requests=1,
        invocations=1.1,
        milliseconds=33,
        write_units=5,
        reads=2,
        queue_calls=1,
        log_bytes=730,
    ),
    CostItem.NOTIFICATIONS: Usage(
        invocations=0.1, milliseconds=25, write_units=6, reads=1.2, queue_calls=0.3, log_bytes=603
    ),
}


@frozen
class CostShare:
    """What one kind of work has cost."""

    item: CostItem
    count: int
    dollars: float


def work_costs(counts: Counts) -> tuple[CostShare, ...]:
    """Return what the counted work costs, by its kind."""
    steps = counts_by_last_label(counts, Metric.STEPS)
    numbers = {
        CostItem.WEBHOOKS: sum(counts_by_last_label(counts, Metric.REQUESTS).values()),
        CostItem.TASKS: steps.get(ChangeType.CREATED, 0),
        CostItem.CLAIMS: steps.get(ChangeType.STARTED, 0),
        CostItem.COMPLETIONS: sum(steps.get(end, 0) for end in _ENDS),
        CostItem.NOTIFICATIONS: sum(counts_by_last_label(counts, Metric.NOTIFICATIONS).values()),
    }
    return tuple(
        CostShare(item=item, count=count, dollars=count * USAGE[item].dollars)
        for item, count in numbers.items()
    )


def standing_costs(*, vendor_alarms: bool = True) -> float:
    """Return what alarms and polls of queues cost in a month in which nothing happens."""
    metrics = ALARM_METRICS if vendor_alarms else ALARM_METRICS - VENDOR_ALARM_METRICS
    alarms = ALARM_METRIC_MONTH * (metrics - FREE_ALARM_METRICS)
    polls = SQS * (POLLED_QUEUES * _POLLS_A_MONTH - FREE_QUEUE_CALLS) / _MILLION
    return alarms + polls
