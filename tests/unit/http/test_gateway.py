import base64
import json
from collections.abc import Mapping
from io import StringIO
from typing import cast

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from pydantic import JsonValue

from signalbox.auth.api_keys import KeyAuthenticator, new_key
from signalbox.auth.identity import IdentitySigner, new_identity_key
from signalbox.auth.rate_limits import LocalRateLimitBuckets, RateLimiter
from signalbox.http.authorize import Authorizer
from signalbox.http.events import LambdaResponse
from signalbox.http.gateway import Gateway as Core
from signalbox.http.gateway_lambda import GatewayHandler
from signalbox.models.errors import Unauthenticated, Unavailable
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.models.principal import Principal, Scope
from signalbox.models.rate_limits import Limits, RateLimit
from signalbox.models.service import Service
from signalbox.services.gateway.forward import ForwardRequest
from signalbox.services.gateway.routing import RoutingTable
from signalbox.services.gateway.routing_cache import RoutingCache
from signalbox.services.gateway.synchronous import as_coroutine
from signalbox.services.ports.gateway import GatewayResponse, UpstreamRequest
from tests.builders import NOW, a_route, a_service, an_instance
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeKeyStore
from tests.fakes.context import FakeContext
from tests.fakes.counts import FakeCount
from tests.fakes.instance_pool import an_instance_pool, live_instances
from tests.fakes.loggers import a_logger
from tests.fakes.metrics_report import metrics_report
from tests.functions.system import event

PUBLIC = {"public": True}
KEY = new_identity_key()
OK = GatewayResponse(status=200, fields=(("X-A", "1"),), body=b"\x00ok")


def a_key(*roles: str, scopes: tuple[Scope, ...] = ()) -> tuple[str, FakeKeyStore]:
    made = new_key("live", name="k", roles=roles, scopes=scopes, created_by="t", now=NOW)
    return made.text, FakeKeyStore(made.stored)


def nobody(text: str) -> Principal:
    if text == "a.good.token":
        return Principal(name="jwt:corp/ada", scopes=frozenset({Scope.SERVICES_CALL}))
    raise Unauthenticated("this needs an API key or a token")


