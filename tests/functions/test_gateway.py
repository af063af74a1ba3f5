"""The gateway over a stack in moto, with an instance on loopback."""

import base64
import json
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import JsonValue

from signalbox.http.events import LambdaResponse
from signalbox.http.gateway_lambda import GatewayHandler
from signalbox.http.schemas.metrics import MetricsResponse
from signalbox.models.rate_limits import RateLimit
from signalbox.runtime.gateway import gateway
from tests.fakes.raw_server import RawServer
from tests.functions.system import Context, System, event
from tests.integration.faults import Faults, unreachable


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer().running() as server:
        yield server


@pytest.fixture
def handler(system: System) -> GatewayHandler:
    settings = system.wiring.settings.model_copy(update={"gateway_networks": "127.0.0.0/8"})
    system.wiring.settings = settings
    return gateway(system.wiring)


def configured(system: System, server: RawServer, **more: JsonValue) -> None:
    instances: JsonValue = [{"id": "a", "url": server.url}]
    body: JsonValue = {"name": "orders", "instances": instances, **more}
    made = system.ask("PUT", "/api/v1/services/orders", body, key=system.key("admin"))
    assert made.status == 201, made.text


def nothing_answers(faults: Faults) -> None:
    for operation in ("Query", "GetItem", "UpdateItem", "PutItem"):
        faults.on(f"DynamoDB.{operation}", unreachable, times=1_000)


def ask(handler: GatewayHandler, path: str, key: str = "") -> LambdaResponse:
    headers = {"host": "api.example.com"} | ({"x-api-key": key} if key else {})
    return handler(event("GET", path, headers, b""), Context())


def test_a_service_has_the_middlewares_that_were_configured_through_the_api(
    system: System, server: RawServer, handler: GatewayHandler
) -> None:
    configured(
        system,
        server,
        access={"public": True},
        middlewares=[
            {"use": "cors", "allow_origins": ["*"]},
            {"use": "rate_limit", "limit": "1/day"},
            {"use": "headers", "response": {"set": {"X-Frame-Options": "DENY"}}},
        ],
    )

    first, second = ask(handler, "/api/orders/42"), ask(handler, "/api/orders/42")

    assert (first["statusCode"], first["headers"]["x-frame-options"]) == (200, "DENY")
    assert json.loads(second["body"])["error"] == "too_many_requests"
    assert second["headers"]["ratelimit-policy"] == '"service";q=1;w=86400'
    assert len(server.received) == 1


def test_a_middleware_that_is_wrong_is_refused_by_the_api(system: System) -> None:
    body: JsonValue = {
        "name": "orders",
        "instances": [{"id": "a", "url": "https://a.example.com"}],
        "middlewares": [{"use": "cors", "origins": ["*"]}],
    }

    refused = system.ask("PUT", "/api/v1/services/orders", body, key=system.key("admin"))

    assert refused.status == 422
    assert "middlewares[0].origins: unknown key" in refused.text


def test_a_service_that_was_configured_through_the_api_answers(
    system: System, server: RawServer, handler: GatewayHandler
) -> None:
    configured(system, server)
    key = system.key("admin")

    answer = ask(handler, "/api/orders/42?a=1", key)
    refused = ask(handler, "/api/orders/42")

    assert (answer["statusCode"], base64.b64decode(answer["body"])) == (200, b"ok")
    assert refused["statusCode"] == 401
    (received,) = server.received
    assert received.startswith(b"GET /api/42?a=1 HTTP/1.1\r\n")
    assert key.encode() not in received
    assert b"x-signalbox-identity: ey" in received.lower()


def test_the_key_of_identities_is_made_once_and_published(
    system: System, handler: GatewayHandler
) -> None:
    system.limited()

    first = ask(handler, "/api/gateway/jwks.json")
    restarted = ask(gateway(system.wiring), "/api/gateway/jwks.json")

    assert first["statusCode"] == 200
    assert json.loads(first["body"]) == json.loads(restarted["body"])


def test_the_last_configuration_serves_on_while_the_tables_do_not_answer(
    system: System, server: RawServer, handler: GatewayHandler, faults: Faults
) -> None:
    configured(system, server)
    key = system.key("admin")
    before = ask(handler, "/api/orders", key)
    system.clock.advance(seconds=6)

    nothing_answers(faults)
    during = ask(handler, "/api/orders", key)
    again = ask(handler, "/api/orders", key)

    statuses = [answer["statusCode"] for answer in (before, during, again)]
    assert statuses == [200, 200, 200]
    assert faults.count("DynamoDB.Query") > 0


