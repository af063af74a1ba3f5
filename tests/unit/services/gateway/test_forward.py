import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from signalbox.models.errors import SignalboxError
from signalbox.models.gateway_errors import (
    AttemptFailed,
    GatewayTimeout,
    ResponseTooLarge,
    ServiceUnavailable,
    UpstreamError,
    UpstreamFault,
)
from signalbox.models.health_check import OutlierDetection
from signalbox.models.service import HostMode, Service
from signalbox.models.upstream import BalancingPolicy
from signalbox.services.gateway.balancing import LeastOutstanding
from signalbox.services.gateway.forward import ForwardRequest, hash_value
from signalbox.services.gateway.instance_pool import InstancePool
from signalbox.services.gateway.location import public_locations
from signalbox.services.gateway.middleware import GatewayCall
from signalbox.services.gateway.paths import parse_path
from signalbox.services.gateway.record import GatewayRecord
from signalbox.services.gateway.request import GatewayRequest
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.gateway.synchronous import as_coroutine, run_blocking
from signalbox.services.ports.gateway import GatewayResponse, HeaderFields, UpstreamRequest
from tests.builders import a_route, a_service, an_instance
from tests.fakes.body_stream import FakeBody
from tests.fakes.instance_pool import an_instance_pool, live_instances

TWO = (an_instance(), an_instance(id="b", url="https://b.example.com/base/"))
OK = GatewayResponse(status=200)
DOWN = UpstreamFault.CONNECT

Answer = GatewayResponse | UpstreamFault | BaseException


class Instances:
    """Answer what the script has next; each call takes `seconds`."""

    def __init__(self, *script: Answer, seconds: float = 1.0) -> None:
        self.script = list(script)
        self.asked: list[UpstreamRequest] = []
        self.now = 0.0
        self._seconds = seconds

    def timer(self) -> float:
        return self.now

    def __call__(self, request: UpstreamRequest) -> GatewayResponse:
        self.asked.append(request)
        self.now += self._seconds
        answer = self.script.pop(0)
        if isinstance(answer, UpstreamFault):
            raise AttemptFailed("no", answer)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def a_request(
    method: str = "GET",
    *fields: tuple[str, str],
    host: str = "",
    query: str = "",
    client: str = "192.0.2.7",
) -> GatewayRequest:
    return GatewayRequest(
        method=method,
        path=parse_path("/api/orders/42"),
        fields=fields,
        host=host,
        query=query,
        client=client,
    )


def forwarded(
    instances: Instances,
    service: Service,
    request: GatewayRequest | None = None,
    *,
    seconds: float = 20,
    pool: InstancePool | None = None,
    record: GatewayRecord | None = None,
) -> GatewayResponse:
    request = request or a_request()
    forward = ForwardRequest(
        send=as_coroutine(instances),
        instances=live_instances(),
        pool=pool or an_instance_pool(),
        timer=instances.timer,
        via="signalbox",
    )
    call = GatewayCall(
        request=request,
        destination=RoutingTable([service]).find(request),
        seconds=seconds,
        record=record or GatewayRecord(),
    )
    return run_blocking(forward(call))


@pytest.mark.parametrize(
    "first", [DOWN, UpstreamFault.TIMEOUT, UpstreamFault.BROKEN, 502, 503, 504]
)
def test_another_instance_answers_when_the_first_fails(first: UpstreamFault | int) -> None:
    failing = GatewayResponse(status=first) if isinstance(first, int) else first
    instances, record = Instances(failing, OK), GatewayRecord()

    response = forwarded(instances, a_service(instances=TWO), record=record)

    assert response.status == 200
    assert {attempt.instance for attempt in record.attempts} == {"a", "b"}
    assert [attempt.status for attempt in record.attempts][1:] == [200]


@pytest.mark.parametrize(
    ("request_", "tries"),
    [
        (a_request("GET"), 2),
        (a_request("PUT"), 2),
        (a_request("DELETE"), 2),
        (a_request("POST"), 1),
        (a_request("PATCH"), 1),
        (a_request("LOCK"), 1),
        (a_request("POST", ("Idempotency-Key", "k")), 2),
    ],
)
def test_only_what_may_be_sent_twice_is_tried_again(request_: GatewayRequest, tries: int) -> None:
    instances = Instances(DOWN, DOWN)

    with pytest.raises(UpstreamError):
        forwarded(instances, a_service(instances=TWO), request_)

    assert len(instances.asked) == tries


