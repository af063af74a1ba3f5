import json
from collections.abc import Sequence

import pytest

from cli.api_client import ApiClient, ApiUnavailable, session_for
from cli.errors import CommandError
from cli.log_stream import follow_log
from cli.output import Output
from signalbox.models.ids import TaskId
from signalbox.models.log import Chunk
from signalbox.models.task import Task, TaskStatus
from tests.builders import NOW, a_task, done
from tests.commands.conftest import CommandLine
from tests.commands.served import Served
from tests.fakes.http_server import FakeHttpServer, Reply

TASK = TaskId(f"tsk_{24 * 'a'}")


def logged(served: Served, *texts: str, status: TaskStatus = TaskStatus.SUCCEEDED) -> Task:
    """A task that has ended like this, and had this to say."""
    task = served.add(a_task())
    served.put(done(task).model_copy(update={"status": status}))
    chunk = Chunk(first=1, seq=1, fence=1, attempt=1, at=NOW, size=9, lines=texts)
    assert served.wiring.logs.add(task.id, chunk, None)
    return task


def line(seq: int, text: str) -> str:
    data = {"seq": seq, "at": "2026-03-01T12:00:00Z", "attempt": 1, "text": text}
    return f"id: {seq}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def end(seq: int, status: str = "succeeded") -> str:
    return f'event: end\nid: {seq}-end\ndata: {{"status": "{status}"}}\n\n'


def stream(*parts: str) -> Reply:
    body = "".join((*parts, "retry: 1\n\n")).encode()
    return Reply(body=body, headers={"Content-Type": "text/event-stream"})


def followed(replies: Sequence[Reply]) -> tuple[bool, list[str]]:
    """How following ended, and behind which events it asked."""
    with FakeHttpServer().running() as server:
        server.replies(*replies)
        api = ApiClient(base_url=server.url, key="sbx_test_any", session=session_for(server.url))
        good = follow_log(api, TASK, Output())
        assert {asked.headers["accept"] for asked in server.received} == {"text/event-stream"}
        return good, [asked.headers.get("last-event-id", "") for asked in server.received]


def test_a_log_is_printed_line_by_line(signalbox: CommandLine, served: Served) -> None:
    task = logged(served, "cloning", "é\x1b[2J")

    result = signalbox("tasks", "logs", task.id)

    assert result.out.splitlines() == ["2026-03-01 12:00:00  cloning", "2026-03-01 12:00:00  é"]


def test_a_log_of_many_pages_is_printed_whole(
    signalbox: CommandLine, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.log_stream._PAGE_SIZE", "2")
    task = logged(served, *"abcde")

    result = signalbox("tasks", "logs", task.id, "--json")

    assert [json.loads(row)["text"] for row in result.out.splitlines()] == [*"abcde"]


@pytest.mark.parametrize(("status", "code"), [(TaskStatus.SUCCEEDED, 0), (TaskStatus.FAILED, 1)])
def test_a_log_is_followed_to_the_end_and_the_exit_code_says_which(
    signalbox: CommandLine, served: Served, status: TaskStatus, code: int
) -> None:
    task = logged(served, "é", status=status)

    result = signalbox("tasks", "logs", task.id, "--follow")

    assert result.code == code
    assert result.out == "2026-03-01 12:00:00  é\n"
    assert result.err == f"ended: {status}\n"


def test_a_stream_is_taken_up_behind_the_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    good, asked = followed(
        [
            stream(line(1, "a"), line(2, "b")),
            stream(": keep-alive\n\n"),
            stream(line(3, "c"), end(3)),
        ]
    )

    assert good
    assert asked == ["", "2", "2"]
    assert [row[-1] for row in capsys.readouterr().out.splitlines()] == ["a", "b", "c"]


def test_following_outlives_an_outage(capsys: pytest.CaptureFixture[str]) -> None:
    good, asked = followed(
        [
            stream(line(1, "a")),
            Reply(status=503, body=b'{"message": "away"}'),
            stream(end(1, "failed")),
        ]
    )

    assert not good
    assert asked == ["", "1", "1"]
    assert "503 away" in capsys.readouterr().err


def test_following_begins_only_where_something_answers() -> None:
    with pytest.raises(ApiUnavailable):
        followed([Reply(status=503)])


def test_a_log_that_begins_again_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    reset = "event: reset\nid: 0\ndata: {}\n\n"

    followed([stream(line(7, "a")), stream(reset, line(1, "a"), end(1))])

    assert "the log begins again" in capsys.readouterr().err


def test_a_stream_of_something_else_is_said_so() -> None:
    with pytest.raises(CommandError, match="not an event that this version knows"):
        followed([stream("id: 1\ndata: what is this\n\n")])
