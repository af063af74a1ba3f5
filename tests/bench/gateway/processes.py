"""The processes of a measurement: started, waited for, measured and ended."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PATIENCE: Final = 60.0


@contextmanager
def running(*command: str, port: int) -> Iterator["Measured"]:
    """A process that listens on the port, until the end of the block."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603  our own
    try:
        _wait_for(port, process)
        yield Measured(process.pid)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def module(name: str, port: int, *words: str) -> Iterator["Measured"]:
    """A module of the bench as a process."""
    command = (sys.executable, "-m", f"tests.bench.gateway.{name}", str(port), *words)
    with running(*command, port=port) as measured:
        yield measured


class Measured:
    """What a process and its children took."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    @property
    def cpu(self) -> float:
        """Seconds of CPU, of the user and the system."""
        return sum(_cpu(pid) for pid in (self.pid, *_children(self.pid)))

    @property
    def resident(self) -> float:
        """Megabytes."""
        return sum(_resident(pid) for pid in (self.pid, *_children(self.pid)))


def _cpu(pid: int) -> float:
    """Return the seconds on a CPU of all threads; the kernel counts them in nanoseconds."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1_024
    return 0.0


def _children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not listen")
