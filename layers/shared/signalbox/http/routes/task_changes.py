"""Update, approve, cancel and retry tasks, and list their changes."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query

from signalbox.http.preconditions import if_match, optional_if_match, task_etag
from signalbox.http.routes.tasks import joined_task_response
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.task_changes import (
    CancelTaskRequest,
    CancelTaskResponse,
    DependentList,
    TaskChangeList,
)
from signalbox.http.schemas.tasks import TASK
from signalbox.models.change import TaskView, past_changes, task_summary, task_view
from signalbox.models.ids import TaskId
from signalbox.models.principal import Scope
from signalbox.models.span import join_trace
from signalbox.models.task_template import SingleLine
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.tasks.cancel_subtree import CancelSubtree, SubtreeResult
from signalbox.services.tasks.dependencies import ListDependents
from signalbox.services.tasks.update import (
    ApproveTask,
    CancelTask,
    ReplaceTaskRequest,
    RetryTask,
    UpdateTask,
    UpdateTaskRequest,
)

_TAG = "tasks"
_APPROVE = Scope.TASKS_APPROVE

TaskIfMatch = Annotated[
    str | None, Header(alias="If-Match", description='The ETag of the task, such as "v1", or *')
]


def add_task_changes(
    routes: Routes,
    *,
    edit: UpdateTask,
    cancel: CancelTask,
    cancel_subtree: CancelSubtree,
    retry: RetryTask,
    approve: ApproveTask,
    store: TaskStore,
    stack: str,
) -> None:
    """Add the routes. `stack` identifies this installation in the changes."""
    _add_approval(routes, approve)
    _add_subtree(routes, cancel, cancel_subtree)

    @routes.add(_changing("PUT", TASK, "Change a task; what is left out takes its default"))
    def put_task(
        task_id: str,
        body: Annotated[ReplaceTaskRequest, Body()],
        if_match_header: TaskIfMatch = None,
    ) -> Response[str]:
        by = routes.call().caller.name
        return joined_task_response(
            edit(TaskId(task_id), lambda _: body, if_match(if_match_header), by=by)
        )

    @routes.add(_changing("PATCH", TASK, "Change a task; what is left out stays as it is"))
    def patch_task(
        task_id: str,
        body: Annotated[UpdateTaskRequest, Body()],
        if_match_header: TaskIfMatch = None,
    ) -> Response[str]:
        by = routes.call().caller.name
        return joined_task_response(
            edit(TaskId(task_id), body.over, if_match(if_match_header), by=by)
        )

    @routes.add(_changing("DELETE", TASK, "Cancel a task; its worker learns it by a heartbeat"))
    def cancel_task(
        task_id: str,
        reason: Annotated[SingleLine | None, Query()] = None,
        if_match_header: TaskIfMatch = None,
    ) -> Response[str]:
        versions = if_match(if_match_header)
        by = routes.call().caller.name
        return joined_task_response(cancel(TaskId(task_id), versions, by=by, reason=reason))

    @routes.add(_changing("POST", f"{TASK}/retry", "Try a failed or cancelled task again"))
    def retry_task(task_id: str, if_match_header: TaskIfMatch = None) -> Response[str]:
        versions = optional_if_match(if_match_header)
        return joined_task_response(retry(TaskId(task_id), versions, by=routes.call().caller.name))

    @routes.add(
        Route(
            method="GET",
            path=f"{TASK}/changes",
            scope=Scope.TASKS_READ,
            tag=_TAG,
            summary="List the changes of a task",
            response_model=TaskChangeList,
            problems=(404,),
        )
    )
    def list_changes(task_id: str) -> Response[str]:
        return json_response(TaskChangeList(items=past_changes(store.get(TaskId(task_id)), stack)))


def _add_subtree(routes: Routes, cancel: CancelTask, cancel_subtree: CancelSubtree) -> None:
    @routes.add(
        Route(
            method="POST",
            path=f"{TASK}/cancel",
            scope=Scope.TASKS_WRITE,
            tag=_TAG,
            summary="Cancel a task, with all that depend on it if requested",
            response_model=CancelTaskResponse,
            problems=(404, 409, 412),
        )
    )
    def cancel_with_dependents(
        task_id: str,
        body: Annotated[CancelTaskRequest, Body()],
        if_match_header: TaskIfMatch = None,
    ) -> Response[str]:
        versions, by = optional_if_match(if_match_header), routes.call().caller.name
        identifier = TaskId(task_id)
        if body.subtree:
            result = cancel_subtree(identifier, versions, by=by, reason=body.reason)
        else:
            task = cancel(identifier, versions, by=by, reason=body.reason)
            result = SubtreeResult(task=task, dependents=(), more=False)
        view = task_view(result.task)
        join_trace(view.traceparent)
        response = CancelTaskResponse(task=view, dependents=result.dependents, more=result.more)
        return json_response(response, headers={"etag": task_etag(result.task)})


def add_dependents(routes: Routes, dependents: ListDependents) -> None:
    """Add the route that lists the tasks that wait for a task."""

    @routes.add(
        Route(
            method="GET",
            path=f"{TASK}/dependents",
            scope=Scope.TASKS_READ,
            tag=_TAG,
            summary="List the first tasks that wait for a task",
            response_model=DependentList,
            problems=(404,),
        )
    )
    def list_dependents(task_id: str) -> Response[str]:
        tasks, more = dependents(TaskId(task_id))
        return json_response(DependentList(items=tuple(map(task_summary, tasks)), more=more))


def _add_approval(routes: Routes, approve: ApproveTask) -> None:
    @routes.add(
        _changing("POST", f"{TASK}/approve", "Let a task run that awaits approval", _APPROVE)
    )
    def approve_task(task_id: str, if_match_header: TaskIfMatch = None) -> Response[str]:
        versions = optional_if_match(if_match_header)
        return joined_task_response(
            approve(TaskId(task_id), versions, by=routes.call().caller.name)
        )

    @routes.add(_changing("POST", f"{TASK}/reject", "Cancel a task that awaits approval", _APPROVE))
    def reject_task(
        task_id: str,
        reason: Annotated[SingleLine | None, Query()] = None,
        if_match_header: TaskIfMatch = None,
    ) -> Response[str]:
        versions, by = optional_if_match(if_match_header), routes.call().caller.name
        return joined_task_response(approve.reject(TaskId(task_id), versions, by=by, reason=reason))


def _changing(method: str, path: str, summary: str, scope: Scope = Scope.TASKS_WRITE) -> Route:
    conditions = (412,) if method == "POST" else (412, 428)
    return Route(
        method=method,
        path=path,
        scope=scope,
        tag=_TAG,
        summary=summary,
        response_model=TaskView,
        problems=(404, 409, *conditions),
    )