class Gateway:
    """The handler over one service, which answers `response`, or fails with it."""

    def __init__(
        self, *services: Service, keys: FakeKeyStore | None = None, limit: int = 1_000
    ) -> None:
        self.response: GatewayResponse | UpstreamFault | Exception = OK
        self.asked: list[UpstreamRequest] = []
        self.count = FakeCount()
        self.clock = FakeClock()
        self.out = StringIO()
        rate = RateLimit(count=limit, burst=limit)
        limits = Limits(anonymous=rate, default=rate, roles={})
        table = RoutingTable(
            services or (a_service(access=PUBLIC),), [a_route(rewrite="/", service="orders")]
        )
        core = Core(
            table=lambda: table,
            admit=as_coroutine(
                Authorizer(
                    keys=KeyAuthenticator(
                        store=keys or FakeKeyStore(), clock=self.clock, environment="live"
                    ).authenticate,
                    tokens=nobody,
                    limit=RateLimiter(
                        buckets=LocalRateLimitBuckets(), limits=lambda: limits, clock=self.clock
                    ),
                )
            ),
            forward=ForwardRequest(
                send=as_coroutine(self._send),
                instances=live_instances(clock=self.clock),
                pool=an_instance_pool(self.clock),
                timer=lambda: 0.0,
                via="signalbox-test",
            ),
            identity=IdentitySigner(keys=lambda: (KEY,), issuer="signalbox/test", clock=self.clock),
            version="1.2.3",
            started_at=NOW,
            logger=a_logger(self.out),
            reports=[metrics_report(self.clock, self.count)],
        )
        self.handler = GatewayHandler(gateway=core)

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes = b"",
        *,
        cookies: tuple[str, ...] = (),
        **headers: str,
    ) -> LambdaResponse:
        sent = {"host": "api.example.com"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        made: dict[str, JsonValue] = event(method, path, sent, body)
        if cookies:
            made["cookies"] = list(cookies)
        return self.handler(made, FakeContext(self.clock, timeout=30))

    @property
    def sent(self) -> Mapping[str, str]:
        """The headers that the service got last."""
        return dict(self.asked[-1].fields)

    def _send(self, request: UpstreamRequest) -> GatewayResponse:
        self.asked.append(request)
        if isinstance(self.response, UpstreamFault):
            raise AttemptFailed("http://10.0.0.1 is down", self.response)
        if isinstance(self.response, Exception):
            raise self.response
        return self.response


def problem(response: LambdaResponse) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = json.loads(response["body"])
    return found


def access_line(out: str) -> dict[str, JsonValue]:
    lines = [json.loads(line) for line in out.splitlines() if '"access"' in line]
    (line,) = (line for line in lines if line.get("message") == "access")
    found: dict[str, JsonValue] = line
    return found


def test_a_public_service_answers_anybody_with_its_bytes() -> None:
    gateway = Gateway()

    response = gateway.ask("/api/orders/a;b/1?x=%2F&x=2", "POST", b"\xff\x00")

    (asked,) = gateway.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/api/a;b/1?x=%2F&x=2", b"\xff\x00")
    assert response["statusCode"] == 200
    assert base64.b64decode(response["body"]) == b"\x00ok"
    assert response["isBase64Encoded"]
    assert response["headers"]["x-a"] == "1"
    assert "strict-transport-security" not in response["headers"]


def test_cookies_pass_both_ways_each_by_itself() -> None:
    gateway = Gateway()
    gateway.response = GatewayResponse(
        status=200,
        fields=(("Set-Cookie", "a=1"), ("Vary", "x"), ("set-cookie", "b"), ("vary", "y")),
    )

    response = gateway.ask("/api/orders", cookies=("c=1", "d=2"))

    assert gateway.sent["cookie"] == "c=1; d=2"
    assert dict(response)["cookies"] == ["a=1", "b"]
    assert response["headers"]["vary"] == "x, y"
    assert "set-cookie" not in response["headers"]


@pytest.mark.parametrize(
    ("roles", "scopes", "access", "status"),
    [
        (("admin",), (), {}, 200),
        (("operator",), (), {}, 403),
        ((), (Scope.SERVICES_CALL,), {}, 200),
        ((), (Scope.TASKS_READ,), {"scope": Scope.TASKS_READ}, 200),
        (("admin",), (), {"roles": ("devs",)}, 403),
        (("devs",), (Scope.SERVICES_CALL,), {"roles": ("devs", "ops")}, 200),
    ],
)
def test_a_service_answers_who_has_its_scope_and_one_of_its_roles(
    roles: tuple[str, ...], scopes: tuple[Scope, ...], access: dict[str, object], status: int
) -> None:
    key, keys = a_key(*roles, scopes=scopes)
    gateway = Gateway(a_service(access=access), keys=keys)

    with_key = gateway.ask("/api/orders", x_api_key=key)
    without = gateway.ask("/api/orders")

    assert (with_key["statusCode"], without["statusCode"]) == (status, 401)
    assert len(gateway.asked) == (status == 200)


def test_credentials_for_us_never_reach_a_service() -> None:
    key, keys = a_key("admin")
    gateway = Gateway(a_service(), keys=keys)

    gateway.ask("/api/orders", x_api_key=key)
    by_key = gateway.sent
    gateway.ask("/api/orders", authorization=f"Bearer {key}")
    by_bearer = gateway.sent
    gateway.ask("/api/orders", authorization="Bearer a.good.token")
    by_token = gateway.sent
    gateway.ask("/api/orders", x_api_key=key, authorization="Basic b3duOm93bg==")
    with_own = gateway.sent

    for sent in (by_key, by_bearer, by_token):
        assert not {"x-api-key", "authorization"} & sent.keys()
    assert with_own["authorization"] == "Basic b3duOm93bg=="
    assert "x-api-key" not in with_own


def test_a_public_service_gets_its_own_credentials_but_no_key_of_ours() -> None:
    key, _ = a_key("admin")
    gateway = Gateway()

    gateway.ask("/api/orders", x_api_key="theirs", authorization="Bearer theirs")
    own = gateway.sent
    gateway.ask("/api/orders", x_api_key=key, authorization=f"Bearer {key}")
    ours = gateway.sent

    assert (own["x-api-key"], own["authorization"]) == ("theirs", "Bearer theirs")
    assert not {"x-api-key", "authorization"} & ours.keys()


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (UpstreamFault.CONNECT, 502, "bad_gateway"),
        (UpstreamFault.REFUSED, 502, "bad_gateway"),
        (UpstreamFault.TIMEOUT, 504, "gateway_timeout"),
        (UpstreamFault.TOO_LARGE, 502, "response_too_large"),
    ],
)
def test_a_failure_is_a_problem_that_names_the_service_and_nothing_of_the_inside(
    fault: UpstreamFault, status: int, code: str
) -> None:
    gateway = Gateway()
    gateway.response = fault

    response = gateway.ask("/api/orders", x_request_id="request-1234")

    assert response["statusCode"] == problem(response)["status"] == status
    assert response["headers"]["content-type"] == "application/problem+json"
    assert problem(response) | {
        "code": code,
        "error": code,
        "target_service": "orders",
        "request_id": "request-1234",
    } == problem(response)
    assert "10.0.0.1" not in response["body"]


