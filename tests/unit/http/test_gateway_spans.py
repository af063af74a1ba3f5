"""The gateway in a trace: its log lines, its spans, and what instances get of it."""

from collections.abc import Iterator

import pytest

from signalbox.models.gateway_errors import UpstreamFault
from signalbox.models.span import Span, SpanKind
from signalbox.models.trace_context import same_trace, sample_traces, trace_fields
from signalbox.services.ports.gateway import GatewayResponse
from tests.builders import a_service, an_instance
from tests.fakes.spans import recorded_spans
from tests.unit.http.test_gateway import PUBLIC, Gateway, access_line

SENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = SENT.removesuffix("01") + "00"


@pytest.fixture
def spans() -> Iterator[list[Span]]:
    with recorded_spans() as recorded:
        yield recorded


@pytest.fixture
def none_sampled() -> Iterator[None]:
    sample_traces(0.0)
    yield
    sample_traces(1.0)


def test_without_a_recorder_the_trace_of_the_client_passes_unchanged() -> None:
    gateway = Gateway()

    gateway.ask("/api/orders/1", traceparent=SENT)

    line = access_line(gateway.out.getvalue())
    assert gateway.sent["traceparent"] == SENT
    assert {name: line[name] for name in ("trace_id", "span_id")} == trace_fields(SENT)


def test_an_instance_gets_the_span_of_the_gateway_in_the_trace_of_the_client(
    spans: list[Span],
) -> None:
    gateway = Gateway()

    gateway.ask("/api/orders/1", Traceparent=SENT)

    attempt, request = spans
    passed = [value for name, value in gateway.asked[-1].fields if name == "traceparent"]
    assert passed == [request.traceparent]
    assert same_trace(request.traceparent, SENT)
    assert request.parent == SENT
    assert attempt.parent is request


@pytest.mark.usefixtures("spans")
def test_a_trace_that_is_not_sampled_passes_unchanged() -> None:
    gateway = Gateway()

    gateway.ask("/api/orders/1", traceparent=UNSAMPLED)

    assert gateway.sent["traceparent"] == UNSAMPLED


@pytest.mark.usefixtures("spans", "none_sampled")
def test_services_decide_themselves_about_traces_that_the_gateway_does_not_sample() -> None:
    gateway = Gateway()

    gateway.ask("/api/orders/1")

    assert "traceparent" not in gateway.sent


def test_a_request_and_its_attempt_are_described_without_the_query(spans: list[Span]) -> None:
    gateway = Gateway()

    gateway.ask("/api/orders/1?token=secret", "POST", b"body")

    attempt, request = spans
    assert (request.name, request.kind) == ("POST /orders/*", SpanKind.SERVER)
    assert request.attributes["http.response.status_code"] == 200
    assert request.attributes["http.route"] == "/orders/*"
    assert request.attributes["url.path"] == "/api/orders/1"
    assert request.attributes["http.request.body.size"] == 4
    assert request.attributes["server.address"] == "api.example.com"
    assert (attempt.name, attempt.kind, attempt.error) == ("POST", SpanKind.CLIENT, None)
    assert attempt.attributes["http.response.status_code"] == 200
    assert "secret" not in str([span.attributes for span in spans])


def test_each_attempt_is_a_span_with_what_went_wrong(spans: list[Span]) -> None:
    instances = (an_instance(id="a", url="http://10.0.0.1:81"), an_instance(id="b"))
    gateway = Gateway(a_service(access=PUBLIC, instances=instances, retries=1))
    gateway.response = UpstreamFault.CONNECT

    gateway.ask("/api/orders/1")

    first, second, request = spans
    assert (first.error, second.error) == (UpstreamFault.CONNECT, UpstreamFault.CONNECT)
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes["http.request.resend_count"] == 1
    assert request.error == "502"
    addresses = {span.attributes["server.address"] for span in (first, second)}
    assert len(addresses) == 2


def test_an_answer_of_an_instance_that_is_an_error_is_that_of_its_span(spans: list[Span]) -> None:
    gateway = Gateway()
    gateway.response = GatewayResponse(status=404, fields=(), body=b"")

    gateway.ask("/api/orders/1")

    attempt, request = spans
    assert (attempt.error, request.error) == ("404", None)


def test_a_method_that_nobody_knows_names_no_span(spans: list[Span]) -> None:
    Gateway().ask("/api/orders/1", "BREW")

    attempt, request = spans
    assert (attempt.name, request.name) == ("HTTP", "HTTP /orders/*")
    assert {span.attributes["http.request.method"] for span in spans} == {"_OTHER"}


def test_credentials_in_the_host_are_not_in_a_span(spans: list[Span]) -> None:
    Gateway().ask("/api/orders/1", host="user:word@api.example.com")

    [request] = spans
    assert request.attributes["http.response.status_code"] == 400
    assert "word" not in str(request.attributes)
