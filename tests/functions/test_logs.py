import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from pydantic import JsonValue

from signalbox.models.ids import TaskId
from signalbox.models.task import Priority
from tests.builders import an_id
from tests.functions.system import ApiResponse, System

TASKS = "/api/v1/tasks"


@dataclass
class Worker:
    """One that holds a task, and numbers its lines."""

    system: System
    task: str
    lease: dict[str, JsonValue]
    key: str
    sent: int = 0

    def say(self, *texts: str) -> ApiResponse:
        answer = self.post(range(self.sent + 1, self.sent + 1 + len(texts)), texts)
        self.sent += len(texts)
        return answer

    def post(self, numbers: range, texts: tuple[str, ...]) -> ApiResponse:
        lines: JsonValue = [
            {"seq": number, "text": text} for number, text in zip(numbers, texts, strict=True)
        ]
        return self.ask("logs", lines=lines)

    def ask(self, what: str, **more: JsonValue) -> ApiResponse:
        body: JsonValue = {"lease_id": self.lease["id"], "fence": self.lease["fence"], **more}
        return self.system.ask("POST", f"{TASKS}/{self.task}/{what}", body, key=self.key)


def working(system: System) -> Worker:
    task = system.ask("POST", TASKS, {"title": "Tidy up"}, key=system.key("admin")).word("id")
    system.wiring.queue.send(Priority.NORMAL, [TaskId(task)])
    return again(system, task)


def again(system: System, task: str) -> Worker:
    key = system.key("worker")
    claimed = system.ask("POST", "/api/v1/queue/claim", {"worker": "w1"}, key=key)
    assert claimed.part("task")["id"] == task
    return Worker(system, task, claimed.part("lease"), key)


def read(system: System, task: str, query: str = "") -> ApiResponse:
    return system.ask("GET", f"{TASKS}/{task}/logs{query}", key=system.key("viewer"))


def texts(answer: ApiResponse) -> list[JsonValue]:
    return [line["text"] for line in answer.items]


@dataclass
class Event:
    name: str = "message"
    data: str = ""


@dataclass
class Follower:
    """A client of event streams, after the algorithm of the specification."""

    system: System
    task: str
    key: str
    last_event_id: str = ""
    retry_ms: int = 0
    lines: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    gone: bool = False

    def ask(self) -> ApiResponse:
        headers = {"Accept": "text/event-stream"}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        return self.system.ask("GET", f"{TASKS}/{self.task}/logs", key=self.key, headers=headers)

    def read(self, body: str) -> None:
        """Takes what has arrived of an answer; an event that is not complete is none."""
        for event in self._events(body):
            self.names.append(event.name)
            if event.name == "message":
                self.lines.append(json.loads(event.data)["text"])
            elif event.name == "reset":
                self.lines.clear()

    def _events(self, body: str) -> Iterator[Event]:
        event, last_event_id = Event(), self.last_event_id
        for line in body.split("\n")[:-1]:
            name, _, value = line.partition(": ")
            if not line:
                self.last_event_id = last_event_id
                if event.data:
                    yield event
                event = Event()
            elif name == "event":
                event.name = value
            elif name == "data":
                event.data += value
            elif name == "id":
                last_event_id = value
            elif name == "retry":
                self.retry_ms = int(value)


def following(system: System, task: str) -> Follower:
    return Follower(system, task, system.key("viewer"))


def test_lines_are_appended_and_read_in_order(system: System) -> None:
    worker = working(system)

    first = worker.say("one", "two")
    system.clock.advance(seconds=1)
    worker.say("three")

    answer = read(system, worker.task)
    assert (first.status, first.json_body["stored"]) == (200, 2)
    assert answer.items[2] == {
        "seq": 3,
        "at": "2026-03-01T12:00:01Z",
        "attempt": 1,
        "text": "three",
        "masked": False,
    }
    assert (answer.json_body["next"], answer.json_body["finished"]) == (None, False)


def test_a_repeated_or_overlapping_batch_is_harmless(system: System) -> None:
    worker = working(system)
    worker.say("1", "2")

    repeated = worker.post(range(1, 3), ("1", "2"))
    worker.post(range(2, 5), ("2", "3", "4"))

    assert (repeated.status, repeated.json_body["stored"]) == (200, 0)
    assert texts(read(system, worker.task)) == ["1", "2", "3", "4"]


def test_a_batch_that_overtook_another_is_told_where_to_begin(system: System) -> None:
    worker = working(system)

    answer = worker.post(range(3, 4), ("3",))

    assert (answer.status, answer.json_body["code"]) == (409, "log_gap")
    assert answer.json_body["detail"] == "the next line has seq 1"


def test_pages_follow_each_other(system: System) -> None:
    worker = working(system)
    worker.say("1", "2", "3")
    worker.say("4", "5")

    pages = [read(system, worker.task, f"?limit=2&after={after}") for after in (0, 2, 4)]

    assert [texts(page) for page in pages] == [["1", "2"], ["3", "4"], ["5"]]
    assert [page.json_body["next"] for page in pages] == [2, 4, None]


def test_the_next_worker_counts_anew_and_the_lost_one_is_refused(system: System) -> None:
    lost = working(system)
    lost.say("from the first")
    system.clock.advance(seconds=301)

    found = again(system, lost.task)
    found.say("from the second")

    late = lost.say("too late")
    answer = read(system, lost.task)
    assert (late.status, late.json_body["code"]) == (409, "lease_lost")
    assert texts(answer) == ["from the first", "from the second"]
    assert [line["attempt"] for line in answer.items] == [1, 2]