def test_a_version_without_instances_is_503_with_a_time_to_wait() -> None:
    gateway = Gateway(a_service(access=PUBLIC, versions={"v2": ()}))

    response = gateway.ask("/api/orders/v2")

    assert (response["statusCode"], problem(response)["error"]) == (503, "service_unavailable")
    assert response["headers"]["retry-after"] == "5"


@pytest.mark.parametrize(
    ("path", "status", "code", "service"),
    [
        ("/api/nothing/1", 404, "not_found", None),
        ("/api/gateway/other", 404, "not_found", None),
        ("/api/orders/%2e%2e/x", 400, "path_invalid", None),
        ("/api/orders/1", 413, "payload_too_large", "orders"),
    ],
)
def test_a_refused_request_never_reaches_a_service(
    path: str, status: int, code: str, service: str | None
) -> None:
    gateway = Gateway(a_service(access=PUBLIC, max_body_bytes=3))

    response = gateway.ask(path, "POST", b"1234")

    assert (response["statusCode"], problem(response)["error"]) == (status, code)
    assert problem(response)["target_service"] == service
    assert gateway.asked == []


def test_a_host_that_is_none_is_refused() -> None:
    assert Gateway().ask("/api/orders", host="a b")["statusCode"] == 400


def test_callers_over_their_limit_wait() -> None:
    gateway = Gateway(limit=1)

    first, second = gateway.ask("/api/orders"), gateway.ask("/api/orders")

    assert (first["statusCode"], second["statusCode"]) == (200, 429)
    assert int(second["headers"]["retry-after"]) > 0
    assert "ratelimit" in first["headers"]
    assert problem(second)["target_service"] == "orders"


def test_what_fails_by_itself_is_an_internal_error_and_no_exception() -> None:
    gateway = Gateway()
    gateway.response = ZeroDivisionError()

    response = gateway.ask("/api/orders")

    assert (response["statusCode"], problem(response)["error"]) == (500, "internal")


def test_each_request_leaves_a_line_and_is_counted() -> None:
    two = (an_instance(), an_instance(id="b", url="https://b.example.com"))
    gateway = Gateway(a_service(access=PUBLIC, instances=two))
    gateway.response = UpstreamFault.CONNECT

    gateway.ask("/api/orders/1?token=secret", x_request_id="request-1234")

    line = access_line(gateway.out.getvalue())
    expected = {
        "request_id": "request-1234",
        "method": "GET",
        "path": "/api/orders/1",
        "target_service": "orders",
        "attempt": 2,
        "status_code": 502,
        "upstream_ms": 0.0,
        "faults": ["connect", "connect"],
        "error": "bad_gateway",
    }
    assert line | expected == line
    assert line["instance"] in {"a", "b"}
    assert "duration_ms" in line
    assert gateway.count.seen == [
        ("GatewayRequests", {"target": "orders", "outcome": "bad_gateway"}),
        ("GatewayRetries", {"target": "orders"}),
    ]


def test_the_paths_of_the_gateway_itself_are_never_forwarded() -> None:
    key, keys = a_key("admin")
    gateway = Gateway(a_service(), keys=keys)

    status = gateway.ask("/api/gateway/status", x_api_key=key)
    services = gateway.ask("/api/gateway/services", x_api_key=key)
    head = gateway.ask("/api/gateway/status", "HEAD", x_api_key=key)
    posted = gateway.ask("/api/gateway/status", "POST", x_api_key=key)
    anonymous = gateway.ask("/api/gateway/status")

    assert problem(status) == {
        "status": "running",
        "version": "1.2.3",
        "started": "2026-03-01T12:00:00Z",
        "services": [
            {"name": "orders", "health": "up", "instances": 1, "unavailable": []},
        ],
    }
    assert json.loads(services["body"])["items"][0]["instances"] == 1
    assert (head["statusCode"], head["body"]) == (200, "")
    assert (posted["statusCode"], posted["headers"]["allow"]) == (405, "GET, HEAD")
    assert anonymous["statusCode"] == 401
    assert gateway.asked == []


