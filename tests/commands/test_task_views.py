import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pydantic import BaseModel

from cli.api_client import ApiClient, ApiUnavailable, session_for
from cli.output import Output
from cli.task_views import polls, task_fields, watch_all, watch_one
from signalbox.models.change import task_view
from signalbox.models.lifecycle import succeeded
from signalbox.models.task import Priority, TaskStatus
from tests.builders import a_lease, a_result, a_task, done, held
from tests.commands.conftest import CommandLine
from tests.commands.served import Served


@dataclass(frozen=True, kw_only=True)
class _Meanwhile(Output):
    """Each time that something was printed the next thing happens."""

    happens: Iterator[Callable[[], object]]

    def line(self, item: BaseModel, text: str) -> None:
        super().line(item, text)
        self._next()

    def note(self, text: str) -> None:
        super().note(text)
        self._next()

    def _next(self) -> None:
        next(self.happens, lambda: None)()


def api_of(served: Served) -> ApiClient:
    return ApiClient(base_url=served.url, key=served.key, session=session_for(served.url))


def test_a_list_shows_the_newest_first(signalbox: CommandLine, served: Served) -> None:
    for hour in (1, 3, 2):
        at = datetime(2026, 3, 1, hour, tzinfo=UTC)
        served.add(a_task(title=f"at {hour}", created_at=at))

    listed = json.loads(signalbox("tasks", "list", "--json").out)

    assert [task["title"] for task in listed] == ["at 3", "at 2", "at 1"]


def test_a_list_can_be_narrowed(signalbox: CommandLine, served: Served) -> None:
    served.add(a_task(title="low", priority=Priority.LOW))
    served.add(a_task(title="high", priority=Priority.HIGH))
    result = signalbox(
        "tasks", "list", "--priority=high", "--since=2026-03-01", "--provider=github"
    )

    assert "high" in result.out
    assert "low " not in result.out


def test_a_status_that_is_none_is_refused_by_the_api(signalbox: CommandLine) -> None:
    result = signalbox("tasks", "list", "--status", "odd")

    assert result.code == 1
    assert "422 validation_failed" in result.err


def test_a_task_is_shown_without_what_could_steer_the_terminal(
    signalbox: CommandLine, served: Served
) -> None:
    task = served.add(a_task(description="\x1b[2Jhello\x07"))

    result = signalbox("tasks", "show", task.id)

    assert "hello" in result.out
    assert "\x1b[2J" not in result.out
    assert "\x07" not in result.out


def test_every_fact_has_a_name() -> None:
    shown = task_fields(task_view(done(a_task())))

    assert shown["Result"] == "fixed"
    assert shown["Attempt"] == "1 of 3"
    assert shown["From"] == "github default issue_comment.created"


def test_an_unknown_task_fails(signalbox: CommandLine) -> None:
    assert signalbox("tasks", "show", "tsk_none").code == 1


def test_a_watched_task_is_told_until_it_succeeds(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    task = served.add(a_task())
    running = held(task)
    finished = succeeded(running, a_lease().id, running.fence, a_result(), task.updated_at)
    output = _Meanwhile(happens=iter([partial(served.put, running), partial(served.put, finished)]))

    good = watch_one(api_of(served), task.id, output, polls(0.0))

    lines = capsys.readouterr().out.splitlines()
    assert good
    assert [line.split()[3] for line in lines] == ["pending", "running", "succeeded"]
    assert lines[-1].endswith("fixed")


def test_a_task_that_fails_ends_its_watch_with_1(signalbox: CommandLine, served: Served) -> None:
    task = served.add(a_task())
    served.put(done(task).model_copy(update={"status": TaskStatus.FAILED}))

    assert signalbox("tasks", "watch", task.id).code == 1


def test_a_watch_begins_only_where_something_answers() -> None:
    api = ApiClient(
        base_url="http://127.0.0.1:9", key="k", session=session_for("http://127.0.0.1:9")
    )

    with pytest.raises(ApiUnavailable):
        watch_all(api, Output(), 0.01)


def test_a_watch_outlives_an_outage(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    task = served.add(a_task())

    def back() -> None:
        served.put(done(task))
        served.away = None

    output = _Meanwhile(happens=iter([partial(setattr, served, "away", 503), back]))

    good = watch_one(api_of(served), task.id, output, polls(0.0))

    assert good
    assert "503 Service Unavailable" in capsys.readouterr().err


def test_the_queues_are_shown(signalbox: CommandLine, served: Served) -> None:
    served.add(a_task(priority=Priority.HIGH, created_at=datetime.now(UTC) - timedelta(minutes=5)))

    rows = json.loads(signalbox("queue", "--json").out)

    high = next(row for row in rows if row["priority"] == "high")
    assert high["waiting"] == 1
    assert 300 <= high["oldest_seconds"] < 310


def test_a_watch_of_all_tells_what_is_new_and_what_changed(
    served: Served, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = served.add(done(a_task(title="old")))
    task = served.add(a_task(title="first"))
    changes: list[Callable[[], object]] = [
        lambda: served.add(a_task(title="second")),
        lambda: served.put(held(task)),
        lambda: None,
    ]

    def sleep(_: float) -> None:
        if not changes:
            raise KeyboardInterrupt
        changes.pop(0)()

    monkeypatch.setattr("cli.task_views.time.sleep", sleep)

    with pytest.raises(KeyboardInterrupt):
        watch_all(api_of(served), Output(), 1)

    lines = [line.split()[-3:] for line in capsys.readouterr().out.splitlines()]
    assert lines == [["v1", "pending", "first"], ["v1", "pending", "second"],
                     ["v2", "running", "first"]]  # fmt: skip
    assert old.title == "old"
