from collections.abc import Iterator

import pytest

from cli.api_client import ApiClient, ApiError, ApiUnavailable, connect_api, session_for
from cli.errors import CommandError
from cli.local.options import free_ports
from cli.target import Target
from signalbox.models.ids import TaskId
from tests.builders import a_task
from tests.commands.served import Served
from tests.fakes.http_server import FakeHttpServer, Reply


@pytest.fixture
def server() -> Iterator[FakeHttpServer]:
    with FakeHttpServer().running() as server:
        yield server


def client(url: str, key: str = "sbx_test_x") -> ApiClient:
    return ApiClient(base_url=url, key=key, session=session_for(url))


def test_a_task_is_shown(served: Served) -> None:
    task = served.add(a_task())

    shown = client(served.url, served.key).task(task.id)

    assert (shown.id, shown.title) == (task.id, "Fix the login")


def test_pages_are_followed_as_far_as_is_asked(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(7):
        served.add(a_task())
    monkeypatch.setattr("cli.api_client._PAGE_SIZE", 3)

    api = client(served.url, served.key)

    assert len(list(api.tasks({}, 5))) == 5
    assert len({task.id for task in api.tasks({}, 1_000)}) == 7


def test_a_problem_is_told_in_the_apis_words(served: Served) -> None:
    with pytest.raises(ApiError, match="404 not_found: there is no such task") as caught:
        client(served.url, served.key).task(TaskId(f"tsk_{24 * 'a'}"))

    assert caught.value.status == 404
    assert caught.value.exit_code == 1


def test_a_wrong_value_is_named(served: Served) -> None:
    with pytest.raises(ApiError, match=r"422 validation_failed: .*status"):
        list(client(served.url, served.key).tasks({"status": "odd"}, 1))


def test_an_unknown_key_is_refused(served: Served) -> None:
    with pytest.raises(ApiError, match="401 unauthenticated"):
        list(client(served.url).tasks({}, 1))


def test_the_key_goes_along_in_a_header_of_its_own(server: FakeHttpServer) -> None:
    server.replies(Reply(body=b'{"items": [], "next": null}'))

    list(client(server.url, "sbx_test_key").tasks({}, 1))

    assert server.received[0].headers["x-api-key"] == "sbx_test_key"


def test_a_redirect_does_not_get_the_key(server: FakeHttpServer) -> None:
    server.replies(Reply(status=307, headers={"Location": f"{server.url}/elsewhere"}))

    with pytest.raises(ApiError):
        client(server.url).task(TaskId("tsk_one"))

    assert len(server.received) == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_what_may_pass_is_not_reachable(server: FakeHttpServer, status: int) -> None:
    server.replies(Reply(status=status, body=b'{"message": "Service Unavailable"}'))

    with pytest.raises(ApiUnavailable, match=f"{status} Service Unavailable") as caught:
        client(server.url).task(TaskId("tsk_one"))

    assert caught.value.exit_code == 3


def test_nobody_there_is_not_reachable() -> None:
    (port,) = free_ports(1)

    with pytest.raises(ApiUnavailable, match="did not answer"):
        client(f"http://127.0.0.1:{port}").task(TaskId("tsk_one"))


def test_something_else_at_the_address_is_said_so(server: FakeHttpServer) -> None:
    server.replies(Reply(body=b"<html>"))

    with pytest.raises(CommandError, match="is not an API that this version knows"):
        client(server.url).task(TaskId("tsk_one"))


def test_members_of_a_newer_api_are_no_trouble(server: FakeHttpServer) -> None:
    server.replies(Reply(body=b'{"items": [], "next": null, "total": 7}'))

    assert list(client(server.url).tasks({}, 1)) == []


@pytest.mark.parametrize(
    ("url", "proxied"),
    [
        ("http://127.0.0.1:4600", False),
        ("http://localhost:4600", False),
        ("http://[::1]:4600", False),
        ("https://abc.execute-api.eu-west-1.amazonaws.com", True),
    ],
)
def test_no_proxy_stands_between_us_and_this_machine(url: str, *, proxied: bool) -> None:
    assert session_for(url).trust_env is proxied


def test_without_a_key_it_is_said_how_to_get_one() -> None:
    with pytest.raises(CommandError, match="keys create"):
        connect_api(Target(url="http://127.0.0.1:1"))


def test_a_key_is_not_printed_with_the_client() -> None:
    assert "sbx_test" not in repr(client("http://127.0.0.1:1"))
    assert "sbx_test" not in repr(Target(key="sbx_test_x"))
