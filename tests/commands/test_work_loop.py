import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread, Timer
from time import monotonic, sleep
from typing import Any

import pytest
import requests

from cli.api_client import ApiClient, ApiError, ApiUnavailable, session_for
from cli.errors import CommandError
from cli.output import Output
from cli.target import PROJECT
from cli.work.attempt import AttemptRunner
from cli.work.loop import Worker
from cli.work.process import command_argv, command_starter
from cli.work.running import AttemptOutcome
from cli.work.signals import StopFlag
from signalbox.models.ids import TaskId, WorkerId
from signalbox.models.span import SpanKind
from signalbox.models.task import TaskStatus
from signalbox.models.trace_context import task_traceparent
from tests.builders import a_task
from tests.commands.conftest import CommandLine
from tests.commands.served import Served
from tests.fakes.spans import recorded_spans


def worker_of(api: ApiClient, argv: list[str], stopping: StopFlag | None = None) -> Worker:
    runner = AttemptRunner(
        api=api,
        name=WorkerId("w1"),
        output=Output(),
        lease_seconds=30,
        stopping=stopping or StopFlag(),
        program=Path(argv[0]).name,
    )
    return Worker(runner=runner, start=command_starter(argv), wait_seconds=0)


def worker(served: Served, command: str, stopping: StopFlag | None = None) -> Worker:
    api = ApiClient(base_url=served.url, key=served.key, session=session_for(served.url), timeout=5)
    return worker_of(api, command_argv([command]), stopping)


def log_of(served: Served, task: TaskId) -> list[str]:
    with served.one_at_a_time:
        return [
            line.text for chunk in served.wiring.logs.after(task, 0) for line in chunk.behind(0)
        ]


def test_a_command_that_ends_well_completes_its_task(served: Served) -> None:
    task = served.add(a_task())

    end = worker(served, "echo working; echo all good").once()

    result = served.now(task).result
    assert end is AttemptOutcome.SUCCEEDED
    assert served.now(task).status is TaskStatus.SUCCEEDED
    assert result is not None
    assert result.summary == "working\nall good"
    assert worker(served, "true").once() is None, "its message is gone"


def test_what_a_command_prints_is_in_the_log_of_its_task(served: Served) -> None:
    task = served.add(a_task())

    worker(served, "echo begun; sleep 1.5; echo begun-2; printf '\\033[1mdone'").once()

    assert log_of(served, task.id) == ["begun", "begun-2", "done"]


def test_what_could_not_be_told_at_once_is_told_later_and_once(served: Served) -> None:
    task = served.add(a_task())
    Timer(0.5, setattr, (served, "away", 503)).start()
    Timer(2.2, setattr, (served, "away", None)).start()

    end = worker(served, "for n in $(seq 1200); do echo $n; done; sleep 1.6; echo last").once()

    assert end is AttemptOutcome.SUCCEEDED
    assert log_of(served, task.id) == [*map(str, range(1, 1201)), "last"]


def test_a_command_that_ends_badly_fails_its_attempt(served: Served) -> None:
    task = served.add(a_task())

    end = worker(served, "echo no such file >&2; exit 3").once()

    assert end is AttemptOutcome.FAILED
    assert served.now(task).status is TaskStatus.PENDING
    assert served.now(task).last_step.reason == "the command ended with 3: no such file"


def test_the_last_attempt_fails_the_task(served: Served) -> None:
    task = served.add(a_task(max_attempts=1))

    worker(served, "exit 1").once()

    assert served.now(task).status is TaskStatus.FAILED
    assert served.now(task).reason == "the command ended with 1"


def test_there_may_be_nothing_to_do(served: Served) -> None:
    assert worker(served, "true").once() is None


def test_secrets_in_what_a_command_prints_are_not_sent(served: Served) -> None:
    task = served.add(a_task())

    worker(served, "echo Authorization: Bearer abc123def456ghi789").once()

    result = served.now(task).result
    assert result is not None
    assert "abc123" not in result.summary


def test_much_output_is_cut_to_its_end(served: Served) -> None:
    task = served.add(a_task())

    worker(served, "seq -f '%0200g' 1 1000").once()

    result = served.now(task).result
    assert result is not None
    assert len(result.summary) == 4_000
    assert result.summary.endswith("1000")


def test_a_worker_that_is_stopped_gives_its_task_back(served: Served) -> None:
    task = served.add(a_task())
    stopping = StopFlag()
    Timer(0.3, stopping.set).start()

    end = worker(served, "sleep 60", stopping).once()

    after = served.now(task)
    assert end is AttemptOutcome.RELEASED
    assert (after.status, after.attempt) == (TaskStatus.PENDING, 0)
    assert after.last_step.reason == "worker w1 was stopped"


