import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from io import StringIO
from typing import Any

import pytest

from signalbox.http.asgi_body import SHORT_BODY
from signalbox.http.asgi_messages import AsgiMessage
from signalbox.http.gateway import Gateway
from signalbox.http.gateway_asgi import AsgiGateway
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.models.middleware import MiddlewareOptions
from signalbox.models.service import Service
from signalbox.services.gateway.bodies import read_body
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind, MiddlewareKinds, Place
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.ports.gateway import GatewayResponse, UpstreamRequest
from tests.builders import a_service
from tests.fakes.body_stream import FakeBody
from tests.fakes.clock import FakeClock
from tests.fakes.counts import FakeCount
from tests.fakes.gateway_handler import a_gateway

OPEN = a_service(access={"public": True}, max_body_bytes=200_000)
LEFT: AsgiMessage = {"type": "http.disconnect"}


def piece(body: bytes, *, more: bool = False) -> AsgiMessage:
    return {"type": "http.request", "body": body, "more_body": more}


class Client:
    """A client of the application: what it sends, and what it got."""

    def __init__(self, *messages: AsgiMessage, leaves_at: int | None = None) -> None:
        self._messages = list(messages) or [piece(b"")]
        self._leaves_at = leaves_at
        self.got: list[AsgiMessage] = []
        self.leaves = asyncio.Event()

    async def receive(self) -> AsgiMessage:
        if self._messages:
            return self._messages.pop(0)
        await self.leaves.wait()
        return LEFT

    async def send(self, message: AsgiMessage) -> None:
        self.got.append(message)
        if len(self.got) == self._leaves_at:
            raise OSError

    @property
    def status(self) -> int:
        return int(self.got[0]["status"])

    @property
    def fields(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.got[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.got[1:])


class Application:
    """The application over one service, whose instance does as `answer` does."""

    def __init__(
        self,
        answer: Callable[[UpstreamRequest], Awaitable[GatewayResponse]] | None = None,
        service: Service = OPEN,
        trusted: tuple[str, ...] = (),
        kinds: MiddlewareKinds | None = None,
    ) -> None:
        self._answer = answer
        self.asked: list[UpstreamRequest] = []
        self.count = FakeCount()
        self.steps: list[str] = []
        self.out = StringIO()
        self.core: Gateway = a_gateway(
            lambda: RoutingTable([service]),
            self._send,
            count=self.count,
            out=self.out,
            kinds=kinds,
        )
        self._application = AsgiGateway(
            gateway=self.core,
            clock=FakeClock(),
            begin=lambda: self._step("begin"),
            end=lambda: self._step("end"),
            trusted_proxies=trusted,
        )

    async def _step(self, name: str) -> None:
        self.steps.append(name)

    async def _send(self, request: UpstreamRequest) -> GatewayResponse:
        self.asked.append(request)
        if self._answer:
            return await self._answer(request)
        return GatewayResponse(status=200, body=b"ok")

    def access_line(self, capture: str) -> dict[str, Any]:
        lines = [json.loads(line) for line in capture.splitlines()]
        (line,) = [line for line in lines if line.get("message") == "access"]
        return dict(line)

    @property
    def log(self) -> str:
        return self.out.getvalue()

    async def http(self, client: Client, *fields: tuple[str, str], **changed: Any) -> Client:
        headers = [("host", "api.example.com"), *fields]
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "raw_path": b"/api/orders/42",
            "query_string": b"",
            "headers": [(n.encode(), v.encode()) for n, v in headers],
            "client": ("192.0.2.7", 4711),
            "server": ("127.0.0.1", 8080),
            **changed,
        }
        await asyncio.wait_for(self._application(scope, client.receive, client.send), 10)
        return client

    async def other(self, client: Client, **scope: Any) -> Client:
        await self._application(scope, client.receive, client.send)
        return client

    def ask(self, *fields: tuple[str, str], client: Client | None = None, **changed: Any) -> Client:
        return asyncio.run(self.http(client or Client(), *fields, **changed))

    def sent(self, name: str) -> list[str]:
        return [value for key, value in self.asked[0].fields if key == name]


def test_a_response_has_its_length_its_request_id_and_a_date() -> None:
    client = Application().ask(("x-request-id", "request-1"))

    assert (client.status, client.body) == (200, b"ok")
    assert client.fields["content-length"] == "2"
    assert client.fields["x-request-id"] == "request-1"
    assert client.fields["date"].endswith("GMT")
    assert "connection" not in client.fields


