import signal
import subprocess
import sys
from random import Random

import pytest

from cli.api_client import ApiError, ApiUnavailable
from cli.errors import CommandError
from cli.keep_registered import KeepRegistered, ServedCommand, start_served
from cli.work.signals import StopFlag
from signalbox.http.schemas.instances import RegisterInstanceResponse
from tests.builders import NOW

ANSWER = RegisterInstanceResponse.model_validate(
    {
        "id": "i-7",
        "version": None,
        "url": "https://i-7.example.com",
        "weight": 1,
        "zone": None,
        "metadata": {},
        "ttl_seconds": 30,
        "registered_at": NOW,
        "expires_at": NOW,
    }
)
DOWN = ApiUnavailable("the API does not answer")
REFUSED = ApiError(403, "forbidden")


class Rig:
    """An API that answers heartbeats as its script says, and then as usual."""

    def __init__(self, *script: CommandError | None, beats: int) -> None:
        self.script, self.beats = list(script), beats
        self.calls, self.waits = list[str](), list[float]()
        self.notes = list[str]()
        self.deregistrations: list[CommandError | None] = []

    def run(self) -> None:
        KeepRegistered(
            register=self._register,
            deregister=self._deregister,
            registered=lambda made: self.calls.append(f"registered {made.id}"),
            wait=self._wait,
            random=Random(1),
            note=self.notes.append,
        )()

    def _register(self) -> RegisterInstanceResponse:
        self.calls.append("heartbeat")
        failure = self.script.pop(0) if self.script else None
        if failure:
            raise failure
        return ANSWER

    def _deregister(self) -> None:
        self.calls.append("deregister")
        failure = self.deregistrations.pop(0) if self.deregistrations else None
        if failure:
            raise failure

    def _wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return self.calls.count("heartbeat") >= self.beats


def test_heartbeats_are_sent_at_a_third_of_the_ttl_or_a_little_before() -> None:
    rig = Rig(beats=50)

    rig.run()

    assert rig.calls == ["heartbeat", "registered i-7", *["heartbeat"] * 49, "deregister"]
    assert all(8 <= seconds <= 10 for seconds in rig.waits)
    assert len(set(rig.waits)) > 40
    assert rig.notes == []


def test_a_heartbeat_that_failed_is_repeated_sooner_than_the_next_was_due() -> None:
    rig = Rig(None, DOWN, DOWN, DOWN, REFUSED, DOWN, beats=7)

    rig.run()

    limits = zip(rig.waits[1:6], (1, 2, 4, 8, 10), strict=True)
    assert all(limit / 2 <= seconds <= limit for seconds, limit in limits)
    assert 8 <= rig.waits[6] <= 10
    assert rig.notes[0] == "heartbeat 1 failed: the API does not answer"
    assert rig.notes[3] == "heartbeat 4 failed: forbidden"


def test_an_api_that_says_when_to_come_back_is_not_asked_before() -> None:
    rig = Rig(None, ApiUnavailable("too many requests", after=20), beats=3)

    rig.run()

    assert rig.waits[1] == 20


def test_a_first_registration_that_is_refused_ends_the_command() -> None:
    rig = Rig(REFUSED, beats=1)

    with pytest.raises(ApiError):
        rig.run()

    assert rig.calls == ["heartbeat"]


def test_an_api_that_does_not_answer_at_first_is_waited_for() -> None:
    rig = Rig(DOWN, DOWN, beats=3)

    rig.run()

    assert rig.calls == [*["heartbeat"] * 3, "registered i-7", "deregister"]


def test_what_was_never_registered_is_not_deregistered() -> None:
    rig = Rig(DOWN, beats=1)

    rig.run()

    assert rig.calls == ["heartbeat"]


@pytest.mark.parametrize(
    ("failures", "attempts", "note"),
    [
        ([DOWN, None], 2, "it was not deregistered: the API does not answer"),
        ([DOWN] * 3, 3, "the registration ends by itself"),
        ([REFUSED], 1, "it was not deregistered: forbidden"),
    ],
)
def test_a_deregistration_that_fails_is_repeated_twice_at_most(
    failures: list[CommandError | None], attempts: int, note: str
) -> None:
    rig = Rig(beats=1)
    rig.deregistrations = failures

    rig.run()

    assert rig.calls.count("deregister") == attempts
    assert rig.notes[-1] == note


def test_a_registration_that_has_ended_needs_no_end() -> None:
    rig = Rig(beats=1)
    rig.deregistrations = [ApiError(404, "no such instance")]

    rig.run()

    assert rig.notes == []


def served(code: str) -> ServedCommand:
    return start_served([sys.executable, "-c", code], StopFlag())


def test_the_wait_ends_with_the_command_whose_exit_code_is_returned() -> None:
    command = served("raise SystemExit(7)")

    assert command.wait(60)
    assert command.finish() == 7


def test_a_command_that_a_signal_ended_has_the_exit_code_of_a_shell() -> None:
    command = served("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    command.wait(60)

    assert command.finish() == 128 + signal.SIGTERM


def test_the_wait_ends_when_the_command_is_to_stop() -> None:
    command = served("import time; time.sleep(60)")
    command.stopping.set()

    ended = command.wait(60)
    command.process.kill()

    assert ended
    assert command.process.wait(5) == -signal.SIGKILL


def test_the_command_does_not_get_the_api_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNALBOX_API_KEY", "sbx_secret")

    command = served("import os; raise SystemExit('SIGNALBOX_API_KEY' in os.environ)")

    assert command.process.wait(30) == 0


def test_a_command_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(CommandError, match="cannot be started"):
        start_served(["/nowhere/program"], StopFlag())


def test_a_process_that_ignores_sigterm_is_killed_by_a_second_signal() -> None:
    class Stubborn(subprocess.Popen[bytes]):
        def wait(self, timeout: float | None = None) -> int:
            if timeout is not None:
                raise KeyboardInterrupt
            return super().wait()

    argv = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = Stubborn(argv, start_new_session=True)

    assert ServedCommand(process=process, stopping=StopFlag()).finish() == 128 + signal.SIGKILL
