"""What the clients send, repeat and raise, over a transport with a script."""

import asyncio
import inspect
import json
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import pytest

from signalbox_client import (
    ApiError,
    AsyncClient,
    Client,
    ConfigurationError,
    InvalidRequest,
    NotFound,
    RetryPolicy,
    ServerError,
    TooManyRequests,
    UnexpectedResponse,
    Unreachable,
    operations,
)
from signalbox_client.models import Lease
from tests.fakes.api_transport import ScriptedTransport

URL = "http://signalbox.test"
KEY = "sbx_test_a-secret"
TASK_ID = "tsk_" + "a" * 24
LEASE = Lease(id="lse_secret", fence=1, expires_at=datetime(2026, 1, 1, tzinfo=UTC))

QUEUES = httpx.Response(200, json={"queues": []})
TASK = httpx.Response(
    200,
    json={
        **dict.fromkeys(("kind", "title", "provider", "source"), "x"),
        "id": TASK_ID,
        "arguments": [],
        "labels": [],
        "priority": "normal",
        "status": "a status of tomorrow",
        "max_attempts": 3,
        "version": 1,
        "attempt": 1,
        "created_at": "2026-03-01T00:00:00Z",
        "updated_at": "2026-03-01T00:00:00Z",
        "description": "",
        "instruction": "",
        "a_member_of_tomorrow": True,
    },
)


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    body = {
        "type": f"/problems/{code}",
        "title": "A title",
        "status": status,
        "code": code,
        "detail": "a detail\x1b[31m",
        "instance": "urn:signalbox:request:req_1",
    }
    return httpx.Response(status, json=body, headers=headers)


UNAVAILABLE = problem(503, "unavailable")
LIMITED = problem(429, "too_many_requests", **{"Retry-After": "7"})


