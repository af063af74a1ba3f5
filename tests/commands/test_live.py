"""The client of live updates: it resumes, drops repeats, and is noticed only where it must be."""

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.sync.server import ServerConnection, serve

from cli.api_client import ApiClient
from cli.errors import CommandError, Unreachable
from cli.live.client import LiveEvents, LiveFrame
from cli.live.view import TaskTable, frame_line, task_wakes
from cli.output import Output
from signalbox.models.change import task_summary
from signalbox.models.ids import TaskId
from tests.builders import a_task

Script = Callable[[ServerConnection, dict[str, Any]], None]


class Done(Exception):
    """The test has seen enough."""


def an_event(number: int, key: str = "k") -> str:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"tasks:{number}.0",
            "source": "/signalbox/test",
            "type": "signalbox.task.created",
            "time": "2026-03-01T12:00:00.000000Z",
            "subject": key,
            "topic": "tasks",
            "data": {"status": "pending", "title": key},
        }
    )


def control(kind: str, **data: Any) -> str:
    frame = json.loads(an_event(1))
    return json.dumps(frame | {"id": "frm_1", "type": f"signalbox.realtime.{kind}", "data": data})


def subscribed(after: str = "tasks:1.9999", *, resumed: bool = True) -> str:
    return control("subscribed", topic="tasks", after=after, resumed=resumed)


@contextmanager
def serving(*scripts: Script) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server whose connections follow the scripts, and the first message of each."""
    left, asked = list(scripts), list[dict[str, Any]]()

    def handle(connection: ServerConnection) -> None:
        message = json.loads(connection.recv())
        assert connection.request
        asked.append(message | {"key": connection.request.headers["X-API-Key"]})
        left.pop(0)(connection, message)

    with serve(handle, "127.0.0.1", 0, compression=None) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/live", asked
        finally:
            server.shutdown()
            thread.join()


def says(*texts: str) -> Script:
    def script(connection: ServerConnection, _: dict[str, Any]) -> None:
        for text in texts:
            connection.send(text)

    return script


def events(url: str, notes: list[str], **more: Any) -> LiveEvents:
    return LiveEvents(
        url=url, key="sbx", topic="tasks", note=notes.append, sleep=lambda _: None, **more
    )


def first(count: int, frames: LiveEvents) -> list[LiveFrame]:
    with closing(cast("Generator[LiveFrame]", iter(frames))) as found:
        return list(islice(found, count))


def test_a_connection_that_breaks_is_resumed_unnoticed() -> None:
    notes: list[str] = []
    with serving(
        says(subscribed(), an_event(2, "a"), an_event(3, "b")),
        says(subscribed("tasks:3.0"), an_event(3, "b"), an_event(4, "c")),
    ) as (url, asked):
        found = first(3, events(url, notes, filters={"status": "pending"}))

    assert [frame.subject for frame in found] == ["a", "b", "c"]
    assert notes == []
    assert asked == [
        {"type": "subscribe", "topic": "tasks", "filter": {"status": "pending"}, "key": "sbx"},
        {
            "type": "subscribe",
            "topic": "tasks",
            "filter": {"status": "pending"},
            "after": "tasks:3.0",
            "key": "sbx",
        },
    ]


def test_it_reconnects_when_it_is_asked_to() -> None:
    with serving(
        says(subscribed(), control("reconnect", ends_at="2026-03-01T12:10:00Z"), an_event(2, "x")),
        says(subscribed(), an_event(2, "a")),
    ) as (url, asked):
        found = first(1, events(url, []))

    assert [frame.subject for frame in found] == ["a"]
    assert asked[1]["after"] == "tasks:1.9999"


def test_what_was_missed_is_said_and_the_state_is_read_again() -> None:
    notes: list[str] = []
    reads: list[int] = []
    with serving(
        says(subscribed(), an_event(9, "a")),
        says(subscribed("tasks:7.9999", resumed=False), an_event(8, "b")),
    ) as (url, _):
        found = first(2, events(url, notes, refresh=lambda: reads.append(1)))

    assert [frame.subject for frame in found] == ["a", "b"]
    assert notes == ["events were missed: the outage lasted for more than ten minutes"]
    assert len(reads) == 2


def test_a_task_is_read_at_the_start_and_at_each_event_and_after_a_silence() -> None:
    def script(connection: ServerConnection, _: dict[str, Any]) -> None:
        connection.send(subscribed())
        connection.send(an_event(2, "a"))
        connection.recv()

    with serving(script) as (url, _):
        wakes = events(url, [], silence=0.01).wakes()
        with closing(cast("Generator[LiveFrame | None]", wakes)) as found:
            seen = [frame and frame.subject for frame in islice(found, 4)]

    assert seen == [None, "a", None, None]


def test_a_task_is_polled_where_there_are_no_live_updates() -> None:
    ticket = SimpleNamespace(url="ws://127.0.0.1:9/live")
    api = cast("ApiClient", SimpleNamespace(ask=lambda *_: ticket, key="sbx"))

    wakes = list(islice(task_wakes(api, TaskId("tsk_a"), Output(), 0.0), 3))

    assert wakes == [None] * 3


def test_a_pause_of_a_queue_is_named() -> None:
    frame = LiveFrame.model_validate_json(an_event(2, "low"))
    paused = frame.model_copy(update={"data": {"waiting": 0, "pause": {"by": "ada"}}})

    assert frame_line(paused).endswith("low  0  paused")


def test_a_silence_that_lasts_sends_a_ping() -> None:
    pings: list[dict[str, Any]] = []

    def script(connection: ServerConnection, _: dict[str, Any]) -> None:
        connection.send(subscribed())
        pings.append(json.loads(connection.recv()))
        connection.send(an_event(2, "a"))

    with serving(script) as (url, _):
        first(1, events(url, [], silence=0.01, ping_after=0.02))

    assert pings == [{"type": "ping"}]


def test_a_refused_subscription_ends_the_command() -> None:
    error = control("error", code="forbidden", detail="this needs the scope metrics:read")
    with serving(says(error)) as (url, _), pytest.raises(CommandError, match="metrics:read"):
        first(1, events(url, []))


def test_an_outage_is_an_error_only_at_the_start() -> None:
    with pytest.raises(Unreachable):
        first(1, events("ws://127.0.0.1:9/live", []))


def test_an_outage_that_lasts_is_reported_once() -> None:
    notes: list[str] = []
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 6:
            raise Done

    with serving(says(subscribed(), an_event(2, "a"))) as (url, _):
        live = events(url, notes)
        iterator = iter(live)
        next(iterator)
    live.sleep = sleep
    with pytest.raises(Done):
        next(iterator)

    assert len(notes) == 1
    assert naps == sorted(naps)


def test_frames_that_are_unknown_are_skipped() -> None:
    with serving(says("{", "[]", subscribed(), control("later"), an_event(2, "a"))) as (url, _):
        found = first(1, events(url, []))

    assert frame_line(found[0]) == "2026-03-01 12:00:00  task.created  a  pending  a"


def test_a_table_of_tasks_takes_no_older_state(capsys: pytest.CaptureFixture[str]) -> None:
    old = task_summary(a_task(title="first"))
    new = old.model_copy(update={"version": 3, "title": "third"})
    table = TaskTable(output=Output())

    table.reload([old])
    for task in (new, old.model_copy(update={"version": 2})):
        frame = LiveFrame.model_validate_json(an_event(2)).model_copy(
            update={"data": task.model_dump(mode="json")}
        )
        table.apply(frame)

    assert table.rows == {old.id: new}
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == ["first", "third"]
