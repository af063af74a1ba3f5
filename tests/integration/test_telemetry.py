"""What the functions export by OTLP: one trace from a webhook to its notification, no secret."""

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from signalbox.models.trace_context import traceparent_of
from signalbox.runtime.telemetry import end_export
from tests.builders import SECRET
from tests.fakes.http_server import Reply
from tests.fakes.otlp_receiver import OtlpReceiver, attributes_of
from tests.integration.installation import Installation, installed
from tests.integration.slack import FakeSlack

HEADER = "very-secret-key"


@pytest.fixture
def receiver() -> Iterator[OtlpReceiver]:
    with OtlpReceiver().running() as running:
        yield running


@pytest.fixture
def box(receiver: OtlpReceiver) -> Iterator[Installation]:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_EXPORTER_OTLP_TIMEOUT": "10000",
        "AWS_LAMBDA_FUNCTION_NAME": "box-function",
    }
    with FakeSlack().running() as slack, installed(slack, variables) as box:
        box.keep_secrets("telemetry/headers", f"x-api-key={HEADER}")
        yield box
        with patch.dict(os.environ, variables):
            end_export()


def live(box: Installation) -> None:
    """A comment becomes a task, a worker completes it, and Slack is notified."""
    assert box.comment()
    box.driver.settle()
    assert box.work()
    box.driver.settle()


def test_a_webhook_and_all_that_follows_from_it_is_one_trace(
    box: Installation, receiver: OtlpReceiver
) -> None:
    live(box)

    webhook = "POST /api/v1/webhooks/github"
    queue, slack = "signalbox-test-NormalQueue", "signalbox-test_slack_notifications"
    assert receiver.tree() == [
        webhook,
        f"{webhook} > POST /api/v1/queue/claim",
        f"{webhook} > POST /api/v1/queue/claim > receive {queue}",
        f"{webhook} > POST /api/v1/tasks/{{task_id}}/complete",
        f"{webhook} > create task",
        f"{webhook} > dispatch created",
        f"{webhook} > dispatch created > send {queue}",
        f"{webhook} > dispatch started",
        f"{webhook} > dispatch succeeded",
        f"{webhook} > dispatch succeeded > send {slack}",
        f"{webhook} > dispatch succeeded > send {slack} > process {slack}",
    ]
    assert len({span.trace_id for span in receiver.spans}) == 1
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano for span in receiver.spans)


def test_spans_have_what_the_semantic_conventions_and_the_log_lines_have(
    box: Installation, receiver: OtlpReceiver
) -> None:
    live(box)

    webhook = attributes_of(receiver.span("POST /api/v1/webhooks/github").attributes)
    assert webhook["http.request.method"] == "POST"
    assert webhook["http.response.status_code"] == 202
    assert webhook["http.route"] == webhook["url.path"] == "/api/v1/webhooks/github"
    assert webhook["faas.trigger"] == "http"
    assert webhook["faas.coldstart"] is True
    assert str(webhook["faas.invocation_id"]).startswith("invocation-")
    assert (webhook["signalbox.provider"], webhook["signalbox.outcome"]) == ("github", "accepted")
    delivery = str(webhook["signalbox.delivery_id"])
    root = receiver.span("POST /api/v1/webhooks/github")
    assert f"00-{root.trace_id.hex()}-{root.span_id.hex()}-01" == traceparent_of(delivery)
    notified = receiver.span("process signalbox-test_slack_notifications")
    attributes = attributes_of(notified.attributes)
    assert notified.kind == SpanMessage.SPAN_KIND_CONSUMER
    assert attributes["messaging.system"] == "aws_sqs"
    assert attributes["messaging.destination.name"] == "signalbox-test_slack_notifications"
    assert attributes["signalbox.outcome"] == "delivered"
    assert receiver.resource["faas.name"] == "box-function"


def test_metrics_and_logs_are_exported_too(box: Installation, receiver: OtlpReceiver) -> None:
    live(box)

    counted = {
        metric.name: sum(point.as_int for point in metric.sum.data_points)
        for metric in receiver.metrics
        if metric.HasField("sum")
    }
    assert counted["signalbox.webhook_requests"] == 1
    assert counted["signalbox.notifications"] == 1
    lines = {record.body.string_value: record for record in receiver.records}
    assert {"webhook", "request", "dispatched", "notification"} <= lines.keys()
    trace = receiver.span("POST /api/v1/webhooks/github").trace_id
    assert {record.trace_id for record in lines.values()} == {trace}
    assert attributes_of(lines["notification"].attributes)["connector"] == "slack"
    assert lines["webhook"].severity_text == "INFO"


def test_a_repetition_is_another_span_of_the_same_trace(
    box: Installation, receiver: OtlpReceiver
) -> None:
    for _ in range(2):
        assert box.comment()

    first, second = (span for span in receiver.spans if span.name.startswith("POST"))
    assert first.trace_id == second.trace_id
    assert second.parent_span_id == first.span_id


def test_the_secret_headers_are_on_each_request_and_no_secret_is_in_one(
    box: Installation, receiver: OtlpReceiver
) -> None:
    live(box)

    requests = receiver.server.received
    assert {request.headers["x-api-key"] for request in requests} == {HEADER}
    sent = b"".join(request.body for request in requests).decode()
    assert HEADER not in sent
    assert SECRET not in sent
    assert box.worker_key not in sent
    assert "fix the login" not in sent


def test_a_request_to_the_gateway_is_a_span_without_its_query(
    box: Installation, receiver: OtlpReceiver
) -> None:
    box.proxy("/api/nothing/at/all?token=secret-in-query")

    span = receiver.span("GET")
    attributes = attributes_of(span.attributes)
    assert span.kind == SpanMessage.SPAN_KIND_SERVER
    assert (attributes["url.path"], attributes["http.response.status_code"]) == (
        "/api/nothing/at/all",
        404,
    )
    assert "secret-in-query" not in str(receiver.server.received)


def test_a_schedule_is_a_trace_of_its_own(box: Installation, receiver: OtlpReceiver) -> None:
    box.heal()

    span = receiver.span("function")
    assert attributes_of(span.attributes)["faas.trigger"] == "timer"
    assert span.parent_span_id == b""


def test_an_endpoint_that_is_down_changes_nothing(
    box: Installation, receiver: OtlpReceiver
) -> None:
    receiver.server.usual = Reply(status=503)

    live(box)

    assert len(box.slack.messages) == 1
