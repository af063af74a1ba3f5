"""Real workers in processes of their own, which are killed, or frozen beyond their lease."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from signalbox.models.task import ChangeType, Task, TaskStatus
from tests.builders import a_task
from tests.commands.served import Served, serve
from tests.faults.cases import LONG
from tests.faults.conftest import Record
from tests.integration.template import REGION

pytestmark = pytest.mark.skipif(not LONG, reason="it waits for real leases: `make faults` runs it")

ROOT: Final = Path(__file__).parents[2]
LEASE: Final = 10
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with serve(monkeypatch) as served:
        yield served


@pytest.fixture
def worker(served: Served) -> Iterator[Start]:
    """Starts a worker that runs a command of the shell for one task."""
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, script: str, *arguments: str) -> subprocess.Popen[bytes]:
        words = ["work", "--once", f"--worker={name}", "--wait=20", f"--lease={LEASE}", "--"]
        command = ["sh", "-c", script, *arguments]
        process = subprocess.Popen(  # noqa: S603  ours
            [sys.executable, "-m", "cli", "--url", served.url, *words, *command],
            cwd=ROOT,
            env={**os.environ, "SIGNALBOX_API_KEY": served.key},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()


def wait_for(there: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.05)


def runs(path: Path) -> list[str]:
    """Which workers have begun the task."""
    return path.read_text().split() if path.exists() else []


def ends(task: Task) -> list[str]:
    return [step.by for step in task.history if step.type is ChangeType.SUCCEEDED]


def test_the_task_of_a_killed_process_is_done_by_another(
    worker: Start, served: Served, tmp_path: Path, record_property: Record
) -> None:
    task = served.add(a_task())
    begun = tmp_path / "begun"
    first = worker("first", 'echo first >> "$0"; exec sleep 60', str(begun))
    wait_for(lambda: runs(begun))

    first.kill()
    began = time.monotonic()
    second = worker("second", 'echo second >> "$0"', str(begun))
    second.wait(timeout=90)

    after = served.now(task)
    assert (after.status, after.attempt) == (TaskStatus.SUCCEEDED, 2)
    assert ends(after) == ["worker:second"]
    assert runs(begun) == ["first", "second"]
    taken = time.monotonic() - began
    record_property("happened", f"SIGKILL: done by another worker {taken:.0f} s later, attempt 2")


def test_a_process_that_is_frozen_beyond_its_lease_changes_nothing_when_it_wakes(
    worker: Start, served: Served, tmp_path: Path, record_property: Record
) -> None:
    task = served.add(a_task())
    begun = tmp_path / "begun"
    frozen = worker("frozen", 'echo frozen >> "$0"; sleep 1', str(begun))
    wait_for(lambda: runs(begun))

    frozen.send_signal(signal.SIGSTOP)
    second = worker("second", 'echo second >> "$0"; sleep 6', str(begun))
    wait_for(lambda: len(runs(begun)) == 2)
    frozen.send_signal(signal.SIGCONT)
    frozen.wait(timeout=60)
    still = served.now(task)
    second.wait(timeout=60)

    after = served.now(task)
    assert still.status is TaskStatus.RUNNING
    assert ends(after) == ["worker:second"]
    assert (after.status, after.attempt) == (TaskStatus.SUCCEEDED, 2)
    record_property("happened", "SIGSTOP beyond the lease: refused on waking, one completion")
