"""Tasks: create, list and get."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query

from signalbox.auth.cursors import Cursors
from signalbox.http.idempotency import REPLAYED_HEADERS, idempotency_key
from signalbox.http.pagination import TimeQuery
from signalbox.http.preconditions import not_modified, task_etag
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.tasks import TASK, TASKS, TaskList
from signalbox.models.change import TaskView, task_view
from signalbox.models.ids import RequestId, TaskId
from signalbox.models.principal import Scope
from signalbox.models.span import begin_trace, join_trace
from signalbox.models.task import Priority, Task, TaskStatus
from signalbox.models.trace_context import read_traceparent
from signalbox.services.ports.tasks import TaskStore
from signalbox.services.tasks.create import CreateTask, CreateTaskRequest
from signalbox.services.tasks.list_tasks import ListTasks, TaskFilter

_TAG = "tasks"


def add_tasks(
    routes: Routes, *, create: CreateTask, browse: ListTasks, store: TaskStore, cursors: Cursors
) -> None:
    """Add the routes."""

    @routes.add(
        Route(
            method="POST",
            path=TASKS,
            scope=Scope.TASKS_WRITE,
            tag=_TAG,
            summary="Create a task; requests with the same Idempotency-Key create one",
            response_model=TaskView,
            status=201,
        )
    )
    def create_task(
        body: Annotated[CreateTaskRequest, Body()],
        key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
    ) -> Response[str]:
        call = routes.call()
        task, new = create(
            body,
            call.caller,
            key=idempotency_key(key, call.request),
            request_id=RequestId(call.request.request_id),
            traceparent=read_traceparent(call.request.headers),
        )
        return created_task_response(task, new=new)

    @routes.add(
        Route(
            method="GET",
            path=TASKS,
            scope=Scope.TASKS_READ,
            tag=_TAG,
            summary="List tasks, newest first",
            response_model=TaskList,
        )
    )
    def list_tasks(
        status: Annotated[TaskStatus | None, Query()] = None,
        provider: Annotated[str | None, Query(max_length=64)] = None,
        priority: Annotated[Priority | None, Query()] = None,
        repository: Annotated[str | None, Query(max_length=200)] = None,
        since: TimeQuery = None,
        until: TimeQuery = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
    ) -> Response[str]:
        filters = TaskFilter(
            status=status,
            provider=provider,
            priority=priority,
            repository=repository,
            since=since,
            until=until,
        )
        bound_to = f"{TASKS} {filters} {limit}"
        after = None if cursor is None else cursors.read(cursor, bound_to)
        page = browse(filters, limit=limit, after=after)
        following = cursors.sign(page.after, bound_to) if page.after else None
        return json_response({"items": [*page.items], "next": following})

    @routes.add(
        Route(
            method="GET",
            path=TASK,
            scope=Scope.TASKS_READ,
            tag=_TAG,
            summary="Get a task",
            response_model=TaskView,
            empty_responses=(304,),
            problems=(404,),
        )
    )
    def show_task(
        task_id: str,
        if_none_match: Annotated[str | None, Header(alias="If-None-Match")] = None,
    ) -> Response[str]:
        task = store.get(TaskId(task_id))
        if not_modified(task, if_none_match):
            return Response(status_code=304, body="", headers={"etag": task_etag(task)})
        return task_response(task)


def created_task_response(task: Task, *, new: bool) -> Response[str]:
    """Return the response to a request that created the task, or did so before.

    The trace of a task without one of its client begins with the request that creates it.
    """
    view = task_view(task)
    (begin_trace if new else join_trace)(view.traceparent)
    headers = {"etag": task_etag(task), "location": f"{TASKS}/{task.id}"}
    return json_response(view, 201, headers if new else headers | REPLAYED_HEADERS)


def task_response(task: Task) -> Response[str]:
    """Return the response with a task and its ETag."""
    return json_response(task_view(task), headers={"etag": task_etag(task)})


def joined_task_response(task: Task) -> Response[str]:
    """Return the response to a request that changed a task, which joins the trace of the task."""
    view = task_view(task)
    join_trace(view.traceparent)
    return json_response(view, headers={"etag": task_etag(task)})
