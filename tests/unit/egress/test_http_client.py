import gzip
import json
import socket
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from signalbox.egress.http_client import (
    MAX_HEADER_BYTES,
    MAX_RESPONSE_BYTES,
    HttpClient,
    HttpRequest,
    json_request,
)
from signalbox.egress.tls import shared_public_tls
from signalbox.models.errors import SendDelayed, SendRefused
from tests.builders import NOW
from tests.fakes.http_server import FakeHttpServer, Fault, Reply

SECRET = "Ca2Na3Ry4Zz5"


@pytest.fixture
def server() -> Iterator[FakeHttpServer]:
    with FakeHttpServer().running() as server:
        yield server


def _local(server: FakeHttpServer) -> HttpClient:
    return HttpClient(trusted=[server.url], connect=0.5, read=0.5, total=1.0, clock=lambda: NOW)


def _refusal(http: HttpClient, url: str) -> str:
    with pytest.raises(SendRefused) as refusal:
        http(HttpRequest(url=url))
    return refusal.value.reason


def test_an_answer_is_handed_on_whatever_its_status(server: FakeHttpServer) -> None:
    server.replies(Reply(status=418, body=b"short", headers={"X-Kind": "Pot"}))

    answer = _local(server)(json_request(f"{server.url}/tea?milk=1", {"é": 1}, {"X-Cup": "2"}))

    assert (answer.status, answer.body, answer.headers["x-kind"]) == (418, b"short", "Pot")
    (received,) = server.received
    assert (received.method, received.path) == ("POST", "/tea?milk=1")
    assert json.loads(received.body) == {"é": 1}
    assert received.headers["x-cup"] == "2"
    assert received.headers["user-agent"] == "signalbox"


def test_a_handshake_that_never_ends_is_cut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        began = monotonic()

        with pytest.raises(SendDelayed):
            HttpClient(trusted=[url], connect=5.0, read=5.0, total=0.3)(HttpRequest(url=url))

        assert monotonic() - began < 1.0


def test_a_far_side_that_does_not_read_is_cut() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        began = monotonic()

        with pytest.raises(SendDelayed, match=r"0\.3 seconds"):
            HttpClient(trusted=[url], total=0.3)(HttpRequest(url=url, body=b"x" * 50_000_000))

        assert monotonic() - began < 1.5


def test_the_authorities_are_loaded_when_a_url_needs_them(server: FakeHttpServer) -> None:
    secure = server.url.replace("http:", "https:")
    shared_public_tls.cache_clear()

    _local(server)(HttpRequest(url=server.url))
    before = shared_public_tls.cache_info().currsize
    _refusal(HttpClient(trusted=[secure]), secure)

    assert (before, shared_public_tls.cache_info().currsize) == (0, 1)


def test_a_redirect_is_neither_followed_nor_read(server: FakeHttpServer) -> None:
    elsewhere = {"Location": "http://169.254.169.254/latest/meta-data/"}
    server.replies(Reply(status=302, headers=elsewhere, fault=Fault.ENDLESS))
    tracemalloc.start()

    reason = _refusal(_local(server), server.url)

    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()
    assert reason == "redirects are not followed: 302"
    assert len(server.received) == 1


def test_an_endless_answer_is_read_up_to_the_limit(server: FakeHttpServer) -> None:
    server.replies(Reply(fault=Fault.ENDLESS))

    answer = _local(server)(HttpRequest(url=server.url))

    assert answer.body == b"x" * MAX_RESPONSE_BYTES


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Long": "x" * MAX_HEADER_BYTES},
        {f"X-{number}": "x" * 1_000 for number in range(20)},
        {f"X-{number}": "x" for number in range(200)},
        {"X-Line": "x" * 100_000},
    ],
)
def test_an_answer_with_huge_headers_is_not_taken(
    server: FakeHttpServer, headers: dict[str, str]
) -> None:
    server.replies(Reply(headers=headers))

    with pytest.raises(SendDelayed):
        _local(server)(HttpRequest(url=server.url))


