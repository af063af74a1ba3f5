"""A change of a task as a CloudEvents 1.0 envelope, and the task as clients see it."""

from datetime import datetime
from functools import cache
from typing import Any, Final, Literal

from pydantic import ConfigDict
from pydantic_core import from_json, to_jsonable_python

from signalbox.models.base import JsonObject, Model, UtcDatetime, assembled
from signalbox.models.frozen import frozen
from signalbox.models.ids import ChangeId, DeliveryId, RequestId, TaskId, change_id
from signalbox.models.relations import GroupPolicy, OnFailure, TaskRelations
from signalbox.models.task import (
    ChangeType,
    Priority,
    Task,
    TaskApproval,
    TaskContent,
    TaskResult,
    TaskStatus,
    TaskStep,
    content_of,
)
from signalbox.models.trace_context import task_traceparent

TASK_EVENT_PREFIX = "signalbox.task."
_NO_RELATIONS: Final = TaskRelations.model_construct()
INCIDENT_EVENT_PREFIX = "signalbox.incident."
TEST_EVENT_TYPE = "signalbox.test"


class TaskSummary(Model):
    """A task in a list. `expires_at` is known from its end on, so that its mark changes no row."""

    id: TaskId
    version: int
    status: TaskStatus
    priority: Priority
    kind: str
    title: str
    provider: str
    source: str
    repository: str | None = None
    author: str | None = None
    url: str | None = None
    attempt: int
    created_at: UtcDatetime
    updated_at: UtcDatetime
    not_before: UtcDatetime | None = None
    waits_for: tuple[TaskId, ...] = ()
    limited_by: str | None = None
    expires_at: UtcDatetime | None = None


def _require_content(schema: dict[str, Any]) -> None:
    """Add to the schema that a view has every field of the content that cannot be null."""
    content = (
        name for name, field in TaskContent.model_fields.items() if field.default is not None
    )
    schema["required"] = list(dict.fromkeys((*schema["required"], *content)))


class TaskView(TaskSummary, TaskContent):
    """A task as clients see it: everything but the lease, which only its worker may know.

    `request_id` is that of the request that created it. `hops` is how many other installations it
    has passed, `planned_at` for when a schedule planned it. `traceparent` is its W3C trace context.
    It runs `after` these tasks; `waits_for` are those of them that have not ended. `limited_by` is
    the kind or group of which enough tasks run.
    """

    model_config = ConfigDict(json_schema_extra=_require_content)

    event: str | None = None
    delivery_id: DeliveryId | None = None
    delivery_key: str | None = None
    request_id: RequestId | None = None
    traceparent: str | None = None
    hops: int = 0
    planned_at: UtcDatetime | None = None
    started_at: UtcDatetime | None = None
    finished_at: UtcDatetime | None = None
    approval: TaskApproval | None = None
    after: tuple[TaskId, ...] = ()
    on_failure: OnFailure | None = None
    group: str | None = None
    group_policy: GroupPolicy | None = None
    worker: str | None = None
    lease_expires_at: UtcDatetime | None = None
    progress: str | None = None
    result: TaskResult | None = None
    reason: str | None = None


class Envelope(Model):
    """The attributes of every change (https://github.com/cloudevents/spec, version 1.0.

    JSON format).

    `id` is the same however often the change is sent; `subject` is the id of the task.
    """

    specversion: Literal["1.0"] = "1.0"
    id: ChangeId
    source: str
    type: str
    subject: TaskId
    time: UtcDatetime
    datacontenttype: Literal["application/json"] = "application/json"


class Change(Envelope):
    """A change as it is sent, with the task at that time.

    One of an incident, or of a test, has the view of a task that is not stored.
    """

    data: TaskView

    @property
    def change_type(self) -> ChangeType:
        """Return the last part of `type`."""
        return ChangeType(self.type.removeprefix(TASK_EVENT_PREFIX))

    @property
    def is_incident(self) -> bool:
        """Return whether it is of an incident, and not of a task."""
        return self.type.startswith(INCIDENT_EVENT_PREFIX)

    @property
    def is_test(self) -> bool:
        """Return whether it only tests a connection."""
        return self.type == TEST_EVENT_TYPE


