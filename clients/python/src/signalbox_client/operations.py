"""The operations of the API as values: what to send, and what is returned.

Both clients send the same operations, so they cannot differ in more than how they wait.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Generic, TypeVar
from urllib.parse import quote

from signalbox_client.bodies import (
    CancelBody,
    ClaimBody,
    CompleteBody,
    DeliveryFilters,
    FailBody,
    HeartbeatBody,
    LeaseBody,
    LogBody,
    LogLineBody,
    NewTask,
    PauseBody,
    ReleaseBody,
    ResultFields,
    TaskEdit,
    TaskFields,
    TaskFilters,
)
from signalbox_client.models import (
    Cancellation,
    Claim,
    Delivery,
    DeliveryBody,
    DeliveryPage,
    Dependents,
    EndedTask,
    Heartbeat,
    Lease,
    LogPage,
    LogRoom,
    Priority,
    QueueList,
    QueuePause,
    Replay,
    Task,
    TaskHistory,
    TaskPage,
    Timeline,
)

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_TASKS: Final = "/api/v1/tasks"
_DELIVERIES: Final = "/api/v1/deliveries"
_QUEUE: Final = "/api/v1/queue"
_PAGE_SIZE: Final = "100"
_LOG_PAGE_SIZE: Final = "1000"
_IDEMPOTENCY_KEY: Final = re.compile(r"[!#-~]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[T_co]):
    """A request and the type of its response.

    `repeatable` states that sending it twice does no harm. `wait` is how many seconds the API may
    take in addition to the usual. `timeout` (in seconds) replaces that of the client. `is_single`
    states that only one attempt is made, whatever the policy. The body is not in the
    representation, since it can contain a lease.
    """

    method: str
    path: str
    response: type[T_co]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = field(default=None, repr=False)
    repeatable: bool = True
    wait: float = 0.0
    timeout: float | None = None
    is_single: bool = False

    def page(self, cursor: str) -> "Operation[T_co]":
        """Return the operation that lists the page at this cursor."""
        return replace(self, query={**self.query, "cursor": cursor})

    def once(self, timeout: float | None = None) -> "Operation[T_co]":
        """Return the operation without repetitions, with this time for its response."""
        return replace(self, timeout=timeout, is_single=True)

    def claiming(self, claim: ClaimBody | None) -> "Operation[T_co]":
        """Return the operation that ends a lease with the claim of the next task, if any."""
        if claim is None:
            return self
        return replace(
            self, body={**(self.body or {}), "claim": claim}, wait=claim.get("wait_seconds", 0)
        )


def create_task(title: str, key: str, fields: TaskFields) -> Operation[Task]:
    """Create a task, or return the one that was created with this key.

    Raises:
        ValueError: The key is not an idempotency key.
    """
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise ValueError("an idempotency key has 1 to 255 visible ASCII characters, no quotes")
    body = NewTask(title=title, **fields)
    headers = {"Idempotency-Key": f'"{key}"'}
    return Operation(method="POST", path=_TASKS, response=Task, headers=headers, body={**body})


def get_task(task_id: str) -> Operation[Task]:
    """Get a task."""
    return Operation(method="GET", path=_path(_TASKS, task_id), response=Task)


def list_tasks(filters: TaskFilters) -> Operation[TaskPage]:
    """List tasks."""
    query = {"limit": _PAGE_SIZE, **_texts(filters)}
    return Operation(method="GET", path=_TASKS, response=TaskPage, query=query)


def update_task(task_id: str, version: int, changes: TaskEdit) -> Operation[Task]:
    """Update a task that has this version. A repeated request would find the next one."""
    return Operation(
        method="PATCH",
        path=_path(_TASKS, task_id),
        response=Task,
        headers={"If-Match": f'"v{version}"'},
        body={**changes},
        repeatable=False,
    )


def cancel_task(task_id: str, reason: str | None) -> Operation[Task]:
    """Cancel a task, whatever its version."""
    return Operation(
        method="DELETE",
        path=_path(_TASKS, task_id),
        response=Task,
        query={"reason": reason} if reason else {},
        headers={"If-Match": "*"},
        repeatable=False,
    )


def cancel_subtree(task_id: str, reason: str | None) -> Operation[Cancellation]:
    """Cancel a task and those that wait for it, as many as one request does."""
    body = CancelBody(reason=reason, subtree=True)
    return Operation(
        method="POST", path=_path(_TASKS, task_id, "cancel"), response=Cancellation, body={**body}
    )


def retry_task(task_id: str) -> Operation[Task]:
    """Retry a task that has failed or was cancelled."""
    return _post(task_id, "retry", Task, repeatable=False)


def approve_task(task_id: str) -> Operation[Task]:
    """Let a task run that awaits approval."""
    return _post(task_id, "approve", Task, repeatable=False)


def reject_task(task_id: str, reason: str | None) -> Operation[Task]:
    """Cancel a task that awaits approval."""
    query = {"reason": reason} if reason else {}
    return replace(_post(task_id, "reject", Task, repeatable=False), query=query)


def task_history(task_id: str) -> Operation[TaskHistory]:
    """Get the changes of a task."""
    return Operation(method="GET", path=_path(_TASKS, task_id, "changes"), response=TaskHistory)


def list_dependents(task_id: str) -> Operation[Dependents]:
    """List the first tasks that wait for a task."""
    return Operation(method="GET", path=_path(_TASKS, task_id, "dependents"), response=Dependents)


def claim_task(worker: str, lease_seconds: int, wait_seconds: int) -> Operation[Claim]:
    """Claim the next task. After a lost response another task would be claimed."""
    body = ClaimBody(worker=worker, lease_seconds=lease_seconds, wait_seconds=wait_seconds)
    return Operation(
        method="POST",
        path=f"{_QUEUE}/claim",
        response=Claim,
        body={**body},
        repeatable=False,
        wait=wait_seconds,
    )


def heartbeat(
    task_id: str, lease: Lease, lease_seconds: int, progress: str | None
) -> Operation[Heartbeat]:
    """Extend a lease."""
    held = _lease_of(lease)
    body = HeartbeatBody(**held, lease_seconds=lease_seconds, progress=progress)
    return _post(task_id, "heartbeat", Heartbeat, {**body})


def append_log(task_id: str, lease: Lease, lines: Sequence[str], first: int) -> Operation[LogRoom]:
    """Append lines to a log."""
    numbered = [LogLineBody(seq=seq, text=text) for seq, text in enumerate(lines, first)]
    return _post(task_id, "logs", LogRoom, {**LogBody(**_lease_of(lease), lines=numbered)})


def complete_task(task_id: str, lease: Lease, result: ResultFields) -> Operation[EndedTask]:
    """Complete a task."""
    body = CompleteBody(lease_id=lease.id, fence=lease.fence, result=result)
    return _post(task_id, "complete", EndedTask, {**body})


def fail_task(task_id: str, lease: Lease, reason: str, *, retryable: bool) -> Operation[EndedTask]:
    """Fail an attempt."""
    body = FailBody(lease_id=lease.id, fence=lease.fence, reason=reason, retryable=retryable)
    return _post(task_id, "fail", EndedTask, {**body})


def release_task(task_id: str, lease: Lease, reason: str | None) -> Operation[EndedTask]:
    """Return a task to its queue."""
    body = ReleaseBody(lease_id=lease.id, fence=lease.fence, reason=reason)
    return _post(task_id, "release", EndedTask, {**body})


def read_log(task_id: str, after: int) -> Operation[LogPage]:
    """Read the lines after this one."""
    query = {"after": str(after), "limit": _LOG_PAGE_SIZE}
    path = _path(_TASKS, task_id, "logs")
    return Operation(method="GET", path=path, response=LogPage, query=query)


def follow_log(task_id: str, last_id: str, wait: float) -> Operation[str]:
    """Stream the lines after an event."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": last_id}
    path = _path(_TASKS, task_id, "logs")
    return Operation(method="GET", path=path, response=str, headers=headers, wait=wait)


