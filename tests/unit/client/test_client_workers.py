"""The worker loops over a fake API: leases, stops, concurrency, signals, logs."""

import asyncio
import json
import os
import re
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx
import pytest

from signalbox_client import (
    AsyncClient,
    AsyncWorker,
    Attempt,
    AttemptStopped,
    Client,
    Forbidden,
    HandlerResult,
    Outcome,
    StopReason,
    TaskReleased,
    Worker,
    WorkerOptions,
)
from signalbox_client.keeper import Keeper
from signalbox_client.log_buffer import LogBuffer
from signalbox_client.models import ClaimedTask
from signalbox_client.signals import on_signals
from tests.fakes.api_transport import BothTransports, copy_of
from tests.unit.client.test_client_requests import KEY, LEASE, TASK, URL, problem

OPTIONS = WorkerOptions(
    wait_seconds=0, heartbeat_seconds=0.02, tick_seconds=0.01, grace_seconds=0, release_seconds=5
)
PATIENCE = 10.0


@dataclass
class FakeApi(BothTransports):
    """Hands out tasks and records what workers report. `answers` replace those of an action.

    `claims` counts requests that only claim, `handed` the tasks that were claimed in any way.
    """

    tasks: int = 1
    answers: dict[str, list[httpx.Response]] = field(default_factory=dict)
    reports: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    on_empty: Callable[[], object] = lambda: None
    claims: int = 0
    handed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        action = request.url.path.rpartition("/")[2]
        body = json.loads(request.read())
        with self._lock:
            if scripted := self.answers.get(action):
                return copy_of(scripted.pop(0) if len(scripted) > 1 else scripted[0])
            if action == "claim":
                self.claims += 1
                if claimed := self._claim():
                    return httpx.Response(200, json=claimed)
                self.on_empty()
                return httpx.Response(200, json={"task": None, "lease": None})
            if action != "heartbeat":
                self.reports.append((action, body))
            if "claim" in body:
                return httpx.Response(200, json=TASK.json() | {"next": self._claim()})
        return self._accept(action)

    def _claim(self) -> dict[str, object] | None:
        if self.handed == self.tasks:
            return None
        self.handed += 1
        lease = {"id": LEASE.id, "fence": 1, "expires_at": "2026-03-01T00:00:00Z"}
        task = TASK.json() | {"id": f"tsk_{self.handed}"}
        return {"task": task, "lease": lease}

    def _accept(self, action: str) -> httpx.Response:
        if action == "heartbeat":
            return httpx.Response(200, json={"action": "continue"})
        if action == "logs":
            room = {"stored": 1, "lines_left": 1, "bytes_left": 1}
            return httpx.Response(200, json=room)
        return httpx.Response(200, json=TASK.json())

    def actions(self) -> list[str]:
        return [action for action, _ in self.reports]


def a_claim() -> httpx.Response:
    return FakeApi().handle_request(httpx.Request("POST", f"{URL}/claim", json={}))


def run_once(
    api: FakeApi, handler: Callable[[Attempt], HandlerResult], options: WorkerOptions = OPTIONS
) -> Outcome | None:
    with Client(URL, KEY, transport=api) as client:
        return Worker(client, handler, options=options).run_once()


def run_once_async(
    api: FakeApi, handler: Callable[[Attempt], HandlerResult], options: WorkerOptions = OPTIONS
) -> Outcome | None:
    async def handle(attempt: Attempt) -> HandlerResult:
        return handler(attempt)

    async def work() -> Outcome | None:
        async with AsyncClient(URL, KEY, transport=api) as client:
            return await AsyncWorker(client, handle, options=options).run_once()

    return asyncio.run(work())


RunOnce = Callable[[FakeApi, Callable[[Attempt], HandlerResult]], Outcome | None]

both = pytest.mark.parametrize("run", [run_once, run_once_async])


def until_stopped(attempt: Attempt) -> str:
    assert attempt.wait(PATIENCE)
    return "too late"


async def until_cancelled(_: Attempt) -> str:
    await asyncio.sleep(PATIENCE)
    return "too late"


CANCEL = httpx.Response(200, json={"action": "cancel"})
LOST = problem(409, "lease_lost")

STOPS = [
    (CANCEL, Outcome.CANCELLED, StopReason.CANCELLED),
    (LOST, Outcome.LOST, StopReason.LOST),
    (problem(404, "not_found"), Outcome.LOST, StopReason.LOST),
]


