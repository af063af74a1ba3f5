import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from signalbox.egress.upstream_client import UpstreamClient
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.services.ports.gateway import UpstreamRequest
from tests.builders import an_instance
from tests.fakes.certificates import FakeAuthority
from tests.fakes.http_server import FakeHttpServer, Fault, Reply
from tests.fakes.raw_server import OK, RawServer

LOOPBACK = ("127.0.0.0/8",)


def a_call(url: str, *, seconds: float = 5, body: bytes = b"") -> UpstreamRequest:
    fields = (("host", "x"), ("content-length", str(len(body))))
    return UpstreamRequest(
        instance=an_instance(url=url),
        method="POST",
        target="/",
        fields=fields,
        body=body,
        connect=1,
        seconds=seconds,
    )


def fault_of(client: UpstreamClient, call: UpstreamRequest) -> UpstreamFault:
    with pytest.raises(AttemptFailed) as caught:
        client(call)
    return caught.value.fault


@pytest.fixture
def raw() -> Iterator[RawServer]:
    with RawServer().running() as server:
        yield server


@pytest.mark.parametrize(
    ("url", "addresses", "networks"),
    [
        ("http://a.example.com", ["93.184.215.14"], ()),
        ("http://a.example.com", ["10.0.0.1"], ()),
        ("https://a.example.com", ["10.0.0.1"], ()),
        ("https://a.example.com", ["127.0.0.1"], ("10.0.0.0/8",)),
        ("http://a.example.com", ["10.0.0.1", "93.184.215.14"], ("10.0.0.0/8",)),
        ("https://a.example.com", ["93.184.215.14", "::1"], ()),
        ("http://a.example.com", ["169.254.169.254"], ("0.0.0.0/0",)),
        ("http://a.example.com", ["10.0.0.1", "169.254.170.2"], ("0.0.0.0/0",)),
        ("http://a.example.com", ["fd00:ec2::254"], ("::/0",)),
        ("http://a.example.com", ["fe80::1"], ("::/0",)),
        ("http://a.example.com", ["::ffff:169.254.169.254"], ("::/0",)),
        ("https://user@a.example.com", ["93.184.215.14"], ()),
    ],
)
def test_an_address_that_may_not_be_called_is_refused(
    url: str, addresses: Sequence[str], networks: tuple[str, ...]
) -> None:
    client = UpstreamClient(networks=networks, max_body=9, resolve=lambda _host, _port: addresses)

    assert fault_of(client, a_call(url)) is UpstreamFault.REFUSED


def test_a_name_is_resolved_once_and_the_checked_address_is_called(raw: RawServer) -> None:
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    client = UpstreamClient(networks=LOOPBACK, max_body=9, resolve=resolve)
    response = client(a_call(raw.url.replace("127.0.0.1", "orders.internal")))

    assert response.body == b"ok"
    assert asked == ["orders.internal"]


def test_nobody_who_listens_is_a_failed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    client = UpstreamClient(networks=LOOPBACK, max_body=9)

    assert fault_of(client, a_call(f"http://127.0.0.1:{port}")) is UpstreamFault.CONNECT


def test_a_name_without_an_address_is_a_failed_connection() -> None:
    def resolve(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror

    client = UpstreamClient(max_body=9, resolve=resolve)

    assert fault_of(client, a_call("https://a.example.com")) is UpstreamFault.CONNECT


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.DRIP, Fault.DRIP_HEADERS])
def test_whoever_is_slow_is_cut_off_at_the_deadline(fault: Fault) -> None:
    client = UpstreamClient(networks=LOOPBACK, max_body=99_999)

    with FakeHttpServer().running() as server:
        server.replies(Reply(fault=fault))

        assert fault_of(client, a_call(server.url, seconds=0.3)) is UpstreamFault.TIMEOUT


def test_a_body_without_end_is_cut_off_at_the_limit() -> None:
    client = UpstreamClient(networks=LOOPBACK, max_body=200_000)

    with FakeHttpServer().running() as server:
        server.replies(Reply(fault=Fault.ENDLESS))

        assert fault_of(client, a_call(server.url)) is UpstreamFault.TOO_LARGE


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.HALF])
def test_a_connection_that_breaks_is_no_answer(fault: Fault) -> None:
    client = UpstreamClient(networks=LOOPBACK, max_body=99)

    with FakeHttpServer().running() as server:
        server.replies(Reply(fault=fault, body=b"part"))

        assert fault_of(client, a_call(server.url)) is UpstreamFault.BROKEN


def test_a_connection_that_stays_open_does_not_delay_the_answer(raw: RawServer) -> None:
    raw.hold = True
    raw.answer = OK

    assert UpstreamClient(networks=LOOPBACK, max_body=9)(a_call(raw.url)).body == b"ok"


def test_a_request_that_is_not_valid_says_nothing_of_the_instance(raw: RawServer) -> None:
    client = UpstreamClient(networks=LOOPBACK, max_body=9)

    assert fault_of(client, replace(a_call(raw.url), target="/a b")) is UpstreamFault.REFUSED
    assert raw.received == []


def test_large_bodies_pass_both_ways(raw: RawServer) -> None:
    body = b"x" * 3_000_000
    raw.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + body

    response = UpstreamClient(networks=LOOPBACK, max_body=3_000_000)(a_call(raw.url, body=body))

    assert response.body == body
    assert raw.received[0].endswith(b"\r\n\r\n" + body)


def test_a_certificate_is_verified_for_the_name(tmp_path: Path) -> None:
    authority = FakeAuthority(tmp_path)
    good = UpstreamClient(networks=LOOPBACK, max_body=9, tls=authority.client)
    without = UpstreamClient(networks=LOOPBACK, max_body=9)

    with FakeHttpServer(authority.server("127.0.0.1")).running() as server:
        assert good(a_call(server.url)).body == b"ok"
        assert fault_of(without, a_call(server.url)) is UpstreamFault.CONNECT
        other = server.url.replace("127.0.0.1", "127.0.0.2")
        assert fault_of(good, a_call(other)) is UpstreamFault.CONNECT
