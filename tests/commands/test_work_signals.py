"""A real worker in a process of its own: its end, its terminal and its encoding."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from signalbox.models.task import TaskStatus
from tests.builders import a_task
from tests.commands.served import Served

ROOT: Final = Path(__file__).parents[2]
Start = Callable[..., subprocess.Popen[bytes]]


def wait_for(there: Callable[[], object], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def worker(served: Served) -> Iterator[Start]:
    """Starts a worker that runs this command for one task."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str, encoding: str = "utf-8") -> subprocess.Popen[bytes]:
        words = ["--url", served.url, "work", "--once", "--wait=0", "--lease=20", "--", *command]
        process = subprocess.Popen(  # noqa: S603  ours
            [sys.executable, "-m", "cli", *words],
            cwd=ROOT,
            env={
                **os.environ,
                "SIGNALBOX_API_KEY": served.key,
                "PYTHONIOENCODING": encoding,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def pids(path: Path) -> list[int]:
    return [int(word) for word in path.read_text().split()] if path.exists() else []


TWO_PROCESSES: Final = 'sleep 60 & echo $$ $! > "$0.new"; mv "$0.new" "$0"; wait'


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_asked_to_end_gives_its_task_back_and_ends_its_command(
    worker: Start, served: Served, tmp_path: Path, number: signal.Signals
) -> None:
    task = served.add(a_task())
    seen = tmp_path / "pids"
    process = worker("sh", "-c", TWO_PROCESSES, str(seen))
    wait_for(lambda: pids(seen))

    process.send_signal(number)
    _, errors = process.communicate(timeout=20)

    assert b"Traceback" not in errors
    assert all(gone(pid) for pid in pids(seen))
    assert served.now(task).status is TaskStatus.PENDING


def test_a_worker_that_is_killed_takes_its_command_with_it(
    worker: Start, served: Served, tmp_path: Path
) -> None:
    served.add(a_task())
    seen = tmp_path / "pids"
    process = worker("sh", "-c", f"trap '' TERM HUP; {TWO_PROCESSES}", str(seen))
    wait_for(lambda: pids(seen))

    process.kill()

    wait_for(lambda: all(gone(pid) for pid in pids(seen)), seconds=20)


def test_a_worker_that_ignores_hang_ups_goes_on(
    worker: Start, served: Served, tmp_path: Path
) -> None:
    task = served.add(a_task())
    seen = tmp_path / "pids"
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does; children inherit it
    try:
        process = worker("sh", "-c", 'echo $$ > "$0"; sleep 0.5', str(seen))
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for(lambda: pids(seen))

    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=20)

    assert served.now(task).status is TaskStatus.SUCCEEDED


PRINTS: Final = 'printf "%s\\n" "start" "rocket \U0001f680"; seq 1 3000; echo end'


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_a_character_that_cannot_be_shown_fails_nothing(
    worker: Start, served: Served, encoding: str
) -> None:
    task = served.add(a_task(title="deploy \U0001f680"))

    process = worker("sh", "-c", PRINTS, encoding=encoding)
    shown, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (0, b"")
    assert b"rocket ?" in shown
    after = served.now(task)
    assert (after.status, after.attempt) == (TaskStatus.SUCCEEDED, 1)


def test_an_output_that_nobody_reads_fails_nothing(worker: Start, served: Served) -> None:
    task = served.add(a_task())

    process = worker("sh", "-c", f"{PRINTS}; sleep 0.3; {PRINTS}")
    assert process.stdout
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    _, errors = process.communicate(timeout=30)

    after = served.now(task)
    assert (process.returncode, errors) == (0, b"")
    assert (after.status, after.attempt) == (TaskStatus.SUCCEEDED, 1)
    assert after.result
    assert after.result.summary.endswith("end")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_lists_are_shown_in_whatever_encoding(
    served: Served, encoding: str, form: tuple[str, ...]
) -> None:
    served.add(a_task(title="deploy \U0001f680 \u2013 now"))

    done = subprocess.run(  # noqa: S603  ours
        [sys.executable, "-m", "cli", "--url", served.url, "tasks", "list", *form],
        cwd=ROOT,
        env={**os.environ, "SIGNALBOX_API_KEY": served.key, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert b"deploy" in done.stdout
