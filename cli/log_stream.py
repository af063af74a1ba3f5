"""The log of a task: page by page, or as an event stream that is resumed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from cli.api_client import ApiClient, ApiUnavailable, join_path
from cli.errors import CommandError
from cli.output import Output, format_time
from signalbox.http.routing import EVENT_STREAM
from signalbox.http.schemas.logs import LogEndEvent, LogLineList
from signalbox.http.schemas.tasks import TASKS
from signalbox.models.ids import TaskId
from signalbox.models.log import LogLine
from signalbox.models.task import TaskStatus

M = TypeVar("M", bound=BaseModel)

_PAGE_SIZE: Final = "1000"
_START_ID: Final = "0"
_MAX_OUTAGE_SECONDS: Final = 60.0
_DEFAULT_PAUSE_MILLISECONDS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent:
    """An event of a stream; `pause` is how many seconds to wait before reconnecting."""

    id: str = ""
    name: str = ""
    data: str = ""
    pause: float | None = None


def log_lines(api: ApiClient, task: TaskId) -> Iterator[LogLine]:
    """Yield all lines."""
    after: int | None = 0
    while after is not None:
        query = {"after": str(after), "limit": _PAGE_SIZE}
        page = api.ask("GET", join_path(TASKS, task, "logs"), LogLineList, query=query)
        yield from page.items
        after = page.next


def print_line(output: Output, line: LogLine) -> None:
    """Print a line."""
    output.line(line, f"{format_time(line.at)}  {line.text}")


def follow_log(api: ApiClient, task: TaskId, output: Output) -> bool:
    """Print the lines as they arrive until the task finishes, and return whether it succeeded.

    A stream is resumed after its last line. An outage is waited for, except at the start.
    """
    last: str | None = None
    pause = _DEFAULT_PAUSE_MILLISECONDS / 1000
    while True:
        for event in _with_retries(api, task, last, output):
            last = event.id or last
            pause = event.pause or pause
            if event.name == "end":
                status = _read(LogEndEvent, event).status
                output.note(f"ended: {status}")
                return status is TaskStatus.SUCCEEDED
            if event.name == "reset":
                output.note("the log begins again")
            elif event.data:
                print_line(output, _read(LogLine, event))
        last = last or _START_ID
        time.sleep(pause)


def parse_events(text: str) -> Iterator[ServerSentEvent]:
    """Yield the events of a stream.

    See https://html.spec.whatwg.org/multipage/server-sent-events.html.
    """
    for block in text.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.split("\n"))
        retry = fields.get("retry", "")
        yield ServerSentEvent(
            id=fields.get("id", ""),
            name=fields.get("event", ""),
            data=fields.get("data", ""),
            pause=int(retry) / 1000 if retry.isdecimal() else None,
        )


def _with_retries(
    api: ApiClient, task: TaskId, last: str | None, output: Output
) -> Iterator[ServerSentEvent]:
    headers = {"Accept": EVENT_STREAM} | ({"Last-Event-ID": last} if last else {})
    path = join_path(TASKS, task, "logs")
    try:
        answer = api.reply("GET", path, headers=headers, timeout=_MAX_OUTAGE_SECONDS)
    except ApiUnavailable as away:
        if last is None:
            raise
        output.note(str(away))
        return iter([ServerSentEvent(pause=away.after)])
    return parse_events(answer.content.decode(errors="replace"))


def _read(model: type[M], event: ServerSentEvent) -> M:
    try:
        return model.model_validate_json(event.data, extra="ignore")
    except ValidationError:
        raise CommandError("this is not an event that this version knows") from None