def test_an_answer_with_usual_headers_is_taken(server: FakeHttpServer) -> None:
    server.replies(Reply(headers={f"X-{number}": "x" * 1_000 for number in range(14)}))

    assert _local(server)(HttpRequest(url=server.url)).status == 200


@pytest.mark.parametrize("fault", [Fault.DRIP, Fault.DRIP_HEADERS])
def test_an_answer_that_comes_byte_by_byte_is_cut(server: FakeHttpServer, fault: Fault) -> None:
    server.replies(Reply(fault=fault))
    http = HttpClient(trusted=[server.url], read=0.5, total=0.3)

    with pytest.raises(SendDelayed, match="no whole answer"):
        http(HttpRequest(url=server.url))


def test_how_much_is_read_may_be_chosen(server: FakeHttpServer) -> None:
    server.replies(Reply(fault=Fault.ENDLESS))

    answer = HttpClient(trusted=[server.url], max_answer=100_000)(HttpRequest(url=server.url))

    assert answer.body == b"x" * 100_000


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate"])
def test_a_zipped_answer_is_unzipped(server: FakeHttpServer, coding: str) -> None:
    body = gzip.compress(b"ok")
    server.replies(Reply(body=body, headers={"Content-Encoding": coding}))

    assert _local(server)(HttpRequest(url=server.url)).body == b"ok"


def test_a_zip_bomb_is_unzipped_up_to_the_limit(server: FakeHttpServer) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    server.replies(Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
    tracemalloc.start()

    answer = _local(server)(HttpRequest(url=server.url))

    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()
    assert answer.body == b"0" * MAX_RESPONSE_BYTES


def test_a_broken_zip_is_no_body(server: FakeHttpServer) -> None:
    server.replies(Reply(body=b"not zipped", headers={"Content-Encoding": "gzip"}))

    assert _local(server)(HttpRequest(url=server.url)).body == b""


def test_two_lengths_are_no_length(server: FakeHttpServer) -> None:
    server.replies(Reply(body=b"ok", headers={"Content-Length": "7"}))

    with pytest.raises(SendDelayed):
        _local(server)(HttpRequest(url=server.url))


def test_a_wish_to_wait_is_read(server: FakeHttpServer) -> None:
    server.replies(
        Reply(status=429, headers={"Retry-After": "Sun, 01 Mar 2026 12:01:00 GMT"}),
        Reply(status=429),
    )
    http = _local(server)

    waits = [http(HttpRequest(url=server.url)).retry_after for _ in range(2)]

    assert waits == [timedelta(minutes=1), None]


def test_nothing_of_the_environment_is_used(
    server: FakeHttpServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password something\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")

    _local(server)(HttpRequest(url=server.url))

    assert "authorization" not in server.received[0].headers


def test_calls_share_nothing(server: FakeHttpServer) -> None:
    server.usual = Reply(headers={"Set-Cookie": "who=me; Path=/"})
    http = _local(server)

    for _ in range(2):
        http(HttpRequest(url=server.url, method="GET"))

    assert [request.headers.get("cookie") for request in server.received] == [None, None]
    assert {request.headers["connection"] for request in server.received} == {"close"}


@pytest.mark.parametrize("value", [f"{SECRET}\nX-Other: 1", f" {SECRET}\r", f"{SECRET}漢"])
def test_a_header_that_cannot_be_is_refused_in_silence(server: FakeHttpServer, value: str) -> None:
    with pytest.raises(SendRefused) as refusal:
        _local(server)(HttpRequest(url=server.url, headers={"Authorization": value}))

    assert SECRET not in refusal.value.reason
    assert refusal.value.__context__ is None
    assert not server.received


def test_what_is_sent_and_got_is_not_printed() -> None:
    request = json_request(f"https://example.com/{SECRET}", SECRET, {"Authorization": SECRET})

    assert SECRET not in repr(request)