@pytest.mark.parametrize(
    ("service", "tries"),
    [
        (a_service(instances=TWO, retries=0), 1),
        (a_service(instances=TWO, retries=3), 2),
        (a_service(retries=3), 1),
        (a_service(instances=TWO, timeouts={"total": 1.0}), 1),
    ],
)
def test_no_instance_is_tried_twice_or_after_the_deadline(service: Service, tries: int) -> None:
    instances = Instances(DOWN, DOWN)

    with pytest.raises(UpstreamError):
        forwarded(instances, service)

    assert len(instances.asked) == tries


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (UpstreamFault.REFUSED, UpstreamError),
        (UpstreamFault.CONNECT, UpstreamError),
        (UpstreamFault.BROKEN, UpstreamError),
        (UpstreamFault.TIMEOUT, GatewayTimeout),
        (UpstreamFault.TOO_LARGE, ResponseTooLarge),
    ],
)
def test_the_client_gets_the_kind_of_the_failure_and_nothing_of_the_inside(
    fault: UpstreamFault, error: type[SignalboxError]
) -> None:
    with pytest.raises(SignalboxError) as caught:
        forwarded(Instances(fault), a_service())

    assert type(caught.value) is error
    assert "example.com" not in caught.value.reason


def test_an_answer_that_is_too_large_is_not_asked_for_again() -> None:
    instances = Instances(UpstreamFault.TOO_LARGE, OK)

    with pytest.raises(ResponseTooLarge):
        forwarded(instances, a_service(instances=TWO))


def test_a_version_without_instances_is_unavailable() -> None:
    request = GatewayRequest(method="GET", path=parse_path("/api/orders/v2/1"), fields=())

    with pytest.raises(ServiceUnavailable):
        forwarded(Instances(), a_service(versions={"v2": ()}), request)


def test_the_failing_answer_of_the_last_instance_is_passed_on() -> None:
    last = GatewayResponse(status=503, fields=(("Retry-After", "9"),), body=b"busy")

    response = forwarded(Instances(last), a_service())

    assert response == last


def test_times_are_those_of_the_service_within_those_of_the_caller() -> None:
    service = a_service(instances=TWO, timeouts={"connect": 5.0, "attempt": 2.0, "total": 8.0})
    instances = Instances(DOWN, OK, seconds=2.5)

    forwarded(instances, service, seconds=4)

    assert [(asked.connect, asked.seconds) for asked in instances.asked] == [(4, 2), (1.5, 1.5)]


def test_host_and_path_are_those_of_the_instance_unless_the_host_is_kept() -> None:
    rewriting, keeping = Instances(OK), Instances(OK)
    request = a_request(host="api.example.com", query="a=1")

    forwarded(rewriting, a_service(instances=TWO[1:]), request)
    forwarded(keeping, a_service(instances=TWO[1:], host=HostMode.KEEP), request)

    assert [dict(i.asked[0].fields)["host"] for i in (rewriting, keeping)] == [
        "b.example.com",
        "api.example.com",
    ]
    assert rewriting.asked[0].target == "/base/api/42?a=1"


@pytest.mark.parametrize(
    ("key", "fields", "value"),
    [
        ("header:X-User", (("x-user", "ada"),), "ada"),
        ("header:X-User", (), "192.0.2.7"),
        ("cookie:session", (("cookie", "a=1; session=s1"),), "s1"),
        ("cookie:session", (("cookie", "a=1"),), "192.0.2.7"),
        (None, (), None),
    ],
)
def test_clients_differ_by_header_or_cookie_and_else_by_address(
    key: str | None, fields: HeaderFields, value: str | None
) -> None:
    service = a_service(hash_key=key, balancing=BalancingPolicy.CONSISTENT_HASH)

    assert hash_value(service, a_request("GET", *fields)) == value


def test_equal_keys_go_to_the_same_instance() -> None:
    service = a_service(
        instances=TWO, balancing=BalancingPolicy.CONSISTENT_HASH, hash_key="header:x-user"
    )
    instances = Instances(*[OK] * 8)

    for _ in range(8):
        forwarded(instances, service, a_request("GET", ("x-user", "ada")))

    assert len({asked.instance.id for asked in instances.asked}) == 1


LOCATIONS: list[tuple[str, str]] = [
    ("/base/inner/1", "/hooks/api/shop/1"),
    ("/base/inner", "/hooks/api/shop"),
    ("/base/inner?a=1", "/hooks/api/shop?a=1"),
    ("https://b.example.com/base/inner/1", "/hooks/api/shop/1"),
    ("https://b.example.com/other", "/other"),
    ("https://b.example.com", "/"),
    ("https://b.example.com.evil.org/base/inner", "https://b.example.com.evil.org/base/inner"),
    ("https://c.example.com/base/inner", "https://c.example.com/base/inner"),
    ("//c.example.com/", "//c.example.com/"),
    ("/base/innermost", "/base/innermost"),
    ("relative", "relative"),
]


@pytest.mark.parametrize(("value", "public"), LOCATIONS)
def test_a_location_below_the_service_is_one_of_the_gateway(value: str, public: str) -> None:
    request = GatewayRequest(method="GET", path=parse_path("/api/shop/1"), fields=())
    route = a_route(rewrite="/inner")
    destination = RoutingTable([a_service(instances=TWO[1:])], [route]).find(request)

    fields = public_locations(
        (("Location", value), ("Link", value)), destination, instance_url=TWO[1].url, base="/hooks"
    )

    assert fields == (("Location", public), ("Link", value))


