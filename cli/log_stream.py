"""The log of a task: page by page, or as an event stream that is taken up where it ended."""

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

_PAGE: Final = "1000"
_START: Final = "0"
_PATIENCE: Final = 60.0
_PAUSE_MS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSentEvent:
    """One event of a stream; `pause` is how many seconds to wait before asking again."""

    id: str = ""
    name: str = ""
    data: str = ""
    pause: float | None = None


def log_lines(api: ApiClient, task: TaskId) -> Iterator[LogLine]:
    """Yield every line that exists."""
    after: int | None = 0
    while after is not None:
        query = {"after": str(after), "limit": _PAGE}
        page = api.ask("GET", join_path(TASKS, task, "logs"), LogLineList, query=query)
        yield from page.items
        after = page.next


def print_line(output: Output, line: LogLine) -> None:
    """Print a line."""
    output.line(line, f"{format_time(line.at)}  {line.text}")


def follow_log(api: ApiClient, task: TaskId, output: Output) -> bool:
    """Print the lines as they come, until the task's end; whether it succeeded.

    A stream ends and is asked for again, from behind the last line that was told. An outage is
    waited for, but not at the start.
    """
    last: str | None = None
    pause = _PAUSE_MS / 1000
    while True:
        for event in _patiently(api, task, last, output):
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
        last = last or _START
        time.sleep(pause)


def parse_events(text: str) -> Iterator[ServerSentEvent]:
    """Yield the events of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    for block in text.split("\n\n"):
        fields = dict(line.partition(": ")[::2] for line in block.split("\n"))
        retry = fields.get("retry", "")
        yield ServerSentEvent(
            id=fields.get("id", ""),
            name=fields.get("event", ""),
            data=fields.get("data", ""),
            pause=int(retry) / 1000 if retry.isdecimal() else None,
        )


def _patiently(
    api: ApiClient, task: TaskId, last: str | None, output: Output
) -> Iterator[ServerSentEvent]:
    headers = {"Accept": EVENT_STREAM} | ({"Last-Event-ID": last} if last else {})
    path = join_path(TASKS, task, "logs")
    try:
        answer = api.reply("GET", path, headers=headers, timeout=_PATIENCE)
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
