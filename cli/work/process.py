"""The command that a worker runs for a task.

Text of the task never becomes part of the command line: it is passed as JSON on standard input and
in environment variables.
"""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from cli.errors import CommandError
from cli.work.output_decoder import LineDecoder
from cli.work.process_guard import ProcessGuard
from cli.work.running import AttemptOutcome, AttemptReport, StartAttempt
from signalbox.models.change import TaskView
from signalbox.models.span import current_traceparent

_TAIL_LINES: Final = 40
_CHUNK_BYTES: Final = 65_536
_GRACE_SECONDS: Final = 5.0
_WITHHELD_VARIABLES: Final = frozenset({"SIGNALBOX_API_KEY", "SIGNALBOX_WEBHOOK_SECRET"})


def command_argv(words: Sequence[str]) -> list[str]:
    """Return the arguments: one word is a shell command, several are a program with arguments.

    Raises:
        CommandError: There is no such program.
    """
    if len(words) == 1:
        return ["/bin/sh", "-c", words[0]]
    if not words or shutil.which(words[0]) is None:
        raise CommandError(f"there is no program {words[0] if words else ''}".rstrip())
    return list(words)


def task_variables(task: TaskView) -> dict[str, str]:
    """Return SIGNALBOX_TASK_*: the fields of the task that are short enough for variables.

    TRACEPARENT is its trace context, as OpenTelemetry reads it from the environment, or that of the
    span of the command, if the worker exports it.
    """
    facts: Mapping[str, str | None] = {
        "id": task.id,
        "kind": task.kind,
        "title": task.title,
        "instruction": task.instruction,
        "priority": task.priority,
        "provider": task.provider,
        "source": task.source,
        "event": task.event,
        "repository": task.repository,
        "branch": task.branch,
        "commit": task.commit,
        "author": task.author,
        "url": task.url,
        "attempt": str(task.attempt),
        "max_attempts": str(task.max_attempts),
    }
    traceparent = current_traceparent(task.traceparent)
    traced = {"TRACEPARENT": traceparent} if traceparent else {}
    return traced | {
        f"SIGNALBOX_TASK_{name.upper()}": (value or "").replace("\0", "")
        for name, value in facts.items()
    }


@dataclass(slots=True, kw_only=True)
class RunningCommand:
    """A running command; `said` is called with each line of its output."""

    process: subprocess.Popen[bytes]
    said: Callable[[str], None]
    guard: ProcessGuard
    _lines: LineDecoder = field(default_factory=LineDecoder, init=False)
    _tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES), init=False)
    _threads: list[threading.Thread] = field(default_factory=list, init=False)

    def listen(self, given: bytes) -> None:
        """Write its standard input and read its output, both in the background."""
        for work in (lambda: self._feed(given), self._read):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def last_line(self) -> str:
        """Return the last line that is not empty, including an unfinished one."""
        return self._lines.unfinished or next(
            (line for line in reversed(list(self._tail)) if line.strip()), ""
        )

    @property
    def tail(self) -> str:
        """Return the last lines."""
        return "\n".join(self._tail).strip()

    @property
    def survives(self) -> bool:
        """Return False: it ends with its worker."""
        return False

    def ended(self) -> AttemptReport | None:
        """Return how it ended, None while it runs."""
        code = self.process.poll()
        if code is None:
            return None
        if code == 0:
            return AttemptReport(outcome=AttemptOutcome.SUCCEEDED, output=self.tail)
        return AttemptReport(
            outcome=AttemptOutcome.FAILED,
            reason=f"the command ended with {code}",
            output=self.tail,
        )

    def finish(self) -> None:
        """Wait a moment for the rest of its output; a child may hold the pipe open."""
        for thread in self._threads:
            thread.join(1.0)

    def stop(self) -> None:
        """Terminate it with all of its children, and kill it if that does not help."""
        self._signal(signal.SIGTERM)
        until = time.monotonic() + _GRACE_SECONDS
        while self.process.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        self._signal(signal.SIGKILL)
        self.process.wait()
        self.guard.dismiss()
        self.finish()

    def discard(self) -> None:
        """Do nothing: `stop` leaves nothing behind."""

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def _feed(self, given: bytes) -> None:
        if self.process.stdin is None:
            return
        with suppress(OSError), self.process.stdin as stream:  # it may not want to know
            stream.write(given)

    def _read(self) -> None:
        if self.process.stdout is None:
            return
        with self.process.stdout as stream:
            while data := os.read(stream.fileno(), _CHUNK_BYTES):
                self._take(self._lines.feed(data))
        self._take(self._lines.close())

    def _take(self, lines: Iterator[str]) -> None:
        for line in lines:
            self._tail.append(line)
            self.said(line)


def command_starter(argv: Sequence[str]) -> StartAttempt:
    """Return what starts this command for a task."""
    return lambda task, _held, said: start_command(argv, task, said)


def start_command(
    argv: Sequence[str], task: TaskView, said: Callable[[str], None]
) -> RunningCommand:
    """Start the command in its own process group, which ends with the worker.

    Raises:
        CommandError: It cannot be started.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _WITHHELD_VARIABLES}
    try:
        process = subprocess.Popen(
            argv,
            env={**kept, **task_variables(task)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        guard = _guarded(process)
    except OSError as failure:
        raise CommandError(f"the command does not start: {failure}") from failure
    running = RunningCommand(process=process, said=said, guard=guard)
    running.listen(task.model_dump_json().encode())
    return running


def _guarded(process: subprocess.Popen[bytes]) -> ProcessGuard:
    """Start the guard of a command, which does not run without one.

    Raises:
        OSError: The guard cannot be started.
    """
    try:
        return ProcessGuard.over(process.pid)
    except OSError:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