def test_without_any_configuration_the_gateway_is_unavailable(
    handler: GatewayHandler, faults: Faults
) -> None:
    nothing_answers(faults)

    answer = ask(handler, "/api/orders")

    assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (503, "unavailable")


def test_callers_are_limited_as_in_the_api(
    system: System, server: RawServer, handler: GatewayHandler
) -> None:
    configured(system, server, access={"public": True})
    system.limited(anonymous=RateLimit(count=1, burst=1))

    statuses = [ask(handler, "/api/orders")["statusCode"] for _ in range(2)]

    assert statuses == [200, 429]


def test_an_instance_that_registered_itself_is_called_within_five_seconds_until_it_leaves(
    system: System, server: RawServer, handler: GatewayHandler
) -> None:
    key = system.key("admin")
    place = "/api/v1/services/orders"
    empty: JsonValue = {"name": "orders", "self_registration": True}
    assert system.ask("PUT", place, empty, key=key).status == 201
    before = ask(handler, "/api/orders/42", key)

    system.ask("PUT", f"{place}/instances/i", {"url": server.url}, key=key)
    system.clock.advance(seconds=5)
    during = ask(handler, "/api/orders/42", key)
    system.ask("DELETE", f"{place}/instances/i", key=key)
    system.clock.advance(seconds=5)
    after = ask(handler, "/api/orders/42", key)

    assert [each["statusCode"] for each in (before, during, after)] == [503, 200, 503]


def test_requests_are_in_the_metrics_of_the_api(
    system: System, server: RawServer, handler: GatewayHandler
) -> None:
    configured(system, server, access={"public": True})
    ask(handler, "/api/orders/42")
    system.clock.advance(seconds=10)
    ask(handler, "/api/orders/42")

    figures = system.ask("GET", "/api/v1/metrics", key=system.key("viewer")).json_body
    (orders,) = MetricsResponse.model_validate(figures, strict=False).services
    text = system.ask("GET", "/metrics", key=system.key("viewer")).text
    families = {each.name: each.samples for each in text_string_to_metric_families(text)}

    assert (orders.requests, orders.statuses, orders.latency.count) == (2, {"2xx": 2}, 2)
    assert [(each.id, each.state, each.calls) for each in orders.instances] == [
        ("a", "healthy", {"2xx": 2})
    ]
    durations = families["gateway_request_duration_seconds"]
    assert [each.value for each in durations if each.name.endswith("_count")] == [2]
    buckets = [each.value for each in durations if each.name.endswith("_bucket")]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 2
    (calls,) = families["gateway_instance_requests"]
    assert calls.labels == {"service": "orders", "instance": "a", "outcome": "2xx"}


def test_requests_are_answered_while_they_cannot_be_counted(
    system: System, server: RawServer, handler: GatewayHandler, faults: Faults
) -> None:
    configured(system, server)
    key = system.key("admin")
    before = ask(handler, "/api/orders", key)
    system.clock.advance(seconds=10)
    faults.on("DynamoDB.UpdateItem", unreachable, times=1_000)

    during = ask(handler, "/api/orders", key)

    assert [before["statusCode"], during["statusCode"]] == [200, 200]


def test_callers_that_are_forbidden_a_service_are_in_the_audit_log(
    system: System, server: RawServer, handler: GatewayHandler
) -> None:
    configured(system, server)
    viewer, admin = system.key("viewer"), system.key("admin")

    statuses = [ask(handler, "/api/orders/42", key)["statusCode"] for key in (viewer, "", admin)]

    log = system.ask("GET", "/api/v1/audit", key=admin).items
    entries = [str(row["entry"]) for row in log if "denied" in str(row["entry"])]
    assert statuses == [403, 401, 200]
    (entry,) = entries
    assert "GET service orders" in entry
    assert "/api/orders/42" in entry
    assert viewer not in entry


def test_a_denial_that_cannot_be_recorded_is_counted_and_the_answer_stays(
    system: System,
    server: RawServer,
    handler: GatewayHandler,
    faults: Faults,
    capsys: pytest.CaptureFixture[str],
) -> None:
    configured(system, server)
    viewer = system.key("viewer")
    faults.on("DynamoDB.PutItem", unreachable, times=1_000)

    answer = ask(handler, "/api/orders/42", viewer)

    assert answer["statusCode"] == 403
    assert '"AuditEntriesLost"' in capsys.readouterr().out