class PastChange(Envelope):
    """A change in the history of a task, with its step."""

    data: TaskStep


def task_summary(task: Task) -> TaskSummary:
    """Return the fields of a task that a list shows."""
    return assembled(TaskSummary, _summary_values(task))


def _summary_values(task: Task) -> dict[str, Any]:
    return {
        "id": task.id,
        "version": task.version,
        "status": task.status,
        "priority": task.priority,
        "kind": task.kind,
        "title": task.title,
        "provider": task.origin.provider,
        "source": task.origin.source,
        "repository": task.repository,
        "author": task.author,
        "url": task.url,
        "attempt": task.attempt,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "not_before": task.not_before,
        "waits_for": task.waits_for,
        "limited_by": task.limited_by,
        "expires_at": task.retained_until,
    }


@frozen
class TaskRow:
    """A task in a list: its position there, and its summary as JSON has it."""

    position: str
    summary: JsonObject

    def is_expired(self, now: datetime) -> bool:
        """Return whether the task counts as deleted, even if it is still stored."""
        expires_at = self.summary["expires_at"]
        return isinstance(expires_at, str) and datetime.fromisoformat(expires_at) <= now


def task_row(position: str, document: str | bytes) -> TaskRow:
    """Return the row of a stored summary, which is not validated: that takes twice as long.

    It has every field of a summary, and none that only a later version knows.

    Raises:
        ValueError: The document is not a summary.
    """
    required, absent = _summary_fields()
    stored = from_json(document)
    if not isinstance(stored, dict) or not stored.keys() >= required:
        raise ValueError("a field of the summary is missing")
    summary = {**absent, **stored}
    if len(summary) > len(absent):
        summary = {name: summary[name] for name in absent}
    return TaskRow(position=position, summary=summary)


@cache
def _summary_fields() -> tuple[frozenset[str], JsonObject]:
    """Return the fields that a summary must have, and all of them without values."""
    fields = TaskSummary.model_fields
    required = frozenset(name for name, field in fields.items() if field.is_required())
    return required, {
        name: None if name in required else to_jsonable_python(field.default)
        for name, field in fields.items()
    }


def is_expired(task: Task | TaskSummary, now: datetime) -> bool:
    """Return whether the task counts as deleted, even if it is still stored."""
    return task.expires_at is not None and task.expires_at <= now


def task_view(task: Task) -> TaskView:
    """Return the task as clients see it."""
    lease = None if task.finished else task.lease
    relations, origin = task.relations or _NO_RELATIONS, task.origin
    values = {
        **content_of(task),
        **_summary_values(task),
        "event": origin.event,
        "delivery_id": origin.delivery_id,
        "delivery_key": origin.delivery_key,
        "request_id": origin.request_id,
        "traceparent": task_traceparent(task),
        "hops": origin.hops,
        "planned_at": origin.planned_at,
        "started_at": task.started_at,
        "finished_at": task.finished_at,
        "approval": task.approval,
        "after": relations.after,
        "on_failure": relations.on_failure if relations.after else None,
        "group": relations.group,
        "group_policy": relations.group_policy if relations.group is not None else None,
        "worker": lease.worker if lease else None,
        "lease_expires_at": lease.expires_at if lease else None,
        "progress": task.progress,
        "result": task.result,
        "reason": task.reason,
    }
    return assembled(TaskView, values)


def change_for(task: Task, step: TaskStep, stack: str) -> Change:
    """Return the envelope of a step of the task, with the current task."""
    return Change(
        id=change_id(task.id, task.created_at, step.version),
        source=f"/signalbox/{stack}",
        type=f"{TASK_EVENT_PREFIX}{step.type}",
        subject=task.id,
        time=step.at,
        data=task_view(task),
    )


def past_changes(task: Task, stack: str) -> tuple[PastChange, ...]:
    """Return the changes of the task that its history has."""
    return tuple(
        PastChange(
            id=change_id(task.id, task.created_at, step.version),
            source=f"/signalbox/{stack}",
            type=f"{TASK_EVENT_PREFIX}{step.type}",
            subject=task.id,
            time=step.at,
            data=step,
        )
        for step in task.history
    )
