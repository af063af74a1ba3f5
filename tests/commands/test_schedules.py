"""signalbox schedules, against the API."""

import json

from tests.commands.conftest import CommandLine
from tests.commands.served import Served


def test_a_schedule_is_added_shown_paused_resumed_run_and_removed(
    signalbox: CommandLine, served: Served
) -> None:
    added = signalbox(
        *("schedules", "add", "daily", "Report", "--cron", "0 7 * * *", "--priority", "high"),
        *("--timezone", "Europe/Berlin", "--label", "a", "--catch-up", "all", "--json"),
    )
    paused = signalbox("schedules", "pause", "daily", "--json")
    resumed = signalbox("schedules", "resume", "daily", "--json")
    shown = signalbox("schedules", "show", "daily", "--limit", "3", "--json")
    listed = signalbox("schedules", "list")
    ran = signalbox("schedules", "run", "daily", "--json")
    removed = signalbox("schedules", "remove", "daily")

    assert added.code == 0, added.err
    assert json.loads(added.out)["task"]["labels"] == ["a"]
    assert [json.loads(each.out)["enabled"] for each in (paused, resumed)] == [False, True]
    assert len(json.loads(shown.out)["next_runs"]) == 3
    assert "0 7 * * * Europe/Berlin" in listed.out
    assert [task.id for task in served.all()] == [json.loads(ran.out)["id"]]
    assert (removed.code, signalbox("schedules", "show", "daily").code) == (0, 1)


def test_a_schedule_that_exists_is_not_replaced(signalbox: CommandLine) -> None:
    signalbox("schedules", "add", "daily", "Report", "--cron", "0 7 * * *")

    again = signalbox("schedules", "add", "daily", "Other", "--cron", "0 8 * * *")

    assert again.code == 1
    assert "412 precondition_failed" in again.err


def test_a_schedule_without_a_time_is_refused_before_it_is_sent(signalbox: CommandLine) -> None:
    result = signalbox("schedules", "add", "daily", "Report")

    assert result.code == 1
    assert "expects one of `cron` and `at`" in result.err