def test_an_instance_that_is_down_costs_later_requests_nothing() -> None:
    pool, down = an_instance_pool(), Instances(*[DOWN] * 20)
    service = a_service(retries=0)

    for _ in range(20):
        with pytest.raises((UpstreamError, ServiceUnavailable)):
            forwarded(down, service, pool=pool)
    with pytest.raises(ServiceUnavailable) as caught:
        forwarded(down, service, pool=pool)

    assert len(down.asked) < 20
    assert caught.value.after.total_seconds() > 0


def test_a_service_that_fails_gets_few_requests_more() -> None:
    pool, record = an_instance_pool(), GatewayRecord()
    failing = Instances(*[GatewayResponse(status=503)] * 60)
    service = a_service(
        instances=TWO, outliers=OutlierDetection(consecutive_failures=100, failure_percent=100)
    )

    for _ in range(40):
        record = GatewayRecord()
        with suppress(ServiceUnavailable):
            forwarded(failing, service, pool=pool, record=record)

    assert len(failing.asked) <= 40 + 10 + 8
    assert record.refusal is not None or record.attempts == []


def test_an_address_that_may_not_be_called_says_nothing_of_its_instance() -> None:
    pool = an_instance_pool()

    for _ in range(20):
        with pytest.raises(UpstreamError):
            forwarded(Instances(UpstreamFault.REFUSED), a_service(), pool=pool)


LEAST = a_service(instances=TWO[:1], balancing=BalancingPolicy.LEAST_OUTSTANDING)


def outstanding(pool: InstancePool) -> int:
    """How many calls of the instance have not ended."""
    balancer = pool._balancers["orders", BalancingPolicy.LEAST_OUTSTANDING]
    assert isinstance(balancer, LeastOutstanding)
    return sum(balancer._outstanding.counts.values())


async def read(response: GatewayResponse) -> bytes:
    assert not isinstance(response.body, bytes)
    return b"".join([piece async for piece in response.body])


def test_a_call_ends_with_the_stream_of_its_response() -> None:
    pool = an_instance_pool()
    response = forwarded(
        Instances(GatewayResponse(status=200, body=FakeBody(b"a", b"b"))), LEAST, pool=pool
    )
    before = outstanding(pool)

    body = asyncio.run(read(response))

    assert (before, body, outstanding(pool)) == (1, b"ab", 0)


def test_a_stream_that_breaks_is_a_failed_call_and_a_fault_of_its_attempt() -> None:
    pool, record = an_instance_pool(), GatewayRecord()
    broken = FakeBody(b"a", error=AttemptFailed("no", UpstreamFault.BROKEN))
    response = forwarded(
        Instances(GatewayResponse(status=200, body=broken)), LEAST, pool=pool, record=record
    )

    with pytest.raises(AttemptFailed):
        asyncio.run(read(response))

    assert outstanding(pool) == 0
    assert (record.attempts[0].status, record.attempts[0].fault) == (200, UpstreamFault.BROKEN)
    assert pool.outliers._calls


def test_a_stream_that_the_client_leaves_says_nothing_of_the_instance() -> None:
    pool = an_instance_pool()
    response = forwarded(
        Instances(GatewayResponse(status=200, body=FakeBody(b"a"))), LEAST, pool=pool
    )
    assert not isinstance(response.body, bytes)

    asyncio.run(response.body.close())

    assert outstanding(pool) == 0
    assert not pool.outliers._calls


def test_a_call_that_is_cancelled_ends_and_says_nothing_of_the_instance() -> None:
    pool = an_instance_pool()

    with pytest.raises(asyncio.CancelledError):
        forwarded(Instances(asyncio.CancelledError()), LEAST, pool=pool)

    assert outstanding(pool) == 0
    assert not pool.outliers._calls


def test_the_stream_of_an_answer_that_is_not_passed_on_is_closed() -> None:
    first = FakeBody(b"down")
    instances = Instances(GatewayResponse(status=503, body=first), OK)

    response = forwarded(instances, a_service(instances=TWO))

    assert (response.status, first.closed) == (200, 1)


def test_the_stream_of_a_response_without_body_is_closed() -> None:
    body = FakeBody(b"x")

    response = forwarded(
        Instances(GatewayResponse(status=200, body=body)), LEAST, a_request("HEAD")
    )

    assert (response.body, body.closed) == (b"", 1)


@pytest.mark.parametrize(
    ("fault", "calls"), [(DOWN, 2), (UpstreamFault.BROKEN, 1), (UpstreamFault.TIMEOUT, 1)]
)
def test_a_streamed_request_is_repeated_only_if_nothing_was_sent(
    fault: UpstreamFault, calls: int
) -> None:
    instances, request = Instances(fault, OK), a_request("PUT")

    with suppress(SignalboxError):
        forwarded(instances, a_service(instances=TWO), replace(request, body=FakeBody(b"x")))

    assert len(instances.asked) == calls
