"""Tasks as text, and as they change."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from cli.api_client import ApiClient, ApiUnavailable
from cli.output import Output, format_time
from signalbox.models.change import TaskSummary, TaskView
from signalbox.models.ids import TaskId
from signalbox.models.task import FINISHED, TaskStatus

_MAX_TASKS: Final = 100
_MAX_CANCEL_REQUESTS: Final = 20


def task_fields(task: TaskView) -> dict[str, str]:
    """Return all fields of a task as text, by label."""
    return {
        "Id": task.id,
        "Status": task.status,
        "Reason": task.reason or "",
        "Title": task.title,
        "Kind": task.kind,
        "Priority": task.priority,
        "Instruction": task.instruction,
        "Description": task.description,
        "Arguments": " ".join(task.arguments),
        "Labels": ", ".join(task.labels),
        "Repository": task.repository or "",
        "Branch": task.branch or "",
        "Commit": task.commit or "",
        "Author": task.author or "",
        "Link": task.url or "",
        "From": " ".join(filter(None, (task.provider, task.source, task.event))),
        "Delivery": " ".join(filter(None, (task.delivery_id, task.delivery_key))),
        "Attempt": f"{task.attempt} of {task.max_attempts}",
        "Approval": _approval(task),
        "Worker": task.worker or "",
        "Lease until": format_time(task.lease_expires_at),
        "Progress": task.progress or "",
        "Result": task.result.summary if task.result else "",
        "Result masked": "yes" if task.result and task.result.masked else "",
        "Result link": (task.result.url if task.result else None) or "",
        "Created": format_time(task.created_at),
        "Due": format_time(task.due),
        "Not before": format_time(task.not_before),
        "After": ", ".join(task.after),
        "Waits for": ", ".join(task.waits_for),
        "On failure": task.on_failure or "",
        "Group": task.group or "",
        "Limited by": task.limited_by or "",
        "Started": format_time(task.started_at),
        "Finished": format_time(task.finished_at),
        "Forgotten": format_time(task.expires_at),
    }


def print_tasks(tasks: Sequence[TaskSummary], output: Output) -> None:
    """Print tasks as a table."""
    output.rows(
        tasks,
        {
            "Id": lambda task: task.id,
            "Status": lambda task: task.status,
            "Priority": lambda task: task.priority,
            "Title": lambda task: task.title,
            "Repository": lambda task: task.repository or "",
            "Try": lambda task: str(task.attempt),
            "Created": lambda task: format_time(task.created_at),
            "Not before": lambda task: format_time(task.not_before),
            "Waits for": lambda task: task.limited_by or str(len(task.waits_for) or ""),
        },
    )


def cancel_subtree(api: ApiClient, task: TaskId, reason: str | None, output: Output) -> None:
    """Cancel a task and all that depend on it, and print them."""
    response = api.cancel_subtree(task, reason)
    dependents = response.dependents
    for _ in range(_MAX_CANCEL_REQUESTS):
        if not response.more:
            break
        response = api.cancel_subtree(task, reason)
        dependents += response.dependents
    done = response.model_copy(update={"dependents": dependents})
    output.one(done, {**task_fields(done.task), "Dependents": ", ".join(dependents)})
    if done.more:
        output.note("there are more; they are cancelled within minutes")


def _approval(task: TaskView) -> str:
    approval = task.approval
    if approval is None:
        return ""
    return f"by {approval.by}" if approval.by else f"until {format_time(approval.expires_at)}"


def polls(every: float) -> Iterator[None]:
    """Yield at once, and then every few seconds."""
    while True:
        yield
        time.sleep(every)


def watch_one(api: ApiClient, task: TaskId, output: Output, wakes: Iterable[object]) -> bool:
    """Print each change of the task until it finishes, and return whether it succeeded.

    It is read at each of `wakes`.
    """
    seen: tuple[int, str | None] | None = None
    for _ in wakes:
        now = _with_retries(api, task, output) if seen else api.task(task)
        if now and (now.version, now.progress) != seen:
            seen = (now.version, now.progress)
            output.line(now, f"{task_line(now)}  {_detail(now)}".rstrip())
        if now and now.status in FINISHED:
            return now.status is TaskStatus.SUCCEEDED
    return False


def watch_all(api: ApiClient, output: Output, every: float) -> None:
    """Print each change of the newest tasks until an interrupt."""
    seen: dict[TaskId, int] = {}
    first = True
    for _ in polls(every):
        try:
            newest = list(api.tasks({}, _MAX_TASKS))
        except ApiUnavailable as away:
            if first:
                raise
            output.note(str(away))
            newest = []
        for task in reversed(newest):
            if seen.get(task.id) != task.version and not (first and task.status in FINISHED):
                output.line(task, task_line(task))
        if newest:
            seen = {task.id: task.version for task in newest}
        first = False


def _with_retries(api: ApiClient, task: TaskId, output: Output) -> TaskView | None:
    try:
        return api.task(task)
    except ApiUnavailable as away:
        output.note(str(away))
        return None


def task_line(task: TaskSummary) -> str:
    """Return a task in one line, with the time of now."""
    clock = f"{datetime.now(UTC):%H:%M:%S}"
    return f"{clock}  {task.id}  v{task.version}  {task.status:<9}  {task.title}"


def _detail(task: TaskView) -> str:
    said = task.result.summary if task.result else task.reason
    worker = f"{task.worker}: " if task.worker else ""
    text = said or (task.progress and f"{worker}{task.progress}") or task.worker or ""
    return text.splitlines()[-1] if text else ""
