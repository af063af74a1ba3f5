import socket
from collections.abc import Iterator

import pytest

from signalbox.models.errors import Unavailable
from signalbox.models.span import Span, SpanKind, record_spans
from signalbox.runtime.otlp.encoding import LOGS, METRICS, TRACES, OtlpSignal, otlp_span
from signalbox.runtime.otlp.metric_sums import MetricSums
from signalbox.runtime.otlp.sender import ExportOutcome, OtlpSender, ReadHeaders
from signalbox.runtime.otlp.settings import otlp_settings
from tests.fakes.http_server import Fault, Reply
from tests.fakes.otlp_receiver import OtlpReceiver, attributes_of

SENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
LINKED = "00-11111111111111111111111111111111-2222222222222222-01"


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver().running() as running:
        yield running


@pytest.fixture
def spans() -> Iterator[list[Span]]:
    recorded: list[Span] = []
    record_spans(recorded.append)
    yield recorded
    record_spans(None)


_senders: list[OtlpSender] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    while _senders:
        _senders.pop().close()


def a_sender(
    url: str, *headers: str, read: ReadHeaders | None = None, **environment: str
) -> OtlpSender:
    settings = otlp_settings({"OTEL_EXPORTER_OTLP_ENDPOINT": url, **environment})
    _senders.append(OtlpSender(settings, read or (lambda: headers)))
    return _senders[-1]


def test_a_span_arrives_as_the_message_of_opentelemetry(
    receiver: OtlpReceiver, spans: list[Span]
) -> None:
    with Span(SpanKind.SERVER, "GET /", parent=SENT) as span:
        span.join(LINKED)
        span.error = "500"
        span.attributes |= {"text": "Größe\n", "whole": 1 << 40, "part": 0.5, "yes": True}
    with Span(SpanKind.INTERNAL, parent=span):
        pass

    response = a_sender(receiver.url)(TRACES, [otlp_span(one) for one in spans])

    assert response.outcome is ExportOutcome.ACCEPTED
    first, second = receiver.spans
    assert (first.name, first.kind, first.status.code) == ("GET /", 2, 2)
    assert first.trace_id.hex() == SENT.split("-")[1]
    assert first.parent_span_id.hex() == SENT.split("-")[2]
    assert first.end_time_unix_nano >= first.start_time_unix_nano > 1_600_000_000_000_000_000
    assert [link.span_id.hex() for link in first.links] == ["2222222222222222"]
    assert attributes_of(first.attributes) == {
        "text": "Größe\n",
        "whole": 1 << 40,
        "part": 0.5,
        "yes": True,
        "error.type": "500",
    }
    assert (second.name, second.status.code, second.parent_span_id) == (
        "internal",
        0,
        first.span_id,
    )
    assert receiver.resource["service.name"] == "signalbox"


def test_metrics_arrive_as_the_messages_of_opentelemetry(receiver: OtlpReceiver) -> None:
    sums = MetricSums()
    sums.add({"MessagesFailed": [2.0]}, "Count", {"connector": "slack"})
    sums.add({"PendingAge": [7.0]}, "Count", {})
    sums.add({"GatewayLatency": [12.5]}, "Milliseconds", {"target": "shop"})

    a_sender(receiver.url)(METRICS, sums.drain())

    counted, age, latency = receiver.metrics
    assert (counted.sum.aggregation_temporality, counted.sum.is_monotonic) == (1, True)
    assert [point.as_int for point in counted.sum.data_points] == [2]
    assert [point.as_int for point in age.gauge.data_points] == [7]
    [point] = latency.histogram.data_points
    assert (point.count, point.sum, sum(point.bucket_counts)) == (1, 12.5, 1)
    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1


def test_the_secret_headers_are_sent(receiver: OtlpReceiver) -> None:
    sender = a_sender(receiver.url, "api-key=current", OTEL_EXPORTER_OTLP_HEADERS="x-team=a")

    sender(LOGS, [])

    [request] = receiver.server.received
    assert (request.headers["api-key"], request.headers["x-team"]) == ("current", "a")
    assert request.path == "/v1/logs"


def test_a_path_of_the_endpoint_stands_before_that_of_the_signal(receiver: OtlpReceiver) -> None:
    a_sender(f"{receiver.url}/otlp/")(TRACES, [])

    assert [request.path for request in receiver.server.received] == ["/otlp/v1/traces"]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(status=400), ExportOutcome.REFUSED),
        (Reply(status=401), ExportOutcome.REFUSED),
        (Reply(status=301, headers={"location": "http://127.0.0.1/"}), ExportOutcome.REFUSED),
        (Reply(status=429), ExportOutcome.UNAVAILABLE),
        (Reply(status=503), ExportOutcome.UNAVAILABLE),
        (Reply(fault=Fault.GARBAGE), ExportOutcome.UNKNOWN),
    ],
)
def test_an_answer_says_whether_to_send_again(
    receiver: OtlpReceiver, reply: Reply, outcome: ExportOutcome
) -> None:
    receiver.server.replies(reply)

    response = a_sender(receiver.url, "api-key=secret")(TRACES, [])

    assert response.outcome is outcome
    assert response.reason
    assert "secret" not in response.reason


@pytest.mark.parametrize(
    ("signal", "outcome", "requests"),
    [(TRACES, ExportOutcome.ACCEPTED, 2), (METRICS, ExportOutcome.UNKNOWN, 1)],
    ids=["traces", "metrics"],
)
def test_what_a_closed_connection_may_have_taken_is_sent_again_unless_it_would_count_twice(
    receiver: OtlpReceiver, signal: OtlpSignal, outcome: ExportOutcome, requests: int
) -> None:
    receiver.server.replies(Reply(fault=Fault.RESET))

    assert a_sender(receiver.url)(signal, []).outcome is outcome
    assert len(receiver.server.received) == requests


def test_an_endpoint_where_nobody_listens_has_taken_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    assert a_sender(url)(METRICS, []).outcome is ExportOutcome.UNAVAILABLE


def test_without_the_secret_nothing_is_sent(receiver: OtlpReceiver) -> None:
    def down() -> list[str]:
        raise Unavailable("the parameter store did not answer")

    response = a_sender(receiver.url, read=down)(TRACES, [])

    assert response.outcome is ExportOutcome.UNAVAILABLE
    assert receiver.server.received == []


def test_headers_are_not_asked_for_where_they_would_be_seen_on_their_way(
    receiver: OtlpReceiver,
) -> None:
    asked: list[bool] = []

    def read() -> list[str]:
        asked.append(True)
        return []

    a_sender(f"http://0.0.0.0:{receiver.server.port}", read=read)(TRACES, [])

    assert asked == []
    assert len(receiver.server.received) == 1