@pytest.mark.parametrize(("answer", "outcome", "reason"), STOPS)
def test_a_handler_learns_that_it_must_stop_and_its_result_is_not_sent(
    answer: httpx.Response, outcome: Outcome, reason: StopReason
) -> None:
    api = FakeApi(answers={"heartbeat": [answer]})
    reasons: list[StopReason | None] = []

    def handle(attempt: Attempt) -> str:
        until_stopped(attempt)
        reasons.append(attempt.stop_reason)
        attempt.check()
        return "too late"

    assert run_once(api, handle) == outcome

    assert (reasons, api.reports) == ([reason], [])


@pytest.mark.parametrize(("answer", "outcome", "reason"), STOPS)
def test_an_async_handler_is_cancelled_instead(
    answer: httpx.Response, outcome: Outcome, reason: StopReason
) -> None:
    api = FakeApi(answers={"heartbeat": [answer]})
    reasons: list[StopReason | None] = []

    async def handle(attempt: Attempt) -> str:
        try:
            return await until_cancelled(attempt)
        finally:
            reasons.append(attempt.stop_reason)

    async def work() -> Outcome | None:
        async with AsyncClient(URL, KEY, transport=api) as client:
            return await AsyncWorker(client, handle, options=OPTIONS).run_once()

    assert asyncio.run(work()) == outcome
    assert (reasons, api.reports) == ([reason], [])


@both
def test_an_exception_fails_the_attempt_by_its_type_alone(
    run: RunOnce, caplog: pytest.LogCaptureFixture
) -> None:
    api = FakeApi()

    def handle(_: Attempt) -> str:
        raise RuntimeError("a secret of the handler")

    assert run(api, handle) == Outcome.FAILED

    [(action, body)] = api.reports
    assert (action, body["reason"], body["retryable"]) == (
        "fail",
        "RuntimeError in the handler",
        True,
    )
    assert "a secret of the handler" in caplog.text  # where the worker runs


def test_ctrl_c_in_a_handler_returns_the_task_and_reaches_the_caller() -> None:
    api = FakeApi()

    def handle(_: Attempt) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_once(api, handle)

    assert api.actions() == ["release"]


def test_a_handler_that_exits_fails_the_attempt_and_not_the_worker() -> None:
    api = FakeApi()

    def handle(_: Attempt) -> str:
        raise SystemExit(3)

    assert run_once(api, handle) == Outcome.FAILED
    assert api.reports[0][1]["reason"] == "SystemExit in the handler"


@both
def test_a_handler_may_return_its_task_to_the_queue(run: RunOnce) -> None:
    api = FakeApi()

    def handle(_: Attempt) -> str:
        raise TaskReleased("not now")

    assert run(api, handle) == Outcome.RELEASED
    assert api.reports[0][1]["reason"] == "not now"


@both
def test_what_is_neither_text_nor_fields_fails_for_good(run: RunOnce) -> None:
    api = FakeApi()

    run(api, lambda _: 7)  # type: ignore[arg-type,return-value]

    assert (api.actions(), api.reports[0][1]["retryable"]) == (["fail"], False)


@both
def test_a_result_that_is_not_json_fails_for_good(run: RunOnce) -> None:
    api = FakeApi()

    run(api, lambda _: {"data": {"x": object()}})

    assert (api.actions(), api.reports[0][1]["retryable"]) == (["fail"], False)


@both
def test_an_outcome_is_reported_until_the_api_accepts_it(run: RunOnce) -> None:
    unavailable, accepted = problem(503, "unavailable"), httpx.Response(200, json=TASK.json())
    api = FakeApi(answers={"complete": [unavailable, accepted]})

    assert run(api, lambda _: "done") == Outcome.SUCCEEDED


@both
def test_a_lease_that_is_lost_at_the_end_loses_the_outcome(run: RunOnce) -> None:
    api = FakeApi(answers={"complete": [LOST]})

    assert run(api, lambda _: "done") == Outcome.LOST


@both
def test_every_line_of_the_log_is_sent_before_the_outcome(run: RunOnce) -> None:
    api = FakeApi()

    def handle(attempt: Attempt) -> None:
        for number in range(1_200):
            attempt.log(f"line {number}")

    run(api, handle)

    lines: list[dict[str, object]] = []
    for action, body in api.reports[:-1]:
        assert action == "logs"
        batch = body["lines"]
        assert isinstance(batch, list)
        lines += batch
    assert [line["seq"] for line in lines] == list(range(1, 1_201))
    assert api.actions()[-1] == "complete"


def test_no_more_handlers_run_than_may_and_all_tasks_end() -> None:
    api = FakeApi(tasks=12)
    running, most = 0, 0
    lock = threading.Lock()

    def handle(attempt: Attempt) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        attempt.wait(0.01)
        with lock:
            running -= 1

    with Client(URL, KEY, transport=api) as client:
        options = replace(OPTIONS, concurrency=3, grace_seconds=PATIENCE)
        worker = Worker(client, handle, options=options)
        api.on_empty = worker.stop
        worker.run()

    assert most == 3
    assert api.actions() == ["complete"] * 12


