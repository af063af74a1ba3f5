"""The log of a task: append, read and follow."""

import re
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query

from signalbox.http.routing import EVENT_STREAM, Route, Routes, json_response
from signalbox.http.schemas.logs import (
    AppendLogRequest,
    AppendLogResponse,
    LogEndEvent,
    LogLineList,
)
from signalbox.http.schemas.tasks import TASK
from signalbox.http.sse import KEEP_ALIVE, RETRY, format_event
from signalbox.models.ids import TaskId
from signalbox.models.principal import Scope
from signalbox.services.tasks.leases import LeaseRef
from signalbox.services.tasks.logs import AppendLog, FollowLog, FollowLogResult, ReadLog

_PATH: Final = f"{TASK}/logs"
_LAST_EVENT: Final = re.compile(r"(0|[1-9][0-9]{0,8})(-end)?")


def add_logs(routes: Routes, *, append: AppendLog, read: ReadLog, follow: FollowLog) -> None:
    """Add the routes."""

    @routes.add(
        Route(
            method="POST",
            path=_PATH,
            scope=Scope.TASKS_WORK,
            tag="work",
            summary="Append lines to the log of a claimed task",
            response_model=AppendLogResponse,
            problems=(404, 409),
        )
    )
    def append_lines(task_id: str, body: Annotated[AppendLogRequest, Body()]) -> Response[str]:
        held = LeaseRef(task=TaskId(task_id), lease=body.lease_id, fence=body.fence)
        made = append(held, body.lines[0].seq, [line.text for line in body.lines])
        return json_response(
            AppendLogResponse(
                stored=made.stored, lines_left=made.lines_left, bytes_left=made.bytes_left
            )
        )

    @routes.add(
        Route(
            method="GET",
            path=_PATH,
            scope=Scope.TASKS_READ,
            tag="tasks",
            summary="Get the log of a task, or follow it as an event stream",
            response_model=LogLineList,
            empty_responses=(204,),
            problems=(404,),
            streams=True,
        )
    )
    def read_lines(
        task_id: str,
        after: Annotated[int, Query(ge=0, le=999_999_999)] = 0,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
        last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    ) -> Response[str]:
        if EVENT_STREAM in routes.call().request.accepted:
            left = routes.resolver.lambda_context.get_remaining_time_in_millis() / 1000
            place = after if last_event_id is None else _place(last_event_id)
            followed = follow(TaskId(task_id), place, seconds=left)
            return _stream(followed, ended_before=(last_event_id or "").strip().endswith("-end"))
        page = read(TaskId(task_id), after=after, limit=limit)
        following = page.lines[-1].seq if page.more else None
        return json_response(
            LogLineList(items=tuple(page.lines), next=following, finished=page.finished)
        )


def _place(last_event_id: str) -> int | None:
    """Return the position in an event id, or None if it was never issued."""
    named = _LAST_EVENT.fullmatch(last_event_id.strip())
    return int(named[1]) if named else None


def _stream(followed: FollowLogResult, *, ended_before: bool) -> Response[str]:
    """Return the events for a follower.

    `ended_before` means that it has received the last event.

    A follower that reconnects after the last event gets 204, which makes clients of event streams
    stop.
    """
    if ended_before and followed.ended and not followed.lines:
        return Response(status_code=204, body="")
    events = [format_event("{}", id_="0", name="reset")] if followed.reset else []
    events += [format_event(line.model_dump_json(), id_=str(line.seq)) for line in followed.lines]
    if followed.ended:
        end = LogEndEvent(status=followed.ended).model_dump_json()
        events.append(format_event(end, id_=f"{followed.place}-end", name="end"))
    body = "".join(events) or KEEP_ALIVE
    return Response(status_code=200, content_type=EVENT_STREAM, body=body + RETRY)
