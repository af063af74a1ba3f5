"""The Python client and its workers against the real functions."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from signalbox.models.ids import TaskId
from signalbox.models.rate_limits import RateLimit
from signalbox.models.task import Priority
from signalbox_client import (
    AsyncClient,
    AsyncWorker,
    Attempt,
    Client,
    Conflict,
    Forbidden,
    InvalidRequest,
    LeaseLost,
    NotFound,
    Outcome,
    PreconditionFailed,
    TaskFailed,
    TooManyRequests,
    Unauthorized,
    WaitTimeout,
    Worker,
    WorkerOptions,
)
from signalbox_client.bodies import ClaimBody
from signalbox_client.models import ClaimedTask
from tests.fakes.api_transport import HandlerTransport
from tests.functions.system import System

URL = "http://signalbox.test"
OPTIONS = WorkerOptions(wait_seconds=0, tick_seconds=0.01)


def client_for(system: System, key: str) -> Client:
    return Client(URL, key, transport=HandlerTransport(system), sleep=system.clock.sleep)


@pytest.fixture
def client(system: System) -> Iterator[Client]:
    with client_for(system, system.key("admin")) as client:
        yield client


def dispatched(system: System, task_id: str) -> str:
    """The task, with its message in the queue."""
    system.wiring.queue.send(Priority.NORMAL, [TaskId(task_id)])
    return task_id


def claimed(system: System, client: Client) -> ClaimedTask:
    dispatched(system, client.create_task("Tidy up").id)
    found = client.claim_task("w1")
    assert found
    return found


def test_a_task_is_created_once_for_an_idempotency_key(client: Client) -> None:
    first = client.create_task("Tidy up", idempotency_key="k-1", labels=["docs"], priority="high")
    second = client.create_task("Tidy up", idempotency_key="k-1", labels=["docs"], priority="high")

    assert (first.title, first.labels, first.priority) == ("Tidy up", ("docs",), "high")
    assert (second.id, second.status) == (first.id, "pending")
    assert client.create_task("Tidy up").id != first.id


def test_lists_yield_all_pages_and_no_more_than_the_limit(system: System, client: Client) -> None:
    for number in range(3):
        system.comment(f"/agent do {number}", key=f"d-{number}")
        client.create_task(f"task {number}")

    tasks = [task.provider for task in client.list_tasks(status="pending", since=system.clock())]
    limited = list(client.list_tasks(limit=2))
    deliveries = [delivery.key for delivery in client.list_deliveries(provider="github")]

    assert (tasks.count("github"), len(tasks), len(limited)) == (3, 6, 2)
    assert sorted(deliveries) == ["d-0", "d-1", "d-2"]


def test_a_task_is_edited_at_its_version_cancelled_and_retried(client: Client) -> None:
    task = client.create_task("Tidy up")

    edited = client.update_task(task.id, version=task.version, priority="low")
    with pytest.raises(PreconditionFailed):
        client.update_task(task.id, version=task.version, priority="high")
    cancelled = client.cancel_task(task.id, reason="not needed")
    retried = client.retry_task(task.id)

    assert (edited.priority, cancelled.reason, cancelled.finished) == ("low", "not needed", True)
    assert (retried.status, retried.finished) == ("pending", False)
    history = [change.data.type for change in client.task_history(task.id)]
    assert history == ["created", "updated", "cancelled", "retried"]


def test_errors_have_the_type_of_their_cause(system: System, client: Client) -> None:
    unknown = "tsk_" + "a" * 24
    task = client.create_task("Tidy up")

    with pytest.raises(NotFound):
        client.get_task(unknown)
    with pytest.raises(InvalidRequest) as invalid:
        client.create_task("")
    with pytest.raises(Conflict):
        client.approve_task(task.id)
    with pytest.raises(Conflict):
        client.reject_task(task.id)
    with pytest.raises(Unauthorized):
        client_for(system, "sbx_test_wrong").get_task(task.id)
    with pytest.raises(Forbidden):
        client_for(system, system.key("viewer")).create_task("Tidy up")

    assert [fault.pointer for fault in invalid.value.errors] == ["/body/title"]
    assert invalid.value.request_id.startswith("req_")


def test_a_caller_over_its_limit_waits_for_as_long_as_it_is_asked_to(system: System) -> None:
    key = system.key("viewer")
    system.limited(default=RateLimit(count=60, burst=1))
    system.wiring.config_table.put(
        {
            "pk": {"S": "LIMITS"},
            "sk": {"S": "default"},
            "doc": {"S": '{"roles": {"viewer": {"count": 6, "burst": 1}}}'},
        }
    )
    system.clock.advance(seconds=60)
    client = client_for(system, key)
    before = system.clock()

    for _ in range(3):
        client.list_queues()

    assert 10 <= (system.clock() - before).total_seconds() <= 40
    with pytest.raises(TooManyRequests) as refused:
        Client(URL, key, transport=HandlerTransport(system), sleep=lambda _: None).list_queues()
    assert refused.value.retry_after > 0


def test_a_claimed_task_is_worked_on_by_hand(system: System, client: Client) -> None:
    held = claimed(system, client)
    task_id, lease = held.task.id, held.lease

    beat = client.heartbeat(task_id, lease, progress="half way")
    room = client.append_log(task_id, lease, ["one", "two"], first=1)
    running = client.get_task(task_id)
    done = client.complete_task(task_id, lease, summary="tidy", data={"files": 3})

    assert (beat.action, room.stored, running.progress) == ("continue", 2, "half way")
    assert done.result
    assert (done.succeeded, done.result.summary, done.result.data) == (True, "tidy", {"files": 3})
    assert [line.text for line in client.read_log(task_id, after=1)] == ["two"]
    assert [line.text for line in client.follow_log(task_id)] == ["one", "two"]
    assert client.claim_task("w1") is None


@pytest.mark.parametrize("end", ["complete", "fail", "release"])
def test_the_end_of_a_task_claims_the_next(system: System, client: Client, end: str) -> None:
    held = claimed(system, client)
    following = client.create_task("The next one")
    system.wiring.queue.send(Priority.NORMAL, [TaskId(following.id)])
    claim: ClaimBody = {"worker": "w1", "lease_seconds": 60}

    match end:
        case "complete":
            ended = client.complete_task(held.task.id, held.lease, claim=claim, summary="done")
        case "fail":
            ended = client.fail_task(held.task.id, held.lease, "broken", claim=claim)
        case _:
            ended = client.release_task(held.task.id, held.lease, claim=claim)

    assert ended.id == held.task.id
    assert ended.next
    assert (ended.next.task.id, ended.next.task.status) == (following.id, "running")
    assert client.complete_task(following.id, ended.next.lease).next is None


def test_a_lease_that_is_not_the_current_one_is_lost(system: System, client: Client) -> None:
    held = claimed(system, client)
    client.release_task(held.task.id, held.lease, reason="no time")

    with pytest.raises(LeaseLost):
        client.fail_task(held.task.id, held.lease, "late", retryable=False)


def test_a_log_is_followed_over_many_responses_to_its_end(system: System, client: Client) -> None:
    held = claimed(system, client)
    lines = client.follow_log(held.task.id)
    client.append_log(held.task.id, held.lease, ["one"], first=1)

    first = list(islice(lines, 1))
    client.append_log(held.task.id, held.lease, ["two"], first=2)
    client.complete_task(held.task.id, held.lease)

    assert [line.text for line in (*first, *lines)] == ["one", "two"]


def test_the_end_of_a_task_is_waited_for(system: System, client: Client) -> None:
    held = claimed(system, client)
    with pytest.raises(WaitTimeout):
        client.wait_for_task(held.task.id, timeout=0)

    client.fail_task(held.task.id, held.lease, "never", retryable=False)

    assert client.wait_for_task(held.task.id).reason == "never"


def test_a_delivery_is_explained_and_replayed(system: System, client: Client) -> None:
    system.comment("/agent fix the login")
    [found] = client.list_deliveries(limit=1)

    delivery = client.get_delivery(found.id)
    body = client.get_delivery_body(found.id)
    timeline = client.explain_delivery(found.id)
    replay = client.replay_delivery(found.id, dry_run=True)

    assert b"/agent fix the login" in body
    assert delivery.size == len(body)
    assert timeline.steps[0].what == "received"
    assert (replay.created, replay.existing) == ((), delivery.task_ids)


def test_a_queue_is_paused_and_resumed(client: Client) -> None:
    paused = client.pause_queue("low", reason="moving")

    assert paused.pause
    assert paused.pause.reason == "moving"
    assert [queue.priority for queue in client.list_queues()] == ["high", "normal", "low"]
    assert client.resume_queue("low").pause is None


def test_a_worker_logs_and_completes(system: System, client: Client) -> None:
    task_id = dispatched(system, client.create_task("Tidy up").id)

    def tidy(attempt: Attempt) -> str:
        attempt.log(f"working on {attempt.task.title}\nwith care")
        return "tidy"

    outcome = Worker(client, tidy, options=OPTIONS).run_once()

    task = client.get_task(task_id)
    assert (outcome, task.status) == (Outcome.SUCCEEDED, "succeeded")
    assert task.result
    assert task.result.summary == "tidy"
    log = [line.text for line in client.read_log(task_id)]
    assert log == ["working on Tidy up", "with care"]


def test_a_handler_that_fails_for_good_leaves_its_reason(system: System, client: Client) -> None:
    task_id = dispatched(system, client.create_task("Tidy up").id)

    def fail(_: Attempt) -> None:
        raise TaskFailed("there is no broom", retryable=False)

    outcome = Worker(client, fail, options=OPTIONS).run_once()

    task = client.get_task(task_id)
    assert (outcome, task.status, task.reason) == (Outcome.FAILED, "failed", "there is no broom")


def test_a_result_that_the_api_refuses_fails_the_task_for_good(
    system: System, client: Client
) -> None:
    task_id = dispatched(system, client.create_task("Tidy up").id)

    Worker(client, lambda _: {"url": "not a url"}, options=OPTIONS).run_once()

    task = client.get_task(task_id)
    assert task.status == "failed"
    assert task.reason
    assert "/body/result/url" in task.reason


def test_the_handler_of_a_cancelled_task_is_stopped_and_its_result_dropped(
    system: System, client: Client
) -> None:
    task_id = dispatched(system, client.create_task("Tidy up").id)
    seen: list[str | None] = []
    options = replace(OPTIONS, heartbeat_seconds=0.02)

    def wait(attempt: Attempt) -> str:
        client.cancel_task(task_id)
        attempt.wait(30)
        seen.append(attempt.stop_reason)
        return "too late"

    outcome = Worker(client, wait, options=options).run_once()

    assert (outcome, seen) == (Outcome.CANCELLED, ["the task was cancelled"])
    assert client.get_task(task_id).result is None


def test_the_async_client_does_the_same(system: System) -> None:
    key = system.key("admin")

    async def sleep(seconds: float) -> None:
        system.clock.sleep(seconds)

    async def work(attempt: Attempt) -> str:
        attempt.log("one")
        await asyncio.sleep(0)
        return "tidy"

    async def play() -> None:
        transport = HandlerTransport(system)
        async with AsyncClient(URL, key, transport=transport, sleep=sleep) as client:
            task = await client.create_task("Tidy up", idempotency_key="k-1")
            dispatched(system, task.id)
            assert [each.id async for each in client.list_tasks(limit=5)] == [task.id]
            assert await AsyncWorker(client, work, options=OPTIONS).run_once() == "succeeded"
            assert (await client.wait_for_task(task.id)).succeeded
            assert [line.text async for line in client.follow_log(task.id)] == ["one"]
            assert [line.text async for line in client.read_log(task.id)] == ["one"]
            assert [each.id async for each in client.list_deliveries()] == []
            assert len(await client.list_queues()) == 3
            with pytest.raises(NotFound):
                await client.get_delivery("dlv_" + "a" * 24)

    asyncio.run(play())
