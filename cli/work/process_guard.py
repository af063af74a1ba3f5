"""End a command whose worker has died, so that no second worker runs the task at the same time.

A guard outlives a killed worker: a small process that waits for the end of a pipe that only the
worker holds open. It also ends the children of the command, which PR_SET_PDEATHSIG would not, and
works on systems without that call.
"""

import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

_SCRIPT: Final = """
read -r _
kill -s TERM -- "-$1" && sleep 1
kill -s KILL -- "-$1"
"""


@dataclass(frozen=True, slots=True)
class ProcessGuard:
    """The guard process; its standard input is the pipe."""

    process: subprocess.Popen[bytes]

    @classmethod
    def over(cls, group: int) -> Self:
        """Start the guard of a process group."""
        process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "sh", str(group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return cls(process)

    def dismiss(self) -> None:
        """End the guard. The group has ended, and its id may be reused."""
        self.process.kill()
        self.process.wait()
        if self.process.stdin:
            with suppress(OSError):
                self.process.stdin.close()