def test_no_more_async_handlers_run_than_may_and_all_tasks_end() -> None:
    api = FakeApi(tasks=12)
    running, most = 0, 0

    async def handle(_: Attempt) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    async def work() -> None:
        async with AsyncClient(URL, KEY, transport=api) as client:
            options = replace(OPTIONS, concurrency=3, grace_seconds=PATIENCE)
            worker = AsyncWorker(client, handle, options=options)
            api.on_empty = worker.stop
            await worker.run()

    asyncio.run(work())

    assert most == 3
    assert api.actions() == ["complete"] * 12


def run_all(
    api: FakeApi, handler: Callable[[Attempt, Callable[[], None]], HandlerResult], concurrency: int
) -> None:
    """Work until there is no task; the handler gets what stops its worker."""
    with Client(URL, KEY, transport=api) as client:
        options = replace(OPTIONS, concurrency=concurrency, grace_seconds=PATIENCE)
        worker = Worker(
            client, lambda attempt: handler(attempt, worker.stop), name="w1", options=options
        )
        api.on_empty = worker.stop
        worker.run()


def run_all_async(
    api: FakeApi, handler: Callable[[Attempt, Callable[[], None]], HandlerResult], concurrency: int
) -> None:
    async def work() -> None:
        async def handle(attempt: Attempt) -> HandlerResult:
            return handler(attempt, worker.stop)

        async with AsyncClient(URL, KEY, transport=api) as client:
            options = replace(OPTIONS, concurrency=concurrency, grace_seconds=PATIENCE)
            worker = AsyncWorker(client, handle, name="w1", options=options)
            api.on_empty = worker.stop
            await worker.run()

    asyncio.run(work())


RunAll = Callable[
    [FakeApi, Callable[[Attempt, Callable[[], None]], HandlerResult], int],
    None,
]

both_all = pytest.mark.parametrize("run", [run_all, run_all_async])


@both_all
def test_a_busy_worker_sends_one_request_for_each_task(run: RunAll) -> None:
    api = FakeApi(tasks=5)
    handled: list[str] = []

    run(api, lambda attempt, _: handled.append(attempt.task.id), 1)

    assert handled == [f"tsk_{number}" for number in range(1, 6)]
    assert (api.claims, api.actions()) == (2, ["complete"] * 5)
    assert [body["claim"] for _, body in api.reports] == [{"worker": "w1", "lease_seconds": 60}] * 5


@both_all
@pytest.mark.parametrize("failure", [TaskReleased("not now"), RuntimeError("broken")])
def test_what_fails_or_is_returned_claims_the_next_task_too(
    run: RunAll, failure: Exception
) -> None:
    api = FakeApi(tasks=3)

    def handle(_: Attempt, __: object) -> None:
        raise failure

    run(api, handle, 1)

    assert (api.claims, api.handed, len(api.reports)) == (2, 3, 3)


@both_all
def test_a_worker_that_stops_ends_its_task_without_a_claim(run: RunAll) -> None:
    api = FakeApi(tasks=5)

    def handle(attempt: Attempt, stop: Callable[[], None]) -> None:
        if attempt.task.id == "tsk_2":
            stop()

    run(api, handle, 1)

    assert ["claim" in body for _, body in api.reports] == [True, False]
    assert (api.handed, api.actions()) == (2, ["complete"] * 2)


@both_all
def test_a_task_that_is_claimed_while_the_worker_stops_is_returned(run: RunAll) -> None:
    api = FakeApi(tasks=2)
    handled: list[str] = []
    stops: list[Callable[[], None]] = []
    claim = api._claim

    def claim_late() -> dict[str, object] | None:
        claimed = claim()
        if api.handed == 2:
            stops[0]()
        return claimed

    def handle(attempt: Attempt, stop: Callable[[], None]) -> None:
        handled.append(attempt.task.id)
        stops.append(stop)

    api._claim = claim_late  # type: ignore[method-assign]
    run(api, handle, 1)

    assert (handled, api.actions()) == (["tsk_1"], ["complete", "release"])
    assert "claim" not in api.reports[1][1]