def test_a_task_that_comes_too_late_is_given_back_at_once(served: Served, tmp_path: Path) -> None:
    task = served.add(a_task())
    stopping = StopFlag()
    stopping.set()

    end = worker(served, f"touch {tmp_path}/begun", stopping).once()

    assert end is AttemptOutcome.RELEASED
    assert served.now(task).status is TaskStatus.PENDING
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_worker_and_gives_its_task_back(
    served: Served, number: signal.Signals
) -> None:
    task = served.add(a_task())
    command = [sys.executable, "-m", "cli", f"--url={served.url}", "work", "--", "sleep 60"]
    environment = {**os.environ, "SIGNALBOX_API_KEY": served.key}

    with subprocess.Popen(  # noqa: S603 - ours
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        while "claimed" not in process.stdout.readline():
            pass
        process.send_signal(number)
        rest = process.stdout.read()

    assert process.returncode == 0
    assert "released" in rest
    assert served.now(task).status is TaskStatus.PENDING


def during(act: Callable[[], None], folder: Path) -> str:
    """A command that ends when `act` was done while it ran."""
    begun, done = folder / "begun", folder / "done"

    def watch() -> None:
        while not begun.exists():
            sleep(0.02)
        act()
        done.touch()

    Thread(target=watch, daemon=True).start()
    return f"touch {begun}; until [ -e {done} ]; do sleep 0.05; done"


def test_what_somebody_else_finished_is_not_finished_again(served: Served, tmp_path: Path) -> None:
    task = served.add(a_task())

    def taken() -> None:
        held = served.now(task)
        served.put(held.model_copy(update={"fence": held.fence + 1, "version": held.version + 1}))

    end = worker(served, during(taken, tmp_path)).once()

    assert end is AttemptOutcome.LOST
    assert served.now(task).status is TaskStatus.RUNNING


def test_the_end_is_told_again_where_it_was_not_heard(
    served: Served, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    task = served.add(a_task())

    def is_away() -> None:
        served.away = 503
        Timer(0.7, setattr, (served, "away", None)).start()

    end = worker(served, during(is_away, tmp_path)).once()

    assert end is AttemptOutcome.SUCCEEDED
    assert served.now(task).status is TaskStatus.SUCCEEDED
    assert "succeeded" in capsys.readouterr().out


def test_a_command_that_does_not_start_gives_its_task_back(served: Served) -> None:
    task = served.add(a_task())
    broken = worker(served, "true")

    with pytest.raises(CommandError, match="does not start"):
        worker_of(broken.runner.api, ["/dev/null"]).once()

    assert served.now(task).status is TaskStatus.PENDING
    assert served.now(task).attempt == 0


def stop_once(stopping: StopFlag, met: Callable[[], bool]) -> None:
    """Stops a worker as soon as a condition holds, or after 20 seconds."""

    def watch() -> None:
        until = monotonic() + 20
        while not met() and monotonic() < until:
            sleep(0.05)
        stopping.set()

    Thread(target=watch, daemon=True).start()


def test_a_worker_goes_on_until_it_is_stopped(served: Served) -> None:
    tasks = [served.add(a_task()) for _ in range(3)]
    stopping = StopFlag()
    stop_once(stopping, lambda: all(served.now(task).finished for task in tasks))

    worker(served, "true", stopping).run()

    assert {served.now(task).status for task in tasks} == {TaskStatus.SUCCEEDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class _RecordedRequests(ApiClient):
    """A client that remembers what it sent to which path."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def reply(self, method: str, path: str, **more: Any) -> requests.Response:
        self.sent.append((path.rpartition("/")[2], (more.get("content") or b"").decode()))
        return ApiClient.reply(self, method, path, **more)


def recorded(served: Served) -> _RecordedRequests:
    return _RecordedRequests(base_url=served.url, key=served.key, session=session_for(served.url))


def test_a_busy_worker_sends_one_request_for_each_task(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    tasks = [served.add(a_task()) for _ in range(3)]
    api, stopping = recorded(served), StopFlag()
    stop_once(stopping, lambda: all(served.now(task).finished for task in tasks))

    worker_of(api, command_argv(["true"]), stopping).run()

    claims = [number for number, (name, _) in enumerate(api.sent) if name == "claim"]
    ends = [body for name, body in api.sent if name == "complete"]
    assert claims[:1] == [0]
    assert all(number > 3 for number in claims[1:]), "it claims again when no task was left"
    assert [json.loads(body).get("claim") for body in ends[:2]] == [
        {"worker": "w1", "lease_seconds": 30}
    ] * 2
    assert capsys.readouterr().out.count("  claimed  ") == 3


def test_a_failed_attempt_claims_the_next_task_too(served: Served) -> None:
    tasks = [served.add(a_task(max_attempts=1)) for _ in range(2)]
    api, stopping = recorded(served), StopFlag()
    stop_once(stopping, lambda: all(served.now(task).finished for task in tasks))

    worker_of(api, command_argv(["false"]), stopping).run()

    assert [name for name, _ in api.sent[:3]] == ["claim", "fail", "fail"]
    assert {served.now(task).status for task in tasks} == {TaskStatus.FAILED}


def test_a_worker_that_stops_ends_its_task_without_a_claim(served: Served, tmp_path: Path) -> None:
    tasks = [served.add(a_task()) for _ in range(2)]
    api, stopping = recorded(served), StopFlag()

    worker_of(api, command_argv([during(stopping.set, tmp_path)]), stopping).run()

    [body] = [body for name, body in api.sent if name in {"complete", "release"}]
    assert "claim" not in json.loads(body)
    assert not any(served.now(task).status is TaskStatus.RUNNING for task in tasks)


def test_one_task_is_run_without_a_claim_of_another(served: Served) -> None:
    for _ in range(2):
        served.add(a_task())
    api = recorded(served)

    worker_of(api, command_argv(["true"])).once()

    assert [(name, "worker" in body) for name, body in api.sent] == [
        ("claim", True),
        ("complete", False),
    ]


class _ShortWaits(StopFlag):
    """Its waits end early, as if the time were over."""

    def wait(self, seconds: float) -> bool:
        return super().wait(min(seconds, 0.1))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_worker_outlives_an_outage(served: Served, status: int) -> None:
    task = served.add(a_task())
    served.away = status
    stopping = _ShortWaits()
    Timer(0.2, setattr, (served, "away", None)).start()
    stop_once(stopping, lambda: served.now(task).finished)

    worker(served, "true", stopping).run()

    assert served.now(task).status is TaskStatus.SUCCEEDED


def test_a_worker_with_a_wrong_key_ends_at_once(served: Served) -> None:
    api = ApiClient(base_url=served.url, key="wrong", session=session_for(served.url))
    stranger = worker_of(api, ["true"])

    with pytest.raises(ApiError, match="401"):
        stranger.run()


def test_once_does_not_wait_for_what_is_not_there() -> None:
    api = ApiClient(
        base_url="http://127.0.0.1:9", key="k", session=session_for("http://127.0.0.1:9")
    )

    with pytest.raises(ApiUnavailable):
        worker_of(api, ["true"]).once()


def test_exit_codes_say_how_the_one_task_ended(signalbox: CommandLine, served: Served) -> None:
    options = ("work", "--once", "--wait=0", "--worker=w1", "--")

    nothing = signalbox(*options, "true")
    served.add(a_task())
    good = signalbox(*options, "true")
    served.add(a_task())
    bad = signalbox(*options, "false")

    assert (nothing.code, good.code, bad.code) == (0, 0, 1)


def test_what_happens_is_an_object_a_line_for_programs(
    signalbox: CommandLine, served: Served, tmp_path: Path
) -> None:
    task = served.add(a_task())
    seen = tmp_path / "seen"
    options = ("work", "--once", "--json", "--wait=0", "--")

    result = signalbox(*options, "sh", "-c", 'cat > "$0"; echo ok', str(seen))

    happened = [json.loads(line) for line in result.out.splitlines()]
    assert [each["what"] for each in happened] == ["claimed", "output", "succeeded"]
    assert {each["task_id"] for each in happened} == {task.id}
    assert json.loads(seen.read_text())["id"] == task.id


def test_the_command_gets_its_trace_whether_its_span_is_exported_or_not(served: Served) -> None:
    first, second = served.add(a_task()), served.add(a_task())
    contexts = {each.id: task_traceparent(each) for each in (first, second)}

    worker(served, "echo $TRACEPARENT").once()
    with recorded_spans() as spans:
        worker(served, "echo $TRACEPARENT; exit 3").once()

    logs = {each.id: log_of(served, each.id)[0] for each in (first, second)}
    [span] = [each for each in spans if each.kind is SpanKind.CLIENT]
    exported = TaskId(str(span.attributes["signalbox.task_id"]))
    [other] = contexts.keys() - {exported}
    assert logs == {other: contexts[other], exported: span.traceparent}
    assert span.parent == contexts[exported]
    assert (span.name, span.error) == ("sh", AttemptOutcome.FAILED)
    assert "TRACEPARENT" not in str(span.attributes)
    reports = [each for each in spans if each.name.endswith("/fail")]
    assert [each.parent for each in reports] == [span.traceparent]