def test_after_the_end_nothing_is_appended(system: System) -> None:
    worker = working(system)
    worker.say("all of it")
    worker.ask("complete")

    assert worker.say("more").status == 409
    assert read(system, worker.task).json_body["finished"] is True


def test_only_workers_append(system: System) -> None:
    worker = working(system)

    for role, status in {"viewer": 403, "operator": 403, "worker": 200, "admin": 200}.items():
        worker.key = system.key(role)
        assert worker.post(range(1, 2), ("x",)).status == status


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], "too_short"),
        ([{"seq": 0, "text": ""}], "greater_than_equal"),
        ([{"seq": 1, "text": "x" * 4_001}], "string_too_long"),
        ([{"seq": 1, "text": "a"}, {"seq": 3, "text": "b"}], "not_consecutive"),
        ([{"seq": 1, "text": "a"}, {"seq": 1, "text": "b"}], "not_consecutive"),
        ([{"seq": n, "text": ""} for n in range(1, 502)], "too_long"),
        ([{"seq": n, "text": "é" * 4_000} for n in range(1, 9)], "batch_too_large"),
        ([{"seq": 1, "text": "a", "at": "now"}], "extra_forbidden"),
    ],
)
def test_an_odd_batch_is_refused(system: System, lines: JsonValue, code: str) -> None:
    answer = working(system).ask("logs", lines=lines)

    assert answer.status == 422
    assert code in [fault["code"] for fault in answer.faults]


@pytest.mark.parametrize("query", ["?after=-1", "?limit=0", "?limit=1001", "?after=x"])
def test_an_odd_query_is_refused(system: System, query: str) -> None:
    assert read(system, an_id(), query).status == 422


def test_an_unknown_task_has_no_log(system: System) -> None:
    assert read(system, an_id()).status == 404
    assert following(system, an_id()).ask().status == 404


def test_a_finished_log_is_streamed_to_its_end_and_then_no_more(system: System) -> None:
    worker = working(system)
    worker.say("one", "two \u2028 lines\nin one")
    worker.ask("complete")
    client = following(system, worker.task)

    answer = client.ask()
    client.read(answer.text)

    assert answer.headers["content-type"] == "text/event-stream"
    assert client.lines == ["one", "two \u2028 lines\nin one"]
    assert client.names == ["message", "message", "end"]
    assert client.last_event_id == "2-end"
    assert client.retry_ms == 1_000
    assert (client.ask().status, client.ask().text) == (204, "")


def test_a_retried_task_goes_on_after_its_end(system: System) -> None:
    worker = working(system)
    worker.say("one")
    worker.ask("fail", reason="no luck", retryable=False)
    client = following(system, worker.task)
    client.read(client.ask().text)
    system.ask("POST", f"{TASKS}/{worker.task}/retry", key=system.key("admin"))
    system.wiring.queue.send(Priority.NORMAL, [TaskId(worker.task)])
    again(system, worker.task).say("two")

    client.read(client.ask().text)

    assert client.lines == ["one", "two"]
    assert "reset" not in client.names


def test_a_silent_log_is_held_for_25_seconds_and_asked_for_again(system: System) -> None:
    client = following(system, working(system).task)
    before = system.clock()

    answer = client.ask()
    client.read(answer.text)

    assert (system.clock() - before).total_seconds() == 25
    assert answer.text == ": keep-alive\n\nretry: 1000\n\n"
    assert client.retry_ms == 1_000


@pytest.mark.parametrize("unknown", ["3", "made-up", "-1", "1e3", "99999999999", "0-End", "01"])
def test_an_id_that_was_never_given_begins_anew(system: System, unknown: str) -> None:
    worker = working(system)
    worker.say("one", "two")
    client = following(system, worker.task)
    client.last_event_id, client.lines = unknown, ["of another log"]

    client.read(client.ask().text)

    assert client.names == ["reset", "message", "message"]
    assert client.lines == ["one", "two"]
    assert client.last_event_id == "2"


def test_a_stream_may_begin_behind_a_place(system: System) -> None:
    worker = working(system)
    worker.say("one", "two")
    headers = {"Accept": "application/json;q=0.1, Text/Event-Stream"}

    answer = system.ask(
        "GET", f"{TASKS}/{worker.task}/logs?after=1", key=worker.key, headers=headers
    )

    assert answer.text.startswith("id: 2\n")


@pytest.mark.parametrize("seed", range(3))
def test_of_many_clients_cut_off_anywhere_none_misses_or_repeats_a_line(
    system: System, seed: int
) -> None:
    drawn = random.Random(seed)
    acts: list[Callable[[], object]] = []

    def sleep(seconds: float) -> None:
        system.clock.sleep(seconds)
        if acts and drawn.random() < 0.5:
            acts.pop(0)()

    system.wiring.sleep = sleep
    worker = working(system)
    clients = [following(system, worker.task) for _ in range(8)]
    response: list[str] = []

    def say() -> None:
        batch = [f"line {len(response) + number}" for number in range(drawn.randint(1, 9))]
        response.extend(batch)
        assert worker.say(*batch).status == 200

    acts += [*[say] * 12, lambda: worker.ask("complete")]
    for _ in range(120):
        client = drawn.choice(clients)
        body = client.ask().text
        cut = drawn.choice([len(body), drawn.randint(0, len(body))])
        client.read(body[:cut])
    for client in clients:
        client.read(client.ask().text)

    assert not acts
    assert [client.lines for client in clients] == [response] * len(clients)
    assert all("reset" not in client.names for client in clients)
    assert all(client.names[-1] == "end" for client in clients)
