"""Faults of the services behind the gateway: rows 32 to 41 of the table.

Nothing is lost if the client gets an answer in time that says what it may repeat: a request that is
safe is answered by another instance, any other gets a problem with nothing of the inside.
"""

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from ssl import SSLContext
from typing import Final

import pytest
from pydantic import JsonValue

from signalbox.egress.upstream_client import UpstreamClient
from signalbox.http.events import LambdaResponse
from signalbox.models.errors import Unavailable
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.gateway.routing_cache import RoutingCache
from tests.builders import a_service, an_instance
from tests.fakes.certificates import FakeAuthority
from tests.fakes.clock import FakeClock
from tests.fakes.context import FakeContext
from tests.fakes.counts import FakeCount
from tests.fakes.gateway_handler import a_gateway_handler
from tests.fakes.http_server import FakeHttpServer, Fault, Reply
from tests.fakes.raw_server import RawServer
from tests.faults.cases import LONG
from tests.functions.system import event

HURRY: Final = 0.8
"""Seconds for an attempt that the instance does not end. A busy machine answers sooner."""

Record = Callable[[str, object], None]
Faulty = Callable[[], AbstractContextManager[str]]


class Proxy:
    """The gateway before the service `orders`, whose instances are at these URLs."""

    def __init__(self, *urls: str, tls: SSLContext | None = None, **changes: object) -> None:
        instances = tuple(an_instance(id=f"i{n}", url=url) for n, url in enumerate(urls))
        service = a_service(
            instances=instances,
            access={"public": True},
            timeouts={"attempt": HURRY, "total": 5},
            **changes,
        )
        self.clock = FakeClock()
        self.is_store_down = False
        self._count = FakeCount()
        table = RoutingTable([service])

        def read() -> RoutingTable:
            if self.is_store_down:
                raise Unavailable("no tables")
            return table

        self._handler = a_gateway_handler(
            RoutingCache(read=read, clock=self.clock),
            UpstreamClient(networks=("127.0.0.0/8",), max_body=100_000, tls=tls),
            clock=self.clock,
            count=self._count,
        )

    @property
    def counted(self) -> list[str]:
        """The names of the metrics so far."""
        return self._count.names

    def ask(self, method: str = "GET", body: bytes = b"", **headers: str) -> LambdaResponse:
        fields = {name.replace("_", "-"): text for name, text in headers.items()}
        made: dict[str, JsonValue] = event(
            method, "/api/orders/1", {"host": "api.example.com", **fields}, body
        )
        return self._handler(made, FakeContext(self.clock, timeout=10))


def code_of(response: LambdaResponse) -> tuple[int, str]:
    return response["statusCode"], json.loads(response["body"])["error"]


@contextmanager
def refusing() -> Iterator[str]:
    """The URL of an instance where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


@contextmanager
def misbehaving(fault: Fault) -> Iterator[str]:
    """The URL of an instance with a fault."""
    with FakeHttpServer().running() as server:
        server.usual = Reply(body=b"part", fault=fault)
        yield server.url


@contextmanager
def answering(raw: bytes, *, hold: bool = False) -> Iterator[str]:
    """The URL of an instance that answers these bytes."""
    with RawServer().running() as server:
        server.answer, server.hold = raw, hold
        yield server.url


@contextmanager
def not_reading() -> Iterator[str]:
    """The URL of an instance that takes connections and reads nothing."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


FAULTS: Final[Mapping[str, tuple[Faulty, str]]] = {
    "refused": (refusing, "bad_gateway"),
    "reset": (lambda: misbehaving(Fault.RESET), "bad_gateway"),
    "reset in the body": (lambda: misbehaving(Fault.HALF), "bad_gateway"),
    "half a head": (lambda: answering(b"HTTP/1.1 200 OK\r\nX-A"), "bad_gateway"),
    "half a head, held": (
        lambda: answering(b"HTTP/1.1 200 OK\r\nX-A", hold=True),
        "gateway_timeout",
    ),
    "slow head": (lambda: misbehaving(Fault.DRIP_HEADERS), "gateway_timeout"),
    "slow body": (lambda: misbehaving(Fault.DRIP), "gateway_timeout"),
    "no answer": (lambda: misbehaving(Fault.HANG), "gateway_timeout"),
    "too long": (
        lambda: answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"),
        "bad_gateway",
    ),
    "two lengths": (
        lambda: answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokx"),
        "bad_gateway",
    ),
}


def check(names: tuple[str, ...], record: Record) -> None:
    """Ask twice with each fault: what may be repeated is answered, what may not is a problem."""
    for name in names if LONG else names[:1]:
        faulty, code = FAULTS[name]
        with faulty() as bad, FakeHttpServer().running() as good:
            safe, unsafe = Proxy(bad, good.url), Proxy(bad)

            answers = [safe.ask()["statusCode"] for _ in range(2)]
            key = safe.ask("POST", b"x", idempotency_key="k")["statusCode"]
            posted = unsafe.ask("POST", b"x")

        assert (answers, key) == ([200, 200], 200), name
        assert code_of(posted) == ({"bad_gateway": 502}.get(code, 504), code), name
        assert "GatewayRetries" in safe.counted, name
        assert "127.0.0.1" not in posted["body"], name
    record("happened", f"another instance answered GET; POST got {code}")


