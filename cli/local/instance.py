"""The running local stack of a directory: one process, which holds a lock and publishes URLs."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self, TextIO

from pydantic import BaseModel, ConfigDict

from cli.errors import CommandError
from cli.local.banner import BannerLine
from cli.local.options import LocalOptions

_LOCK = "up.lock"
_RECORD = "up.json"


class LocalInstance(BaseModel):
    """A running local stack, as other commands find it."""

    model_config = ConfigDict(frozen=True)

    pid: int
    stack_name: str
    base_url: str
    echo_url: str
    endpoint_url: str
    smtp_port: int
    notes: tuple[BannerLine, ...] = ()

    @classmethod
    def of(cls, options: LocalOptions, notes: tuple[BannerLine, ...] = ()) -> Self:
        """Return the local stack that this process runs with these options."""
        return cls(
            pid=os.getpid(),
            stack_name=options.stack_name,
            base_url=options.base_url,
            echo_url=options.echo_url,
            endpoint_url=options.endpoint_url,
            smtp_port=options.smtp_port,
            notes=notes,
        )


@contextmanager
def exclusive(home: Path) -> Iterator[None]:
    """Hold the directory until the end of the block, or of the process."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / _LOCK).open("a") as lock:
        if not _acquired(lock):
            raise CommandError(_already(home))
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            (home / _RECORD).unlink(missing_ok=True)
            yield
        finally:
            (home / _RECORD).unlink(missing_ok=True)


def publish(home: Path, running: LocalInstance) -> None:
    """Publish that the stack is running. Only the owner may read it, since it contains a key."""
    record = home / _RECORD
    record.touch(mode=0o600)
    record.write_text(running.model_dump_json(indent=2))


def lock_holder(home: Path) -> int | None:
    """Return the process that holds the directory, whether its stack is ready or not."""
    with suppress(FileNotFoundError), (home / _LOCK).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0)
    return None


def find_instance(home: Path) -> LocalInstance | None:
    """Return the running stack, or None."""
    if not (home / _RECORD).exists() or lock_holder(home) is None:
        return None
    with suppress(FileNotFoundError, ValueError):
        return LocalInstance.model_validate_json((home / _RECORD).read_text())
    return None


def wait_until_free(home: Path, seconds: float) -> bool:
    """Return whether the directory became free in time."""
    until = time.monotonic() + seconds
    while lock_holder(home) is not None:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def _acquired(lock: TextIO) -> bool:
    """Return whether the lock was acquired. It retries, as a query holds the lock for a moment."""
    for _ in range(10):
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.02)
    return False


def _already(home: Path) -> str:
    running = find_instance(home)
    where = f"at {running.base_url} (process {running.pid})" if running else "and still starting"
    return f"Signalbox is up already, {where}. `signalbox down` stops it."