class Sleeps(list[float]):
    """Keeps how long each pause was, and does not pause."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client_of(transport: httpx.BaseTransport, sleeps: Sleeps | None = None) -> Client:
    return Client(URL, KEY, transport=transport, sleep=Sleeps() if sleeps is None else sleeps)


def test_a_request_has_the_key_as_a_header_alone() -> None:
    transport = ScriptedTransport(QUEUES)

    client_of(transport).list_queues()

    [request] = transport.requests
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in str(request.url)


def test_the_key_and_the_lease_are_in_no_representation_and_no_error() -> None:
    client = client_of(ScriptedTransport(httpx.ConnectError("refused")))

    with pytest.raises(Unreachable) as failure:
        client.complete_task(TASK_ID, LEASE)

    shown = f"{client!r} {failure.value!r} {failure.value.__cause__} {failure.value.__context__}"
    assert KEY not in shown
    assert failure.value.__context__ is None
    assert LEASE.id not in repr(LEASE)
    assert repr(client) == "Client('http://signalbox.test')"


def test_url_and_key_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    transport = ScriptedTransport(QUEUES)
    monkeypatch.setenv("SIGNALBOX_URL", f"{URL}/base/")
    monkeypatch.setenv("SIGNALBOX_API_KEY", KEY)

    Client(transport=transport).list_queues()

    assert transport.paths == ["/base/api/v1/queue"]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("", KEY),
        (URL, ""),
        (URL, f"{KEY}\r\nX: y"),
        (URL, "a key"),
        ("signalbox.test", KEY),
        ("ftp://signalbox.test", KEY),
        ("http://user:pass@signalbox.test", KEY),
        (f"{URL}?a=b", KEY),
        ("http://signalbox.test:x", KEY),
    ],
)
def test_odd_settings_are_refused_without_showing_the_key(
    monkeypatch: pytest.MonkeyPatch, url: str, key: str
) -> None:
    monkeypatch.delenv("SIGNALBOX_URL", raising=False)
    monkeypatch.delenv("SIGNALBOX_API_KEY", raising=False)

    with pytest.raises(ConfigurationError) as refused:
        Client(url, key)

    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    "failure", [UNAVAILABLE, LIMITED, httpx.ReadTimeout("slow"), httpx.ConnectError("refused")]
)
def test_a_read_is_repeated_until_it_succeeds(failure: httpx.Response | Exception) -> None:
    transport = ScriptedTransport(failure, failure, QUEUES)

    assert client_of(transport).list_queues() == ()

    assert len(transport.requests) == 3


@pytest.mark.parametrize(
    ("failure", "requests"),
    [
        (UNAVAILABLE, 1),
        (httpx.ReadTimeout("slow"), 1),
        (LIMITED, 2),
        (httpx.ConnectError("refused"), 2),
    ],
)
def test_a_claim_is_repeated_only_if_it_was_not_done(
    failure: httpx.Response | Exception, requests: int
) -> None:
    claim = httpx.Response(200, json={"task": None, "lease": None})
    transport = ScriptedTransport(failure, claim)
    client = client_of(transport)

    with suppress(ServerError, Unreachable):
        client.claim_task("w1")

    assert len(transport.requests) == requests


def test_a_task_is_created_under_one_idempotency_key_in_every_attempt() -> None:
    transport = ScriptedTransport(httpx.ReadTimeout("slow"), UNAVAILABLE, TASK)
    client = client_of(transport)

    client.create_task("Tidy up")
    client.create_task("Tidy up")

    first, second, third, other = [each.headers["Idempotency-Key"] for each in transport.requests]
    assert first == second == third != other


def test_pauses_are_not_shorter_than_retry_after_and_grow() -> None:
    sleeps = Sleeps()

    with pytest.raises(TooManyRequests):
        client_of(ScriptedTransport(LIMITED), sleeps).list_queues()
    with pytest.raises(ServerError):
        client_of(ScriptedTransport(UNAVAILABLE), sleeps).list_queues()

    assert len(sleeps) == 6
    assert all(7 <= pause <= 7 + 0.5 * 2**n for n, pause in enumerate(sleeps[:3]))
    assert all(0 <= pause <= 0.5 * 2**n for n, pause in enumerate(sleeps[3:]))


def test_a_retry_after_beyond_all_patience_is_not_waited_for() -> None:
    transport = ScriptedTransport(problem(503, "unavailable", **{"Retry-After": "3600"}))

    with pytest.raises(ServerError) as failure:
        client_of(transport).list_queues()

    assert (len(transport.requests), failure.value.retry_after) == (1, 3600)


def test_a_policy_of_one_attempt_repeats_nothing() -> None:
    transport = ScriptedTransport(UNAVAILABLE)
    client = Client(URL, KEY, transport=transport, retries=RetryPolicy(attempts=1))

    with pytest.raises(ServerError):
        client.list_queues()

    assert len(transport.requests) == 1


def test_an_operation_for_one_attempt_is_not_repeated() -> None:
    transport = ScriptedTransport(UNAVAILABLE)

    with pytest.raises(ServerError):
        client_of(transport).send(operations.list_queues().once())

    assert len(transport.requests) == 1


def test_an_error_shows_its_cause_in_one_clean_line() -> None:
    with pytest.raises(ApiError) as failure:
        client_of(ScriptedTransport(problem(422, "validation_failed"))).list_queues()

    assert isinstance(failure.value, InvalidRequest)
    assert str(failure.value) == "422 validation_failed: a detail [31m"
    assert failure.value.request_id == "req_1"


@pytest.mark.parametrize(
    ("status", "content"),
    [(502, b"<html>"), (504, b'{"message": "Endpoint request timed out"}'), (500, b"\xff")],
)
def test_an_error_of_a_proxy_is_an_error_of_the_server(status: int, content: bytes) -> None:
    transport = ScriptedTransport(httpx.Response(status, content=content))

    with pytest.raises(ServerError) as failure:
        client_of(transport).list_queues()

    assert failure.value.code == f"http_{status}"


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"queues": {}}),
        httpx.Response(200, json={"queues": [{"priority": 1}]}),
        httpx.Response(302, headers={"Location": "http://elsewhere.test/"}),
    ],
)
def test_what_is_not_the_api_is_not_taken_for_it(response: httpx.Response) -> None:
    transport = ScriptedTransport(response)

    with pytest.raises(UnexpectedResponse):
        client_of(transport).list_queues()

    assert len(transport.requests) == 1


def test_statuses_and_members_of_a_newer_api_are_accepted() -> None:
    task = client_of(ScriptedTransport(TASK)).get_task(TASK_ID)

    assert (task.status, task.finished) == ("a status of tomorrow", False)


@pytest.mark.parametrize("task_id", ["", ".", ".."])
def test_an_id_that_changes_the_path_is_refused(task_id: str) -> None:
    transport = ScriptedTransport(TASK)

    with pytest.raises(ValueError, match="an id is not empty"):
        client_of(transport).get_task(task_id)

    assert transport.requests == []


def test_the_async_client_shows_no_key_in_an_error() -> None:
    transport = ScriptedTransport(httpx.ReadTimeout("slow"))

    with pytest.raises(Unreachable) as failure:
        asyncio.run(call_async(transport, "claim_task"))

    assert failure.value.__context__ is None


def test_an_odd_id_is_quoted() -> None:
    transport = ScriptedTransport(TASK)

    client_of(transport).get_task("a/b?c#d")

    assert transport.requests[0].url.raw_path == b"/api/v1/tasks/a%2Fb%3Fc%23d"


def test_times_are_sent_with_their_offset() -> None:
    transport = ScriptedTransport(httpx.Response(200, json={"items": [], "next": None}), TASK)
    due = datetime(2026, 3, 1, tzinfo=UTC)
    client = client_of(transport)

    list(client.list_tasks(since=due))
    client.create_task("Tidy up", due=due)

    listed, created = transport.requests
    assert datetime.fromisoformat(listed.url.params["since"]) == due
    sent = json.loads(created.content)
    assert datetime.fromisoformat(sent["due"]) == due
    assert set(sent) == {"title", "due"}


@pytest.mark.parametrize("data", [{"x": object()}, {"x": float("nan")}])
def test_what_is_not_json_is_not_sent(data: dict[str, object]) -> None:
    transport = ScriptedTransport(TASK)

    with pytest.raises((TypeError, ValueError)):
        client_of(transport).complete_task(TASK_ID, LEASE, data=data)

    assert transport.requests == []


@pytest.mark.parametrize("key", ["", "with space", 'with"quote', "x" * 256, "é"])
def test_an_odd_idempotency_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"idempotency|key"):
        client_of(ScriptedTransport(TASK)).create_task("Tidy up", idempotency_key=key or " ")


def test_the_async_client_has_the_methods_of_the_other_and_repeats_as_it_does() -> None:
    transport = ScriptedTransport(UNAVAILABLE, QUEUES)
    sleeps = Sleeps()

    async def sleep(seconds: float) -> None:
        sleeps.append(seconds)

    async def ask() -> None:
        async with AsyncClient(URL, KEY, transport=transport, sleep=sleep) as client:
            assert await client.list_queues() == ()
            assert KEY not in repr(client)

    asyncio.run(ask())

    assert len(sleeps) == 1
    assert methods(AsyncClient) == methods(Client)


CALLS: dict[str, tuple[tuple[object, ...], dict[str, object]]] = {
    "create_task": (("Tidy up",), {"idempotency_key": "k-1", "labels": ["docs"]}),
    "get_task": ((TASK_ID,), {}),
    "list_tasks": ((), {"status": "failed"}),
    "update_task": ((TASK_ID,), {"version": 1, "priority": "low"}),
    "cancel_task": ((TASK_ID,), {"reason": "not needed"}),
    "cancel_subtree": ((TASK_ID,), {"reason": "not needed"}),
    "retry_task": ((TASK_ID,), {}),
    "approve_task": ((TASK_ID,), {}),
    "reject_task": ((TASK_ID,), {"reason": "not today"}),
    "task_history": ((TASK_ID,), {}),
    "list_dependents": ((TASK_ID,), {}),
    "wait_for_task": ((TASK_ID,), {"timeout": 0}),
    "claim_task": (("w1",), {"lease_seconds": 30, "wait_seconds": 2}),
    "heartbeat": ((TASK_ID, LEASE), {"lease_seconds": 30, "progress": "half way"}),
    "append_log": ((TASK_ID, LEASE, ["one"]), {"first": 3}),
    "complete_task": ((TASK_ID, LEASE), {"summary": "tidy"}),
    "fail_task": ((TASK_ID, LEASE, "no luck"), {"retryable": False}),
    "release_task": ((TASK_ID, LEASE), {"reason": "no time"}),
    "read_log": ((TASK_ID,), {"after": 3}),
    "follow_log": ((TASK_ID,), {}),
    "list_deliveries": ((), {"provider": "github"}),
    "get_delivery": (("dlv_1",), {}),
    "get_delivery_body": (("dlv_1",), {}),
    "explain_delivery": (("dlv_1",), {}),
    "replay_delivery": (("dlv_1",), {"dry_run": True}),
    "list_queues": ((), {}),
    "pause_queue": (("low",), {"reason": "moving"}),
    "resume_queue": (("low",), {}),
}


@pytest.mark.parametrize("name", CALLS)
def test_both_clients_send_the_same(name: str) -> None:
    refusal = problem(404, "not_found")
    transports = ScriptedTransport(refusal), ScriptedTransport(refusal)

    with pytest.raises(NotFound):
        call_sync(transports[0], name)
    with pytest.raises(NotFound):
        asyncio.run(call_async(transports[1], name))

    first, second = (one for [one] in (transport.requests for transport in transports))
    assert (first.method, first.url, first.content) == (second.method, second.url, second.content)
    assert first.headers == second.headers


def call_sync(transport: ScriptedTransport, name: str) -> None:
    arguments, options = CALLS[name]
    call = getattr(client_of(transport), name)(*arguments, **options)
    if inspect.isgenerator(call):
        next(call)


async def call_async(transport: ScriptedTransport, name: str) -> None:
    arguments, options = CALLS[name]
    async with AsyncClient(URL, KEY, transport=transport) as client:
        call = getattr(client, name)(*arguments, **options)
        await (anext(call) if inspect.isasyncgen(call) else call)


def test_every_method_is_compared() -> None:
    assert set(methods(Client)) - {"send"} == set(CALLS)


def methods(kind: type) -> dict[str, list[str]]:
    """The methods that both have, with their parameters."""
    return {
        name: list(inspect.signature(method).parameters)
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and name not in {"close", "aclose"}
    }
