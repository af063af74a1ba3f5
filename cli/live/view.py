"""Events of live updates as lines, and tasks as a table that changes."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.api_client import ApiClient
from cli.errors import CommandError
from cli.live.client import LiveEvents, LiveFrame, ask_websocket_url
from cli.output import Output, format_time, strip_controls
from cli.task_views import polls, task_line
from signalbox.models.change import TaskSummary
from signalbox.models.ids import TaskId
from signalbox.models.realtime import TASKS_CHANNEL
from signalbox.models.task import FINISHED

MAX_ROWS: Final = 30
_PROGRESS_SECONDS: Final = 10.0
"""How often a task is read without an event: what a worker reports with a heartbeat is none."""

_NAMES: Final = ("status", "title", "connection", "event", "instance", "waiting", "reason")


def print_frames(frames: Iterable[LiveFrame], output: Output) -> None:
    """Print each event in a line."""
    for frame in frames:
        output.line(frame, frame_line(frame))


def frame_line(frame: LiveFrame) -> str:
    """Return an event as a line of text."""
    data = frame.document
    words = [str(data[name]) for name in _NAMES if data.get(name) not in {None, ""}]
    words += ["paused"] if data.get("pause") else []
    lines = data.get("lines")
    texts = [_line_text(line) for line in lines] if isinstance(lines, list) else []
    head = f"{format_time(frame.time)}  {frame.type.removeprefix('signalbox.')}"
    return "  ".join([head, frame.subject, *words]) + "".join(f"\n  {text}" for text in texts)


def _line_text(line: JsonValue) -> str:
    return str(line["text"]) if isinstance(line, dict) else ""


@dataclass(slots=True, kw_only=True)
class TaskTable:
    """The newest tasks, as events change them; a table on a terminal, else a line per change."""

    output: Output
    live: Live | None = None
    rows: dict[TaskId, TaskSummary] = field(default_factory=dict)

    def reload(self, tasks: Iterable[TaskSummary]) -> None:
        """Show the tasks of the API, the newest first; lines show only those that are not over."""
        first = not self.rows
        for task in reversed(list(tasks)):
            if self._is_news(task) and not (first and task.status in FINISHED and not self.live):
                self._show(task)
            self.rows[task.id] = task
        self._draw()

    def apply(self, frame: LiveFrame) -> None:
        """Show the task of an event; an older state replaces no newer one."""
        if not frame.document:
            return
        text = json.dumps(frame.document)
        task = TaskSummary.model_validate_json(text, extra="ignore")
        if self._is_news(task):
            self.rows[task.id] = task
            self._show(task)
            self._draw()

    def _is_news(self, task: TaskSummary) -> bool:
        known = self.rows.get(task.id)
        return known is None or known.version < task.version

    def _show(self, task: TaskSummary) -> None:
        if self.live is None:
            self.output.line(task, task_line(task))

    def _draw(self) -> None:
        if self.live is not None:
            self.live.update(_table(self.rows), refresh=True)


def watch_tasks(api: ApiClient, output: Output) -> None:
    """Show the newest tasks and each change of one, until an interrupt.

    Raises:
        ApiError: There are no live updates, or not for this key.
        ApiUnavailable: The API does not answer, or has none for now.
    """
    url = ask_websocket_url(api)
    table = TaskTable(output=output)
    events = LiveEvents(
        url=url,
        key=api.key,
        topic=TASKS_CHANNEL,
        note=output.note,
        refresh=lambda: table.reload(api.tasks({}, MAX_ROWS)),
    )
    with ExitStack() as opened:
        if sys.stdout.isatty() and not output.json:
            console = Console(highlight=False, markup=False)
            table.live = opened.enter_context(Live(console=console, auto_refresh=False))
        for frame in events:
            table.apply(frame)


def task_wakes(api: ApiClient, task: TaskId, output: Output, every: float) -> Iterator[object]:
    """Yield when a task may have changed: by live updates, or every few seconds without them."""
    try:
        yield from LiveEvents(
            url=ask_websocket_url(api),
            key=api.key,
            topic=f"task/{task}",
            note=output.note,
            silence=_PROGRESS_SECONDS,
        ).wakes()
    except CommandError:  # polling reports what is wrong, if it is not only the live updates
        yield from polls(every)


def _table(rows: Mapping[TaskId, TaskSummary]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Id", "Status", "Priority", "Try", "Changed", "Title"):
        table.add_column(name, no_wrap=name != "Title")
    newest = sorted(rows.values(), key=lambda task: task.updated_at, reverse=True)
    for task in newest[:MAX_ROWS]:
        cells = (
            task.id,
            task.status,
            task.priority,
            str(task.attempt),
            format_time(task.updated_at),
            task.title,
        )
        table.add_row(*(Text(strip_controls(cell)) for cell in cells))
    return table