@pytest.mark.parametrize(
    ("trusted", "forwarded", "client"),
    [
        ((), ["9.9.9.9"], "192.0.2.7"),
        (("198.51.100.0/24",), ["9.9.9.9"], "192.0.2.7"),
        (("192.0.2.0/24",), ["9.9.9.9"], "9.9.9.9"),
        (("192.0.2.0/24",), ["1.1.1.1, 9.9.9.9", "192.0.2.8"], "9.9.9.9"),
        (("192.0.2.0/24",), ["9.9.9.9, evil"], "192.0.2.7"),
        (("192.0.2.0/24",), ["192.0.2.9, 192.0.2.8"], "192.0.2.9"),
        (("192.0.2.0/24",), [], "192.0.2.7"),
        (("192.0.2.0/24",), ["2001:db8::7"], "2001:db8::7"),
    ],
)
def test_the_client_is_the_peer_unless_a_trusted_proxy_names_another(
    trusted: tuple[str, ...], forwarded: Sequence[str], client: str
) -> None:
    application = Application(trusted=trusted)

    application.ask(*(("x-forwarded-for", value) for value in forwarded))

    assert application.sent("x-forwarded-for") == [client]


@pytest.mark.parametrize(
    ("trusted", "fields", "scheme", "port"),
    [
        ((), [("x-forwarded-proto", "https")], "http", "8080"),
        (("192.0.2.0/24",), [], "http", "8080"),
        (("192.0.2.0/24",), [("x-forwarded-proto", "https")], "https", "443"),
        (
            ("192.0.2.0/24",),
            [("x-forwarded-proto", "https"), ("x-forwarded-port", "8443")],
            "https",
            "8443",
        ),
        (("192.0.2.0/24",), [("x-forwarded-proto", "ftp")], "http", "8080"),
    ],
)
def test_scheme_and_port_are_those_of_the_connection_or_of_a_trusted_proxy(
    trusted: tuple[str, ...], fields: Sequence[tuple[str, str]], scheme: str, port: str
) -> None:
    application = Application(trusted=trusted)

    application.ask(*fields)

    assert application.sent("x-forwarded-proto") == [scheme]
    assert application.sent("x-forwarded-port") == [port]


def test_a_target_in_absolute_form_has_the_host() -> None:
    application = Application()

    client = application.ask(raw_path=b"http://other.example.com/api/orders/42")

    assert client.status == 200
    assert application.sent("x-forwarded-host") == ["other.example.com"]


def test_health_is_answered_without_tables() -> None:
    application = Application()

    client = application.ask(raw_path=b"/health")

    health = json.loads(client.body)
    assert (client.status, health["status"], health["version"]) == (200, "ok", "1.2.3")
    assert set(health) == {"status", "service", "version", "time"}


def test_a_short_body_is_sent_as_bytes_so_that_it_can_be_sent_again() -> None:
    application = Application()
    client = Client(piece(b"ab", more=True), piece(b"c"))

    application.ask(("content-length", "3"), client=client, method="PUT")

    assert application.asked[0].body == b"abc"


def test_a_short_body_without_length_that_ends_at_once_is_sent_as_bytes() -> None:
    application = Application()
    client = Client(piece(b"ab", more=True), piece(b""))

    application.ask(("transfer-encoding", "chunked"), client=client, method="PUT")

    assert application.asked[0].body == b"ab"
    assert application.sent("content-length") == ["2"]


async def echo(request: UpstreamRequest) -> GatewayResponse:
    body = await read_body(request.body, 1_000_000)
    return GatewayResponse(status=200, body=str(len(body)).encode())


@pytest.mark.parametrize("named", ["content-length", "transfer-encoding"])
def test_a_long_body_is_streamed(named: str) -> None:
    application = Application(echo)
    half = b"x" * SHORT_BODY
    client = Client(piece(half, more=True), piece(half))
    field = (named, str(2 * SHORT_BODY) if named == "content-length" else "chunked")

    application.ask(field, client=client, method="POST")

    assert client.body == str(2 * SHORT_BODY).encode()
    assert not isinstance(application.asked[0].body, bytes)
    assert application.sent(field[0]) == [field[1]]
    line = application.access_line(application.log)
    assert (line["bytes_in"], line["bytes_out"]) == (2 * SHORT_BODY, 6)


def test_a_body_over_the_limit_by_its_length_is_refused_before_it_is_read() -> None:
    application = Application(echo)
    client = Client(piece(b"x", more=True))

    application.ask(("content-length", "200001"), client=client, method="POST")

    assert (client.status, client.fields["connection"]) == (413, "close")
    assert application.asked == []


def test_a_stream_over_the_limit_ends_the_request_to_the_instance() -> None:
    application = Application(echo)
    client = Client(*[piece(b"x" * SHORT_BODY, more=True)] * 4)

    application.ask(("transfer-encoding", "chunked"), client=client, method="POST")

    assert (client.status, client.fields["connection"]) == (413, "close")
    assert json.loads(client.body)["error"] == "payload_too_large"


def test_a_malformed_request_closes_the_connection() -> None:
    fields = (("content-length", "1"), ("transfer-encoding", "chunked"))

    client = Application().ask(*fields, client=Client(piece(b"x")), method="POST")

    assert (client.status, client.fields["connection"]) == (400, "close")


def test_what_is_not_there_does_not_close_the_connection() -> None:
    client = Application().ask(raw_path=b"/api/nothing/1")

    assert client.status == 404
    assert "connection" not in client.fields


