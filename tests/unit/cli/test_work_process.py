import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.work.process import RunningCommand, command_argv, start_command, task_variables
from signalbox.models.change import TaskView, task_view
from tests.builders import a_task

EVIL = "$(touch pwned) `touch pwned` \"; touch pwned; '; touch pwned\nrm -rf ."


def a_view(**changes: object) -> TaskView:
    return task_view(a_task(**changes))


def ran(command: str, task: TaskView | None = None) -> tuple[list[str], int | None]:
    """What the command printed, and its exit code."""
    result: list[str] = []
    running = start_command(command_argv([command]), task or a_view(), result.append)
    wait_for(lambda: running.ended() is not None)
    running.finish()
    running.stop()
    return result, running.process.poll()


def wait_for(there: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


def test_one_word_is_a_line_for_the_shell() -> None:
    assert command_argv(["cat | wc -l"]) == ["/bin/sh", "-c", "cat | wc -l"]


def test_more_words_are_a_program_and_what_it_is_given() -> None:
    assert command_argv(["echo", "a b", "$HOME"]) == ["echo", "a b", "$HOME"]


def test_a_program_that_is_not_there_is_found_out_before_any_task_is_claimed() -> None:
    with pytest.raises(CommandError, match="there is no program no-such-program"):
        command_argv(["no-such-program", "x"])


def test_the_command_reads_its_task_as_json() -> None:
    task = a_view(title="Fix the login")

    result, _ = ran("cat", task)

    assert TaskView.model_validate_json("\n".join(result)) == task


def test_the_facts_stand_in_variables() -> None:
    result, _ = ran('echo "$SIGNALBOX_TASK_KIND $SIGNALBOX_TASK_REPOSITORY $SIGNALBOX_TASK_BRANCH"')

    assert result == ["fix octo/hello"]


@pytest.mark.parametrize("field", ["title", "instruction", "author", "branch", "kind"])
def test_what_strangers_wrote_is_never_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    monkeypatch.chdir(tmp_path)
    variable = f"SIGNALBOX_TASK_{field.upper()}"

    result, code = ran(f'echo "${variable}"; cat >/dev/null', a_view(**{field: EVIL}))

    assert code == 0
    assert "\n".join(result) == EVIL
    assert list(tmp_path.iterdir()) == []


def test_the_workers_own_keys_are_not_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNALBOX_API_KEY", "sbx_test_x")
    monkeypatch.setenv("SIGNALBOX_WEBHOOK_SECRET", "secret")

    result, _ = ran("env | grep -c -e SIGNALBOX_API_KEY -e WEBHOOK_SECRET")

    assert result == ["0"]


def test_the_command_gets_the_trace_context_of_the_task() -> None:
    task = a_view()

    result, _ = ran("echo $TRACEPARENT", task)

    assert result == [task.traceparent]


def test_a_text_with_what_no_variable_can_hold_is_no_trouble() -> None:
    assert task_variables(a_view(title="a\0b"))["SIGNALBOX_TASK_TITLE"] == "ab"


def test_the_longest_instruction_fits() -> None:
    result, code = ran("echo ${#SIGNALBOX_TASK_INSTRUCTION}", a_view(instruction="漢" * 10_000))

    assert code == 0
    assert int(result[0]) >= 10_000


def test_a_command_that_does_not_read_is_no_trouble() -> None:
    result, code = ran("exec 0<&-; echo done", a_view(description="x" * 200_000))

    assert (result, code) == (["done"], 0)


def test_errors_are_heard_among_the_rest_and_nothing_steers_the_terminal() -> None:
    result, code = ran("echo out; echo err >&2; printf '\\033[31mred\\033[0m\\n'; exit 3")

    assert sorted(result) == ["err", "out", "red"]
    assert code == 3


def test_bytes_that_are_no_text_are_shown_as_well_as_can_be() -> None:
    result, _ = ran("printf 'a\\377b\\n'")

    assert result == ["a\ufffdb"]


def test_a_line_without_an_end_is_cut() -> None:
    result, _ = ran("head -c 10000 /dev/zero | tr '\\0' x")

    assert sum(len(line) for line in result) == 10_000
    assert max(len(line) for line in result) == 4_000


def test_only_the_last_lines_are_kept() -> None:
    running = start_command(command_argv(["seq 1 1000; echo; echo ' '"]), a_view(), lambda _: None)
    wait_for(lambda: running.ended() is not None)
    running.stop()

    assert running.last_line == "1000"
    assert running.tail.startswith("963\n")


def stopped(command: str, ready: Callable[[RunningCommand], bool]) -> tuple[RunningCommand, float]:
    running = start_command(command_argv([command]), a_view(), lambda _: None)
    wait_for(lambda: ready(running))
    began = time.monotonic()
    running.stop()
    return running, time.monotonic() - began


def test_a_stopped_command_takes_its_children_with_it() -> None:
    running, seconds = stopped(
        "sleep 60 & echo $!; wait", ready=lambda running: running.last_line.isdigit()
    )

    assert running.ended() is not None
    wait_for(lambda: gone(int(running.last_line)))
    assert seconds < 4


def test_a_command_that_will_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.work.process._GRACE_SECONDS", 0.2)

    running, _ = stopped(
        "trap '' TERM; echo ready; while :; do sleep 0.05; done",
        ready=lambda running: running.last_line == "ready",
    )

    assert running.process.poll() == -9


def test_a_child_that_stays_behind_does_not_hold_us_up() -> None:
    began = time.monotonic()

    running = start_command(command_argv(["sleep 30 & echo $!"]), a_view(), lambda _: None)
    wait_for(lambda: running.ended() is not None)
    running.stop()

    assert time.monotonic() - began < 5
    wait_for(lambda: gone(int(running.last_line)))


def test_what_cannot_be_started_is_said_so() -> None:
    with pytest.raises(CommandError, match="does not start"):
        start_command([os.devnull], a_view(), lambda _: None)


def test_a_task_is_json_whatever_is_in_it() -> None:
    result, _ = ran("cat", a_view(title="\u2028\x7f\\"))

    assert json.loads("\n".join(result))["kind"] == "fix"