def test_the_path_below_a_base_path_is_forwarded_with_the_prefix() -> None:
    gateway = Gateway()
    made = event("GET", "/hooks/api/shop/a", {"host": "api.example.com"}, b"")
    made["routeKey"] = "ANY /api/{service}/{proxy+}"
    made["pathParameters"] = {"service": "shop", "proxy": "a"}

    gateway.handler(made, FakeContext(gateway.clock, timeout=30))

    assert gateway.asked[0].target == "/a"
    assert gateway.sent["x-forwarded-prefix"] == "/hooks/api/shop"


def test_the_routing_table_is_read_every_five_seconds_and_serves_on_without_its_store() -> None:
    clock, reads, failures = FakeClock(), [0], list[Unavailable]()
    down = False

    def read() -> RoutingTable:
        reads[0] += 1
        if down:
            raise Unavailable("no tables")
        return RoutingTable([a_service(name=f"s{reads[0]}")])

    cache = RoutingCache(read=read, clock=clock, failed=failures.append)

    first, again = cache(), cache()
    clock.advance(seconds=5)
    renewed = cache()
    down = True
    clock.advance(seconds=5)
    kept = cache()

    assert first is again
    assert list(renewed.services) == ["s2"]
    assert kept is renewed
    assert len(failures) == 1
    clock.advance(seconds=29)
    cache()
    assert reads == [3]


def test_without_a_table_and_without_its_store_nothing_can_be_answered() -> None:
    def read() -> RoutingTable:
        raise Unavailable("no tables")

    with pytest.raises(Unavailable):
        RoutingCache(read=read, clock=FakeClock())()


def test_the_status_shows_a_service_whose_only_instance_is_down() -> None:
    key, keys = a_key("admin")
    gateway = Gateway(a_service(), keys=keys)
    gateway.response = UpstreamFault.CONNECT

    for _ in range(20):
        gateway.ask("/api/orders", x_api_key=key)
    status = problem(gateway.ask("/api/gateway/status", x_api_key=key))

    (service,) = cast("list[dict[str, JsonValue]]", status["services"])
    assert (service["health"], service["unavailable"]) == ("down", ["a"])


def test_the_status_shows_which_instances_are_not_called() -> None:
    key, keys = a_key("admin")
    two = (an_instance(), an_instance(id="b", url="https://b.example.com"))
    orders = a_service(instances=two, versions={"v2": (an_instance(),)}, retries=0)
    gateway = Gateway(orders, keys=keys)
    gateway.response = UpstreamFault.CONNECT

    for _ in range(20):
        gateway.ask("/api/orders", x_api_key=key)
    status = problem(gateway.ask("/api/gateway/status", x_api_key=key))

    (orders_status,) = cast("list[dict[str, JsonValue]]", status["services"])
    assert orders_status["health"] == "degraded"
    assert orders_status["instances"] == 3
    assert orders_status["unavailable"] == ["a", "b"]


def test_a_service_learns_who_calls_from_a_token_that_it_can_verify() -> None:
    key, keys = a_key("admin")
    gateway = Gateway(a_service(), keys=keys)

    gateway.ask("/api/orders", x_api_key=key, x_signalbox_identity="forged")
    jwks = gateway.ask("/api/gateway/jwks.json")

    identities = [value for name, value in gateway.asked[0].fields if "identity" in name]
    (identity,) = identities
    token = jwt.decode(identity, KeySet.import_key_set(json.loads(jwks["body"])))
    assert token.claims["aud"] == "orders"
    assert str(token.claims["sub"]).startswith("key:")
    assert jwks["headers"]["cache-control"] == "public, max-age=300"
    assert '"d"' not in jwks["body"]


def test_a_public_service_and_one_that_wants_none_get_no_identity() -> None:
    key, keys = a_key("admin")
    services = a_service(access=PUBLIC), a_service(name="plain", identity=False)
    gateway = Gateway(*services, keys=keys)

    for path in ("/api/orders", "/api/plain"):
        gateway.ask(path, x_api_key=key, x_signalbox_identity="forged")

    assert len(gateway.asked) == 2
    assert not any("identity" in name for asked in gateway.asked for name, _ in asked.fields)