def streaming(body: FakeBody) -> Application:
    async def answer(_: UpstreamRequest) -> GatewayResponse:
        return GatewayResponse(status=200, body=body)

    return Application(answer)


def test_a_stream_is_sent_in_its_pieces_and_reported_at_its_end() -> None:
    application = streaming(FakeBody(b"ab", b"c", length=3))

    client = application.ask()

    assert [message.get("body") for message in client.got] == [None, b"ab", b"c", b""]
    assert client.fields["content-length"] == "3"
    line = application.access_line(application.log)
    assert (line["bytes_out"], line["status_code"], line.get("error")) == (3, 200, None)


def test_a_stream_of_unknown_length_names_none() -> None:
    client = streaming(FakeBody(b"ab")).ask()

    assert "content-length" not in client.fields


def test_a_stream_that_breaks_ends_the_connection_and_is_reported() -> None:
    application = streaming(FakeBody(b"ab", error=AttemptFailed("no", UpstreamFault.BROKEN)))
    client = Client()

    with pytest.raises(AttemptFailed):
        application.ask(client=client)

    assert [message.get("body") for message in client.got] == [None, b"ab"]
    line = application.access_line(application.log)
    assert (line["level"], line["error"], line["faults"]) == (
        "ERROR",
        "response_broken",
        ["broken"],
    )
    counted = {"target": "orders", "outcome": "response_broken"}
    assert ("GatewayRequests", counted) in application.count.seen


def test_a_client_that_leaves_cancels_the_request_to_the_instance() -> None:
    cancelled = []

    async def run() -> Application:
        client = Client()

        async def answer(_: UpstreamRequest) -> GatewayResponse:
            client.leaves.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                cancelled.append(True)
                raise
            raise AssertionError

        application = Application(answer)
        await application.http(client)
        assert client.got == []
        return application

    application = asyncio.run(run())

    assert cancelled == [True]
    line = application.access_line(application.log)
    assert (line["status_code"], line["error"]) == (499, "client_left")


def test_a_client_that_leaves_while_it_gets_a_stream_closes_the_stream() -> None:
    body = FakeBody(b"ab", b"c")
    application = streaming(body)

    application.ask(client=Client(leaves_at=2))

    assert body.closed == 1
    assert application.access_line(application.log)["error"] == "client_left"


def after_response(
    step: Callable[[], Awaitable[None]], place: Place, calls: int = 1
) -> tuple[Service, MiddlewareKinds]:
    """A service with a middleware that does something after it got the response."""

    async def middleware(call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        for _ in range(calls):
            response = await call_next(call)
        await step()
        return response

    kind = MiddlewareKind(
        options=MiddlewareOptions, create=lambda _options, _tools: middleware, place=place
    )
    service = a_service(access={"public": True}, middlewares=({"use": "tested"},), retries=0)
    return service, {"tested": lambda: kind}


@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("status", [200, 503])
def test_an_error_of_a_middleware_closes_the_streams_that_it_got(place: Place, status: int) -> None:
    bodies: list[FakeBody] = []

    async def answer(_request: UpstreamRequest) -> GatewayResponse:
        bodies.append(FakeBody(b"ab", b"c"))
        return GatewayResponse(status=status, body=bodies[-1])

    async def fail() -> None:
        raise ZeroDivisionError

    service, kinds = after_response(fail, place, calls=2)

    client = Application(answer, service, kinds=kinds).ask()

    assert client.status == 500
    assert [(body.left, body.closed) for body in bodies] == [([b"ab", b"c"], 1)] * 2


def test_a_client_that_leaves_while_a_middleware_has_a_stream_closes_the_stream() -> None:
    body, client = FakeBody(b"ab"), Client()

    async def answer(_request: UpstreamRequest) -> GatewayResponse:
        return GatewayResponse(status=200, body=body)

    async def wait() -> None:
        client.leaves.set()
        await asyncio.Event().wait()

    service, kinds = after_response(wait, Place.AFTER_ACCESS)

    Application(answer, service, kinds=kinds).ask(client=client)

    assert (client.got, body.closed) == ([], 1)


def test_a_client_that_leaves_before_it_has_sent_its_body_ends_the_request() -> None:
    application = Application(echo)
    half = piece(b"x" * SHORT_BODY, more=True)

    client = application.ask(
        ("content-length", str(2 * SHORT_BODY)), client=Client(half, LEFT), method="POST"
    )

    assert application.access_line(application.log)["error"] == "client_left"
    assert client.got == []


def test_a_websocket_is_refused() -> None:
    plain = asyncio.run(Application().other(Client(), type="websocket"))
    extension: dict[str, object] = {"websocket.http.response": {}}
    answered = asyncio.run(Application().other(Client(), type="websocket", extensions=extension))

    assert [message["type"] for message in plain.got] == ["websocket.close"]
    assert answered.status == 501


def test_the_application_begins_and_ends_with_its_server() -> None:
    application = Application()
    client = Client({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})

    asyncio.run(application.other(client, type="lifespan"))

    assert application.steps == ["begin", "end"]
    assert [message["type"] for message in client.got] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
