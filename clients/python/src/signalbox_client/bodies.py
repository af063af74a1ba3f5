"""What requests contain. Only the members that are given are sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Required, TypedDict

from signalbox_client.models import DeliveryStatus, GroupPolicy, OnFailure, Priority, TaskStatus


class TaskFields(TypedDict, total=False):
    """What a new task may have beside its title."""

    kind: str
    description: str
    arguments: Sequence[str]
    instruction: str
    labels: Sequence[str]
    priority: Priority
    repository: str | None
    branch: str | None
    commit: str | None
    url: str | None
    due: datetime | None
    max_attempts: int
    not_before: datetime | None
    after: Sequence[str]
    on_failure: OnFailure
    group: str | None
    group_policy: GroupPolicy
    cancel_running: bool


class NewTask(TaskFields, total=False):
    """A new task."""

    title: Required[str]


class TaskEdit(TypedDict, total=False):
    """The fields of a task that an update changes."""

    title: str
    description: str
    priority: Priority
    labels: Sequence[str]
    due: datetime | None


class CancelBody(TypedDict, total=False):
    """The body of a cancellation."""

    reason: str | None
    subtree: bool


class TaskFilters(TypedDict, total=False):
    """Which tasks a list contains: `since` is inclusive, `until` exclusive."""

    status: TaskStatus
    provider: str
    priority: Priority
    repository: str
    since: datetime
    until: datetime


class DeliveryFilters(TypedDict, total=False):
    """Which deliveries a list contains: `since` is inclusive, `until` exclusive."""

    provider: str
    source: str
    status: DeliveryStatus
    since: datetime
    until: datetime


class ResultFields(TypedDict, total=False):
    """What a worker reports of finished work. `data` has at most 32,000 bytes of JSON."""

    summary: str
    url: str | None
    data: Mapping[str, object]
    masked: bool


class ClaimBody(TypedDict, total=False):
    """The body of a claim."""

    worker: Required[str]
    lease_seconds: int
    wait_seconds: int


class LeaseBody(TypedDict):
    """What each request under a lease contains."""

    lease_id: str
    fence: int


class HeartbeatBody(LeaseBody, total=False):
    """The body of a heartbeat."""

    lease_seconds: int
    progress: str | None


class EndLeaseBody(LeaseBody, total=False):
    """What each end of a lease may contain: the claim of the next task."""

    claim: ClaimBody | None


class CompleteBody(EndLeaseBody, total=False):
    """The body of a completion."""

    result: ResultFields


class FailBody(EndLeaseBody, total=False):
    """The body of a failure."""

    reason: Required[str]
    retryable: bool


class ReleaseBody(EndLeaseBody, total=False):
    """The body of a release."""

    reason: str | None


class LogLineBody(TypedDict):
    """A line of a log."""

    seq: int
    text: str


class LogBody(LeaseBody):
    """A batch of lines."""

    lines: Sequence[LogLineBody]


class PauseBody(TypedDict, total=False):
    """The body of a pause."""

    reason: str | None
