"""Follow the log of a container, over connections that break, without a line lost or repeated.

The API starts a log at a second. So after a break it is read again from the second before the last
line, and what was read before is left out. A line is identified by its time, in nanoseconds, and
its text, of which a hash is remembered; equal lines are counted.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from http import HTTPStatus
from typing import Final

from cli.errors import CommandError
from cli.jobs.cluster import MAX_LOG_LINE, ClusterError
from cli.work.output_decoder import LineDecoder

_OVERLAP: Final = timedelta(seconds=1)
_MAX_REMEMBERED: Final = 20_000
"""Of how many different lines a second: the API accepts no more. Others may be shown twice."""

_HASH_BYTES: Final = 16
_TAIL_LINES: Final = 40
_MAX_PAUSE: Final = 15.0
_MAX_FAILURES: Final = 10


@dataclass(slots=True)
class ReadLines:
    """Which lines of the last seconds were read, and those of them that are read again."""

    _read: dict[datetime, Counter[bytes]] = field(default_factory=dict, init=False)
    _again: Counter[bytes] = field(default_factory=Counter, init=False)

    @property
    def since(self) -> datetime | None:
        """Return from which second on to read again, None for all."""
        return max(self._read) - _OVERLAP if self._read else None

    def start_again(self) -> None:
        """Expect every line since then once more."""
        self._again = sum(self._read.values(), Counter())

    def is_new(self, time: datetime, line: bytes) -> bool:
        """Return whether a line was not read before, and remember it."""
        digest = blake2b(line, digest_size=_HASH_BYTES).digest()
        if self._again[digest] > 0:
            self._again[digest] -= 1
            return False
        of_second = self._read.setdefault(time.replace(microsecond=0), Counter())
        if digest in of_second or len(of_second) < _MAX_REMEMBERED:
            of_second[digest] += 1
        if since := self.since:
            for old in [each for each in self._read if each < since]:
                del self._read[old]
        return True


@dataclass(slots=True, kw_only=True)
class PodLogFollower:
    """Follows a log in a thread, until its container has ended and all is read.

    `read` opens the log; `started` returns whether there is one yet, `ended` whether no more
    follows. `add` is called with each line of text, `report` with each error that does not pass.
    `pause` is the first pause after a break.
    """

    read: Callable[[datetime | None], Iterator[bytes]]
    started: Callable[[], bool]
    ended: Callable[[], bool]
    add: Callable[[str], None]
    report: Callable[[str], None]
    pause: float = 0.5
    _failures: int = field(default=0, init=False)
    _decoder: LineDecoder = field(default_factory=LineDecoder, init=False)
    _lines: ReadLines = field(default_factory=ReadLines, init=False)
    _tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES), init=False)
    _stopped: threading.Event = field(default_factory=threading.Event, init=False)
    _finished: threading.Event = field(default_factory=threading.Event, init=False)

    @property
    def tail(self) -> str:
        """Return the last lines."""
        return "\n".join(list(self._tail)).strip()

    @property
    def last_line(self) -> str:
        """Return the last line that is not empty."""
        return next((line for line in reversed(list(self._tail)) if line.strip()), "")

    def start(self) -> None:
        """Begin to follow, in a thread that does not hold up the end of the process."""
        threading.Thread(target=self.run, daemon=True).start()

    def stop(self) -> None:
        """Stop following after the line under way."""
        self._stopped.set()

    def wait(self, seconds: float) -> bool:
        """Wait until all is read, and return whether it is."""
        return self._finished.wait(seconds)

    def run(self) -> None:
        """Follow until the end."""
        while not self._stopped.is_set():
            complete = self.ended()  # what is read from now on is all
            if not (complete or self.started()):
                self._stopped.wait(self.pause)
                continue
            try:
                self._follow(complete=complete)
            except CommandError as failure:
                if _has_status(failure, HTTPStatus.NOT_FOUND):
                    break
                complete = False
                self._count(failure)
            if complete:
                break
            self._stopped.wait(min(self.pause * 2**self._failures, _MAX_PAUSE))
        self._show(self._decoder.close())
        self._finished.set()

    def _count(self, failure: CommandError) -> None:
        """Report a failure, unless it is a connection that broke or a container that starts."""
        self._failures = min(self._failures + 1, _MAX_FAILURES)
        again = self._failures > 1 or isinstance(failure, ClusterError)
        if again and not _has_status(failure, HTTPStatus.BAD_REQUEST):
            self.report(str(failure))

    def _follow(self, *, complete: bool) -> None:
        """Read the log until it ends or its connection breaks."""
        self._lines.start_again()
        time, continued = None, False
        for line in self.read(self._lines.since):
            if self._stopped.is_set():
                return
            stamp, text = (b"", line) if continued else _parts(line)
            time = time if continued else _time(stamp)
            continued = not line.endswith(b"\n")
            cut = continued and not complete and len(line) < MAX_LOG_LINE
            # what has no time was not printed by the container, but by the kubelet
            if time and not cut and self._lines.is_new(time, stamp + b" " + text):
                self._failures = 0
                self._show(self._decoder.feed(text))

    def _show(self, lines: Iterator[str]) -> None:
        for line in lines:
            self._tail.append(line)
            self.add(line)


def _parts(line: bytes) -> tuple[bytes, bytes]:
    stamp, space, text = line.partition(b" ")
    return (stamp, text) if space else (line.strip(), b"\n")


def _time(stamp: bytes) -> datetime | None:
    try:
        time = datetime.fromisoformat(stamp.decode("ascii"))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else None


def _has_status(failure: CommandError, status: HTTPStatus) -> bool:
    return isinstance(failure, ClusterError) and failure.status == status