def list_deliveries(filters: DeliveryFilters) -> Operation[DeliveryPage]:
    """List deliveries."""
    query = {"limit": _PAGE_SIZE, **_texts(filters)}
    return Operation(method="GET", path=_DELIVERIES, response=DeliveryPage, query=query)


def get_delivery(delivery_id: str) -> Operation[Delivery]:
    """Get a delivery."""
    return Operation(method="GET", path=_path(_DELIVERIES, delivery_id), response=Delivery)


def get_delivery_body(delivery_id: str) -> Operation[DeliveryBody]:
    """Get the body of a delivery."""
    path = _path(_DELIVERIES, delivery_id, "body")
    return Operation(method="GET", path=path, response=DeliveryBody)


def explain_delivery(delivery_id: str) -> Operation[Timeline]:
    """Explain what became of a delivery."""
    path = _path(_DELIVERIES, delivery_id, "explain")
    return Operation(method="GET", path=path, response=Timeline)


def replay_delivery(delivery_id: str, *, dry_run: bool) -> Operation[Replay]:
    """Interpret a delivery again. The ids of tasks are derived, so repeating creates none twice."""
    query = {"dry_run": "true"} if dry_run else {}
    path = _path(_DELIVERIES, delivery_id, "replay")
    return Operation(method="POST", path=path, response=Replay, query=query)


def list_queues() -> Operation[QueueList]:
    """Describe the queues."""
    return Operation(method="GET", path=_QUEUE, response=QueueList)


def pause_queue(priority: Priority, reason: str | None) -> Operation[QueuePause]:
    """Pause a queue."""
    body = PauseBody(reason=reason)
    path = _path(_QUEUE, priority, "pause")
    return Operation(method="POST", path=path, response=QueuePause, body={**body})


def resume_queue(priority: Priority) -> Operation[QueuePause]:
    """Resume a queue."""
    return Operation(method="POST", path=_path(_QUEUE, priority, "resume"), response=QueuePause)


def _post(
    task_id: str,
    action: str,
    response: type[T],
    body: Mapping[str, object] | None = None,
    *,
    repeatable: bool = True,
) -> Operation[T]:
    path = _path(_TASKS, task_id, action)
    return Operation(method="POST", path=path, response=response, body=body, repeatable=repeatable)


def _lease_of(lease: Lease) -> LeaseBody:
    return LeaseBody(lease_id=lease.id, fence=lease.fence)


def _path(root: str, *parts: str) -> str:
    if not all(part.strip(".") for part in parts):
        raise ValueError("an id is not empty")
    return "/".join((root, *(quote(part, safe="") for part in parts)))


def _texts(filters: TaskFilters | DeliveryFilters) -> dict[str, str]:
    return {name: _text(value) for name, value in filters.items() if value is not None}


def time_text(value: object) -> str:
    """Return a time in RFC 3339, a local one with its offset.

    Raises:
        TypeError: It is not a time.
    """
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} is not JSON")
    return value.astimezone().isoformat()


def _text(value: object) -> str:
    return time_text(value) if isinstance(value, datetime) else str(value)
