"""The log of a task: its worker appends, readers take pages or follow."""

import re
from typing import Annotated, Final, Self

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from signalbox.http.routes.tasks import TASK
from signalbox.http.routes.work import OfLease
from signalbox.http.routing import EVENTS, Route, Routes, said
from signalbox.http.sse import KEEP_ALIVE, RETRY, event
from signalbox.models.base import Model
from signalbox.models.ids import TaskId
from signalbox.models.log import BATCH_BYTES, BATCH_LINES, LINE_LENGTH, LogLine, size_of
from signalbox.models.principal import Scope
from signalbox.models.task import TaskStatus
from signalbox.services.hold import Held
from signalbox.services.logs import AppendLog, Followed, FollowLog, ReadLog

_PATH: Final = f"{TASK}/logs"
_LAST_EVENT: Final = re.compile(r"(0|[1-9][0-9]{0,8})(-end)?")


class NewLine(Model):
    """One line. `seq` is its number among those of the lease, from 1 without a hole."""

    seq: int = Field(ge=1, le=1_000_000_000)
    text: str = Field(max_length=LINE_LENGTH)


class NewLines(OfLease):
    """A batch of lines; sending one again, or lines of it in another, changes nothing."""

    lines: Annotated[tuple[NewLine, ...], Field(min_length=1, max_length=BATCH_LINES, strict=False)]

    @model_validator(mode="after")
    def _one_after_the_other(self) -> Self:
        first = self.lines[0].seq
        if any(line.seq != seq for seq, line in enumerate(self.lines, first)):
            raise PydanticCustomError("not_consecutive", "the lines must follow each other")
        if size_of(line.text for line in self.lines) > BATCH_BYTES:
            raise PydanticCustomError("batch_too_large", "the lines are too large together")
        return self


class LogRoom(Model):
    """How many lines of a batch are new, and what the log takes still.

    Once no lines or no bytes are left, further lines are dropped.
    """

    stored: int
    lines_left: int
    bytes_left: int


class LogLines(Model):
    """Lines in their order. `next` is where the next page begins, null where there is none yet.

    Where `finished` is true the task is, and no others will come.
    """

    items: tuple[LogLine, ...]
    next: int | None
    finished: bool


class LogEnd(Model):
    """How the task ended."""

    status: TaskStatus


def add_logs(routes: Routes, *, append: AppendLog, read: ReadLog, follow: FollowLog) -> None:
    """Adds the routes."""

    @routes.add(
        Route(
            method="POST",
            path=_PATH,
            scope=Scope.TASKS_WORK,
            tag="work",
            summary="Append lines to the log of the task that the caller holds",
            answers=LogRoom,
            refuses=(404, 409),
        )
    )
    def append_lines(task_id: str, body: Annotated[NewLines, Body()]) -> Response[str]:
        held = Held(task=TaskId(task_id), lease=body.lease_id, fence=body.fence)
        made = append(held, body.lines[0].seq, [line.text for line in body.lines])
        return said(
            LogRoom(stored=made.stored, lines_left=made.lines_left, bytes_left=made.bytes_left)
        )

    @routes.add(
        Route(
            method="GET",
            path=_PATH,
            scope=Scope.TASKS_READ,
            tag="tasks",
            summary="Read the log of a task, or follow it as an event stream",
            answers=LogLines,
            bare=(204,),
            refuses=(404,),
            streams=True,
        )
    )
    def read_lines(
        task_id: str,
        after: Annotated[int, Query(ge=0, le=999_999_999)] = 0,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
        last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
    ) -> Response[str]:
        if EVENTS in routes.call().request.accepted:
            left = routes.resolver.lambda_context.get_remaining_time_in_millis() / 1000
            place = after if last_event_id is None else _place(last_event_id)
            followed = follow(TaskId(task_id), place, seconds=left)
            return _stream(followed, told=(last_event_id or "").strip().endswith("-end"))
        page = read(TaskId(task_id), after=after, limit=limit)
        following = page.lines[-1].seq if page.more else None
        return said(LogLines(items=tuple(page.lines), next=following, finished=page.finished))


def _place(last_event_id: str) -> int | None:
    """The place that an event's id names, None for an id that was never given."""
    named = _LAST_EVENT.fullmatch(last_event_id.strip())
    return int(named[1]) if named else None


def _stream(followed: Followed, *, told: bool) -> Response[str]:
    """The events for a follower, which may have been `told` of the end before.

    Who knows the end and asks again gets 204, upon which a client of event streams asks no more.
    """
    if told and followed.ended and not followed.lines:
        return Response(status_code=204, body="")
    events = [event("{}", id_="0", name="reset")] if followed.reset else []
    events += [event(line.model_dump_json(), id_=str(line.seq)) for line in followed.lines]
    if followed.ended:
        end = LogEnd(status=followed.ended).model_dump_json()
        events.append(event(end, id_=f"{followed.place}-end", name="end"))
    body = "".join(events) or KEEP_ALIVE
    return Response(status_code=200, content_type=EVENTS, body=body + RETRY)
