import json
from collections.abc import Iterator
from functools import partial

import pytest
import requests

from cli.local.echo import EchoInbox, EchoTarget
from cli.local.forward import Forwarder, ForwardTarget
from cli.local.options import free_ports
from cli.local.serve import serve_http
from tests.fakes.http_server import FakeHttpServer, Reply


@pytest.fixture
def cloud() -> Iterator[FakeHttpServer]:
    with FakeHttpServer().running() as server:
        yield server


@pytest.fixture
def target(cloud: FakeHttpServer) -> ForwardTarget:
    return ForwardTarget(port=cloud.port, api_id="abc123")


@pytest.fixture
def address(target: ForwardTarget) -> Iterator[str]:
    (port,) = free_ports(1)
    with serve_http(port, partial(Forwarder, target=target)):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def echo() -> Iterator[str]:
    (port,) = free_ports(1)
    with serve_http(port, partial(EchoTarget, inbox=EchoInbox())):
        yield f"http://127.0.0.1:{port}"


def test_a_request_goes_to_the_api_with_its_bytes_and_headers(
    cloud: FakeHttpServer, address: str
) -> None:
    body = b"\x00\xff not text"

    requests.post(f"{address}/a/b?c=%20d", data=body, headers={"X-Hub": "sha256=1"}, timeout=5)

    (received,) = cloud.received
    assert received.method == "POST"
    assert received.path == "/_aws/execute-api/abc123/$default/a/b?c=%20d"
    assert received.body == body
    assert received.headers["x-hub"] == "sha256=1"
    assert received.headers["host"] == address.removeprefix("http://")


def test_a_request_says_where_it_came_from(cloud: FakeHttpServer, address: str) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}

    requests.get(address, headers=forged, timeout=5)

    (received,) = cloud.received
    assert received.headers["x-forwarded-for"] == "203.0.113.9, 127.0.0.1"
    assert received.headers["x-forwarded-proto"] == "http"
    assert received.headers["x-forwarded-port"] == address.rpartition(":")[2]


def test_a_body_in_chunks_arrives_whole(cloud: FakeHttpServer, address: str) -> None:
    requests.post(address, data=iter([b"one", b"two"]), timeout=5)

    (received,) = cloud.received
    assert received.body == b"onetwo"
    assert received.headers["content-length"] == "6"
    assert "transfer-encoding" not in received.headers


def test_the_answer_comes_back_as_it_was(cloud: FakeHttpServer, address: str) -> None:
    cloud.replies(Reply(status=418, body=b"\xff", headers={"X-One": "a"}))

    answer = requests.get(address, timeout=5)

    assert answer.status_code == 418
    assert answer.content == b"\xff"
    assert answer.headers["x-one"] == "a"


def test_one_connection_carries_many_requests(cloud: FakeHttpServer, address: str) -> None:
    with requests.Session() as session:
        answers = [session.get(address, timeout=5).text for _ in range(3)]

    assert answers == ["ok"] * 3
    assert len(cloud.received) == 3


def test_nothing_is_forwarded_before_the_api_is_deployed(
    address: str, target: ForwardTarget
) -> None:
    target.api_id = ""

    answer = requests.get(address, timeout=5)

    assert answer.status_code == 503
    assert answer.json() == {"message": "Service Unavailable"}


def test_a_body_over_the_limit_of_api_gateway_is_refused(
    cloud: FakeHttpServer, address: str
) -> None:
    answer = requests.post(address, data=b"." * (10 * 1024 * 1024 + 1), timeout=5)

    assert answer.status_code == 413
    assert cloud.received == []


def test_a_length_that_is_no_number_is_refused(cloud: FakeHttpServer, address: str) -> None:
    answer = requests.get(address, headers={"Content-Length": "many"}, timeout=5)

    assert answer.status_code == 400
    assert cloud.received == []


def test_a_cloud_that_is_gone_is_a_bad_gateway(address: str, target: ForwardTarget) -> None:
    (target.port,) = free_ports(1)

    answer = requests.get(address, timeout=5)

    assert answer.status_code == 502


def test_a_slack_webhook_is_answered_as_slack_does(echo: str) -> None:
    answer = requests.post(f"{echo}/services/T/B/x", json={"text": "hi"}, timeout=5)

    assert answer.text == "ok"


def test_a_slack_method_is_answered_with_channel_and_time(echo: str) -> None:
    message = {"channel": "C1", "text": "hi"}

    first = requests.post(f"{echo}/api/chat.postMessage", json=message, timeout=5).json()
    second = requests.post(f"{echo}/api/chat.postMessage", json=message, timeout=5).json()

    assert first["ok"] is True
    assert first["channel"] == "C1"
    assert first["ts"] != second["ts"]


def test_what_was_received_can_be_listed_and_forgotten(echo: str) -> None:
    requests.post(f"{echo}/services/x", data=b"{}", headers={"X-A": "1"}, timeout=5)

    (listed,) = requests.get(f"{echo}/received", timeout=5).json()
    requests.delete(f"{echo}/received", timeout=5)

    assert (listed["method"], listed["path"], listed["body"]) == ("POST", "/services/x", "{}")
    assert listed["headers"]["x-a"] == "1"
    assert requests.get(f"{echo}/received", timeout=5).json() == []


def test_the_inbox_keeps_the_newest_only(echo: str) -> None:
    with requests.Session() as session:
        for number in range(1_001):
            session.post(f"{echo}/services/x", data=str(number), timeout=5)
        received = json.loads(session.get(f"{echo}/received", timeout=5).content)

    assert len(received) == 1_000
    assert received[0]["body"] == "1"
