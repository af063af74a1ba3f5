"""Keep an instance of a service registered, for as long as a command runs or until a signal."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from random import Random, SystemRandom
from typing import Final

from cli.api_client import ApiError, ApiUnavailable
from cli.errors import CommandError
from cli.work.process import command_argv
from cli.work.signals import StopFlag, stop_on_signals
from signalbox.http.schemas.instances import RegisterInstanceResponse

_SHARE_OF_TTL: Final = 3
_FIRST_RETRY: Final = 1.0
_DEREGISTER_ATTEMPTS: Final = 3
_DRAIN_SECONDS: Final = 5.0
"""How long gateways call an instance that was deregistered, at most."""

_STOP_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.2
_SIGNALLED: Final = 128
_WITHHELD: Final = frozenset({"SIGNALBOX_API_KEY"})

WaitOrStop = Callable[[float], bool]
"""Wait for a number of seconds, and return whether to stop, as soon as that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRegistered:
    """Sends heartbeats until it is to stop, and then deregisters the instance.

    `register` sends one, `registered` gets the answer to the first; `note` gets what went wrong.
    """

    register: Callable[[], RegisterInstanceResponse]
    deregister: Callable[[], None]
    registered: Callable[[RegisterInstanceResponse], None]
    wait: WaitOrStop
    random: Random
    note: Callable[[str], None]

    def __call__(self) -> None:
        """Keep the instance registered.

        A heartbeat is sent after a third of the TTL, or a little before; one that fails is
        repeated after one second, two, four and so on, but not later than the next was due.

        Raises:
            ApiError: The first registration was refused.
        """
        interval, failures, first = _FIRST_RETRY, 0, True
        try:
            while True:
                try:
                    answer = self.register()
                except (ApiError, ApiUnavailable) as failure:
                    if first and isinstance(failure, ApiError):
                        raise
                    failures += 1
                    seconds = self._retry(failure, failures, None if first else interval)
                else:
                    if first:
                        self.registered(answer)
                    interval, failures, first = answer.ttl_seconds / _SHARE_OF_TTL, 0, False
                    seconds = interval * self.random.uniform(0.8, 1)
                if self.wait(seconds):
                    return
        finally:
            if not first:
                self._deregister()

    def _retry(
        self, failure: ApiError | ApiUnavailable, failures: int, interval: float | None
    ) -> float:
        self.note(f"heartbeat {failures} failed: {failure}")
        seconds: float = min(_FIRST_RETRY * 2.0 ** min(failures - 1, 10), interval or 10.0)
        after = failure.after if isinstance(failure, ApiUnavailable) else 0.0
        return max(seconds * self.random.uniform(0.5, 1), after)

    def _deregister(self) -> None:
        for attempt in range(_DEREGISTER_ATTEMPTS):
            try:
                return self.deregister()
            except ApiError as refused:
                if refused.status == HTTPStatus.NOT_FOUND:
                    return None
                return self.note(f"it was not deregistered: {refused}")
            except ApiUnavailable as failure:
                self.note(f"it was not deregistered: {failure}")
                if attempt + 1 < _DEREGISTER_ATTEMPTS:
                    self.wait(_FIRST_RETRY)
        self.note("the registration ends by itself")
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedCommand:
    """A command that runs while its instance is registered, in a process group of its own."""

    process: subprocess.Popen[bytes]
    stopping: StopFlag

    def wait(self, seconds: float) -> bool:
        """Wait, and return whether it has ended or is to stop."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.process.poll() is not None or self.stopping.wait(min(left, _POLL_SECONDS)):
                return True
        return self.process.poll() is not None

    def finish(self) -> int:
        """End the command if it still runs, and return its exit code.

        Gateways may call it for five seconds more, so it gets SIGTERM after that; and SIGKILL if
        it has not ended 30 seconds later, or at a second signal.
        """
        try:
            for number, grace in ((None, _DRAIN_SECONDS), (signal.SIGTERM, _STOP_SECONDS)):
                self._send(number)
                with suppress(subprocess.TimeoutExpired):
                    return _exit_code(self.process.wait(grace))
        except KeyboardInterrupt:
            pass
        self._send(signal.SIGKILL)
        return _exit_code(self.process.wait())

    def _send(self, number: signal.Signals | None) -> None:
        if number:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def keep_registered(
    *,
    register: Callable[[], RegisterInstanceResponse],
    deregister: Callable[[], None],
    registered: Callable[[RegisterInstanceResponse], None],
    note: Callable[[str], None],
    command: Sequence[str],
) -> int:
    """Keep an instance registered until a signal or the end of the command; return the exit code.

    Raises:
        CommandError: The command cannot be started, or the first registration was refused.
    """
    stopping = stop_on_signals()
    served = start_served(command_argv(command), stopping) if command else None
    try:
        KeepRegistered(
            register=register,
            deregister=deregister,
            registered=registered,
            wait=served.wait if served else stopping.wait,
            random=SystemRandom(),
            note=note,
        )()
    finally:
        code = served.finish() if served else 0
    return code


def start_served(argv: Sequence[str], stopping: StopFlag) -> ServedCommand:
    """Start a command, which does not get the API key.

    Raises:
        CommandError: It cannot be started.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _WITHHELD}
    try:
        process = subprocess.Popen(argv, env=kept, start_new_session=True)
    except OSError as failure:
        raise CommandError(f"{argv[0]} cannot be started: {failure.strerror}") from None
    return ServedCommand(process=process, stopping=stopping)


def _exit_code(status: int) -> int:
    """Return the code as a shell has it: 128 and the number of a signal that ended it."""
    return status if status >= 0 else _SIGNALLED - status