def test_an_instance_that_refuses_connections_is_passed_over(record_property: Record) -> None:
    check(("refused",), record_property)


def test_an_instance_that_resets_is_passed_over(record_property: Record) -> None:
    check(("reset in the body", "reset"), record_property)


def test_an_instance_that_answers_half_a_head_is_passed_over(record_property: Record) -> None:
    check(("half a head", "half a head, held"), record_property)


def test_an_instance_that_drips_is_cut_off_and_passed_over(record_property: Record) -> None:
    check(("slow head", "slow body", "no answer"), record_property)


def test_an_instance_with_a_wrong_length_is_passed_over(record_property: Record) -> None:
    check(("too long", "two lengths"), record_property)


@pytest.mark.parametrize(
    ("host", "days"),
    [
        pytest.param("example.com", 1, id="another host"),
        pytest.param("127.0.0.1", -1, id="expired"),
    ],
)
def test_an_instance_with_a_bad_certificate_gets_no_request(
    tmp_path: Path, record_property: Record, host: str, days: int
) -> None:
    authority = FakeAuthority(tmp_path)
    with ExitStack() as stack:
        bad = FakeHttpServer(authority.server(host, left=timedelta(days=days)))
        good = FakeHttpServer(authority.server("127.0.0.1"))
        for server in (bad, good):
            stack.enter_context(server.running())
        proxy = Proxy(bad.url, good.url, tls=authority.client)

        answers = [proxy.ask()["statusCode"] for _ in range(2)]

        record_property("happened", "another instance answered")
        assert answers == [200, 200]
        assert (len(bad.received), len(good.received)) == (0, 2)


def test_a_service_that_is_down_costs_its_callers_no_time_and_says_when_to_come_back(
    record_property: Record,
) -> None:
    with refusing() as bad, refusing() as other:
        proxy = Proxy(bad, other, outliers={"consecutive_failures": 2})

        answers = [proxy.ask() for _ in range(30)]

    codes = [code_of(answer) for answer in answers]
    record_property("happened", f"{codes.count((502, 'bad_gateway'))} times 502, then 503")
    assert set(codes) == {(502, "bad_gateway"), (503, "service_unavailable")}
    assert codes[-1] == (503, "service_unavailable")
    assert int(answers[-1]["headers"]["retry-after"]) > 0


def test_while_the_configuration_cannot_be_read_the_last_known_one_serves_on(
    record_property: Record,
) -> None:
    with FakeHttpServer().running() as server:
        proxy, never = Proxy(server.url), Proxy(server.url)
        before = proxy.ask()["statusCode"]
        proxy.is_store_down = never.is_store_down = True
        answers = []
        for _ in range(60):
            proxy.clock.advance(seconds=60)
            answers.append(proxy.ask()["statusCode"])
        refused = code_of(never.ask())

    record_property("happened", "200 for an hour; a new process answers 503")
    assert (before, set(answers)) == (200, {200})
    assert refused == (503, "unavailable")


def test_an_instance_that_flaps_costs_its_callers_nothing(record_property: Record) -> None:
    with FakeHttpServer().running() as flapping, FakeHttpServer().running() as good:
        proxy = Proxy(flapping.url, good.url)
        statuses, failures = [], 0
        for number in range(240):
            is_down = number // 20 % 2 == 1
            flapping.usual = Reply(status=503 if is_down else 200)
            before = len(flapping.received)
            statuses.append(proxy.ask()["statusCode"])
            failures += is_down and len(flapping.received) > before
            proxy.clock.advance(seconds=1)

    record_property("happened", f"240 answers; {failures} of 120 calls met the instance down")
    assert set(statuses) == {200}
    assert 0 < failures < 40


def test_an_upload_that_an_instance_does_not_take_is_cut_off_and_passed_over(
    record_property: Record,
) -> None:
    body, limit = b"x" * 4_000_000, 4_400_000
    with not_reading() as slow, FakeHttpServer().running() as good:
        proxy = Proxy(slow, good.url, max_body_bytes=limit)
        posted = Proxy(slow, max_body_bytes=limit).ask("POST", body)

        uploads = [proxy.ask("POST", body, idempotency_key=f"k{n}") for n in range(2)]

    answers = [upload["statusCode"] for upload in uploads]
    record_property("happened", "another instance took it; without a key: gateway_timeout")
    assert answers == [200, 200]
    assert {len(request.body) for request in good.received} == {len(body)}
    assert code_of(posted) == (504, "gateway_timeout")
