"""Events of live updates as lines, and tasks as a table that changes."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import JsonValue
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cli.live.client import LiveFrame
from cli.output import Output, format_time, strip_controls
from signalbox.models.change import TaskSummary
from signalbox.models.ids import TaskId
from signalbox.models.realtime_data import TaskEventData

MAX_ROWS: Final = 30
_NAMES: Final = ("status", "title", "connection", "event", "instance", "waiting", "reason")


def print_frames(frames: Iterable[LiveFrame], output: Output) -> None:
    """Print each event in a line."""
    for frame in frames:
        output.line(frame, frame_line(frame))


def frame_line(frame: LiveFrame) -> str:
    """Return an event as a line of text."""
    data = frame.document
    words = [str(data[name]) for name in _NAMES if data.get(name) not in {None, ""}]
    lines = data.get("lines")
    texts = [_line_text(line) for line in lines] if isinstance(lines, list) else []
    head = f"{format_time(frame.time)}  {frame.type.removeprefix('signalbox.')}"
    return "  ".join([head, frame.subject, *words]) + "".join(f"\n  {text}" for text in texts)


def _line_text(line: JsonValue) -> str:
    return str(line["text"]) if isinstance(line, dict) else ""


def watch_table(tasks: Iterable[TaskSummary], frames: Iterable[LiveFrame]) -> None:
    """Show the newest tasks in a table that changes with each event."""
    rows = {task.id: task for task in tasks}
    console = Console(highlight=False, markup=False)
    with Live(_table(rows), console=console, auto_refresh=False) as live:
        for frame in frames:
            update_tasks(rows, frame)
            live.update(_table(rows), refresh=True)


def update_tasks(rows: dict[TaskId, TaskSummary], frame: LiveFrame) -> None:
    """Apply an event to the tasks; an older state replaces no newer one."""
    if not frame.document:
        return
    task = TaskEventData.model_validate_json(json.dumps(frame.document), extra="ignore")
    known = rows.get(task.id)
    if known is None or known.version < task.version:
        rows[task.id] = task


def is_terminal() -> bool:
    """Return whether a person sees the output."""
    return sys.stdout.isatty()


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