@both_all
def test_a_report_that_is_repeated_while_the_worker_stops_claims_nothing(run: RunAll) -> None:
    unavailable = problem(503, "unavailable")
    api = FakeApi(tasks=2, answers={"complete": [unavailable]})
    stops: list[Callable[[], None]] = []
    answer = api.handle_request

    def stop_after_the_first(request: httpx.Request) -> httpx.Response:
        response = answer(request)
        if request.url.path.endswith("/complete"):
            stops[0]()
            api.answers = {}
        return response

    api.handle_request = stop_after_the_first  # type: ignore[method-assign]
    run(api, lambda _, stop: stops.append(stop), 1)

    assert [("claim" in body, action) for action, body in api.reports] == [(False, "complete")]
    assert api.handed == 1


@both
def test_a_run_of_one_claims_no_other_task(run: RunOnce) -> None:
    api = FakeApi(tasks=2)

    run(api, lambda _: "done")

    assert (api.handed, "claim" in api.reports[0][1]) == (1, False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_returns_what_does_not_end_within_the_grace_period(number: int) -> None:
    api = FakeApi()
    before = signal.getsignal(number)

    def handle(attempt: Attempt) -> str:
        os.kill(os.getpid(), number)
        return until_stopped(attempt)

    with Client(URL, KEY, transport=api) as client:
        Worker(client, handle, options=OPTIONS).run()

    assert api.actions() == ["release"]
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_stays_so() -> None:
    stops: list[int] = []
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    try:
        with on_signals(lambda: stops.append(1)):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)

    assert stops == []


def test_a_signal_lets_end_what_does_so_within_the_grace_period() -> None:
    api = FakeApi()

    def handle(_: Attempt) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return "done"

    with Client(URL, KEY, transport=api) as client:
        Worker(client, handle, options=replace(OPTIONS, grace_seconds=PATIENCE)).run()

    assert api.actions() == ["complete"]


@pytest.mark.parametrize(("grace", "action"), [(0, "release"), (PATIENCE, "complete")])
def test_an_async_worker_obeys_signals_too(grace: float, action: str) -> None:
    api = FakeApi()

    async def handle(attempt: Attempt) -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        return await until_cancelled(attempt) if action == "release" else "done"

    async def work() -> None:
        async with AsyncClient(URL, KEY, transport=api) as client:
            await AsyncWorker(client, handle, options=replace(OPTIONS, grace_seconds=grace)).run()

    asyncio.run(work())

    assert api.actions() == [action]


def test_a_cancelled_async_worker_returns_its_tasks() -> None:
    api = FakeApi()
    started = asyncio.Event()

    async def handle(attempt: Attempt) -> str:
        started.set()
        return await until_cancelled(attempt)

    async def work() -> None:
        async with AsyncClient(URL, KEY, transport=api) as client:
            options = replace(OPTIONS, grace_seconds=PATIENCE)
            running = asyncio.create_task(AsyncWorker(client, handle, options=options).run())
            await started.wait()
            running.cancel()
            await asyncio.wait({running})
            assert running.cancelled()

    asyncio.run(work())

    assert api.actions() == ["release"]


def test_a_task_that_arrives_after_the_stop_is_returned_at_once() -> None:
    api = FakeApi()
    handled: list[str] = []

    with Client(URL, KEY, transport=api) as client:
        worker = Worker(client, lambda attempt: handled.append(attempt.task.id), options=OPTIONS)
        worker.stop()
        outcome = worker.run_once()

    assert (outcome, api.actions(), handled) == (Outcome.RELEASED, ["release"], [])


def test_an_async_worker_outlives_an_unavailable_api_and_returns_what_comes_late() -> None:
    api = FakeApi(answers={"claim": [problem(503, "unavailable"), a_claim()]})
    handled: list[str] = []

    async def work() -> Outcome | None:
        async def handle(attempt: Attempt) -> str:
            handled.append(attempt.task.id)
            worker.stop()
            return "done"

        async with AsyncClient(URL, KEY, transport=api) as client:
            worker = AsyncWorker(client, handle, options=replace(OPTIONS, grace_seconds=PATIENCE))
            await worker.run()
            return await worker.run_once()

    late = asyncio.run(work())

    assert (handled, late) == (["tsk_1"], Outcome.RELEASED)
    assert api.actions() == ["complete", "release"]


def test_a_run_of_one_that_is_cancelled_returns_its_task() -> None:
    api = FakeApi()

    async def work() -> None:
        async with AsyncClient(URL, KEY, transport=api) as client:
            started = asyncio.Event()

            async def handle(attempt: Attempt) -> str:
                started.set()
                return await until_cancelled(attempt)

            running = asyncio.create_task(AsyncWorker(client, handle, options=OPTIONS).run_once())
            await started.wait()
            running.cancel()
            await asyncio.wait({running})
            assert running.cancelled()

    asyncio.run(work())

    assert api.actions() == ["release"]


