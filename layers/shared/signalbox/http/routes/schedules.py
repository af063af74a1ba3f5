"""Schedules: configure, pause, resume and run them, and show their runs."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header, Query

from signalbox.http.crud import Crud, IfMatch, add_crud, precondition_check, resource_response
from signalbox.http.idempotency import idempotency_key
from signalbox.http.pagination import IdPath
from signalbox.http.routes.tasks import created_task_response
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.schedules import SCHEDULES, ScheduleList, ScheduleRunsResponse
from signalbox.models.change import TaskView
from signalbox.models.ids import RequestId
from signalbox.models.principal import Scope
from signalbox.models.schedule import Schedule
from signalbox.services.config.configure import Configure
from signalbox.services.schedules.manage_schedules import ManageSchedules

_SCHEDULE = f"{SCHEDULES}/<name>"
_TAG = "schedules"


def add_schedules(routes: Routes, *, configure: Configure, manage: ManageSchedules) -> None:
    """Add the routes."""
    add_crud(
        routes,
        Crud(
            kind=Schedule,
            path=_SCHEDULE,
            list_model=ScheduleList,
            tag=_TAG,
            read=Scope.CONFIG_READ,
            write=Scope.CONFIG_WRITE,
            all=lambda: ScheduleList(items=tuple(configure.all(Schedule))),
            get=lambda key: configure.get(Schedule, key),
            put=lambda schedule, _context, check: configure.put(schedule, check),
            remove=configure.remove,
        ),
    )
    _add_control(routes, manage)

    @routes.add(
        Route(
            method="GET",
            path=f"{_SCHEDULE}/runs",
            scope=Scope.CONFIG_READ,
            tag=_TAG,
            summary="Show the last run of a schedule and the next ones",
            response_model=ScheduleRunsResponse,
            problems=(404,),
        )
    )
    def show_runs(name: IdPath, limit: Annotated[int, Query(ge=1, le=100)] = 10) -> Response[str]:
        preview = manage.preview(name, limit)
        return json_response(
            ScheduleRunsResponse(
                name=preview.schedule.name,
                enabled=preview.schedule.enabled,
                last_run=preview.last_run,
                last_task=preview.last_task,
                next_runs=tuple(preview.next_runs),
            )
        )


def _add_control(routes: Routes, manage: ManageSchedules) -> None:
    @routes.add(_switch("pause", "Pause a schedule; what it misses is not made up for"))
    def pause_schedule(name: IdPath, if_match: IfMatch = None) -> Response[str]:
        check = precondition_check(if_match or "*", None)
        return resource_response(manage.switch(name, enabled=False, check=check))

    @routes.add(_switch("resume", "Resume a schedule with its next run"))
    def resume_schedule(name: IdPath, if_match: IfMatch = None) -> Response[str]:
        check = precondition_check(if_match or "*", None)
        return resource_response(manage.switch(name, enabled=True, check=check))

    @routes.add(
        Route(
            method="POST",
            path=f"{_SCHEDULE}/run",
            scope=Scope.TASKS_WRITE,
            tag=_TAG,
            summary="Create a task of a schedule now; its planned runs stay",
            response_model=TaskView,
            status=201,
            problems=(404,),
        )
    )
    def run_schedule(
        name: IdPath, key: Annotated[str | None, Header(alias="Idempotency-Key")] = None
    ) -> Response[str]:
        call = routes.call()
        task, new = manage.run(
            name,
            call.caller,
            key=idempotency_key(key, call.request),
            request_id=RequestId(call.request.request_id),
        )
        return created_task_response(task, new=new)


def _switch(word: str, summary: str) -> Route:
    return Route(
        method="POST",
        path=f"{_SCHEDULE}/{word}",
        scope=Scope.CONFIG_WRITE,
        tag=_TAG,
        summary=summary,
        response_model=Schedule,
        problems=(404, 409, 412),
    )