def test_a_worker_outlives_an_unavailable_api() -> None:
    nothing = httpx.Response(200, json={"task": None, "lease": None})
    api = FakeApi(answers={"claim": [problem(503, "unavailable"), a_claim(), nothing]})

    def handle(attempt: Attempt) -> str:
        worker.stop()
        return attempt.task.id

    with Client(URL, KEY, transport=api) as client:
        worker = Worker(client, handle, options=replace(OPTIONS, grace_seconds=PATIENCE))
        worker.run()

    assert api.actions() == ["complete"]


def test_a_keeper_that_fails_in_itself_stops_the_handler(caplog: pytest.LogCaptureFixture) -> None:
    api = FakeApi()

    def handle(attempt: Attempt) -> str:
        attempt.last_progress = object()  # type: ignore[assignment]  # what JSON does not have
        return until_stopped(attempt)

    assert run_once(api, handle) == Outcome.LOST
    assert "is not extended any more" in caplog.text


def test_a_worker_without_permission_ends_with_the_error() -> None:
    api = FakeApi(answers={"claim": [problem(403, "forbidden")]})

    with Client(URL, KEY, transport=api) as client, pytest.raises(Forbidden):
        Worker(client, lambda _: None, options=OPTIONS).run()


class Clock:
    """A monotonic clock that is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def an_attempt() -> Attempt:
    with Client(URL, KEY, transport=FakeApi(answers={"claim": [a_claim()]})) as client:
        found = client.claim_task("w1")
    assert isinstance(found, ClaimedTask)
    return Attempt(found)


def test_a_heartbeat_is_due_after_each_third_of_the_lease_and_sooner_after_a_failure() -> None:
    clock, attempt = Clock(), an_attempt()
    keeper = Keeper(attempt, WorkerOptions(lease_seconds=60), clock)
    due = []

    for clock.now in (19, 20, 21, 24, 43, 44):
        beat = keeper.heartbeat_step()
        due.append(beat is not None)
        if beat and clock.now == 20:
            beat.refuse(OSError())
        elif beat:
            beat.accept(Client(URL, KEY, transport=FakeApi()).heartbeat("tsk_1", LEASE))

    assert due == [False, True, False, True, False, True]
    assert keeper.expires_at == 104


def test_without_heartbeats_the_handler_must_stop_after_two_thirds_of_the_lease() -> None:
    clock, attempt = Clock(), an_attempt()
    keeper = Keeper(attempt, WorkerOptions(lease_seconds=60), clock)

    clock.now = 39.9
    continues = keeper.may_continue()
    clock.now = 40
    ends = not keeper.may_continue()

    assert (continues, ends, attempt.stop_reason) == (True, True, StopReason.UNHEARD)
    with pytest.raises(AttemptStopped, match="no heartbeat got through"):
        attempt.check()


def test_only_the_first_end_of_an_attempt_counts() -> None:
    ended, stopped = an_attempt(), an_attempt()

    assert (ended.end(), ended.stop(StopReason.LOST), ended.stop_reason) == (True, False, None)
    assert (stopped.stop(StopReason.LOST), stopped.end()) == (True, False)


def test_batches_of_a_log_are_what_the_api_accepts() -> None:
    buffer = LogBuffer()
    buffer.add("x" * 9_000)
    buffer.add("first\n\nthird\n")
    buffer.add("half of a character: \ud800")
    buffer.add("")
    sizes = []

    for _ in range(3):
        batch = buffer.batch()
        sizes.append([len(line) for line in batch[1]] if batch else [])
        if batch:
            buffer.stored(is_full=False)

    assert sizes == [[4_000, 4_000, 1_000, 5, 0, 5, 22, 0], [], []]


def test_a_batch_is_the_same_until_it_is_stored_and_a_full_log_takes_no_more() -> None:
    buffer = LogBuffer()
    buffer.add("one")
    first = buffer.batch()
    buffer.add("two")

    again = buffer.batch()
    buffer.stored(is_full=True)
    buffer.add("three")

    assert first == again == (1, ("one",))
    assert buffer.batch() is None


@pytest.mark.parametrize(
    "options",
    [
        {"concurrency": 0},
        {"lease_seconds": 9},
        {"wait_seconds": 21},
        {"heartbeat_seconds": 21},
        {"tick_seconds": 0},
    ],
)
def test_options_out_of_their_range_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=re.compile("has to be from")):
        WorkerOptions(**options)


def test_the_lease_is_in_no_representation() -> None:
    attempt = an_attempt()

    assert LEASE.id not in f"{attempt!r} {attempt.lease!r}"
