import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import given, settings
from pydantic import JsonValue

from cli.doubles.aws import EventBridgeDouble
from cli.doubles.double import DoubleRequest
from signalbox.connectors.aws import Aws, bus_event, event_json, topic_message
from signalbox.egress.aws_targets import BusEvent, NoAwsTargets, TopicMessage
from signalbox.egress.cloud_event import cloud_event
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from tests.builders import NOW, a_connection, a_notification, a_result, a_task
from tests.contract.hostile_inputs import notifications
from tests.fakes.aws_targets import FakeAwsTargets
from tests.fakes.references import clients

CONNECTOR: Final = Aws(clients())
TOPIC: Final = "arn:aws:sns:eu-west-1:123456789012:signalbox-tasks"
BUS: Final = "arn:aws:events:eu-west-1:123456789012:event-bus/tasks"
LIMIT: Final = 262_144


def _connection(**changes: JsonValue) -> Connection:
    return a_connection(connector="aws", settings=changes)


def _huge() -> Notification:
    arguments = tuple("🚦" * 2_000 for _ in range(50))
    return a_notification(a_task(description="🚦" * 10_000, arguments=arguments))


def test_a_change_is_published_to_a_topic() -> None:
    aws, notification = FakeAwsTargets(), a_notification()

    Aws(clients(aws=aws)).send(notification, _connection(topic_arn=TOPIC), [])

    [(message, endpoint, _)] = aws.sent
    assert isinstance(message, TopicMessage)
    assert json.loads(message.message) == cloud_event(notification)
    assert (message.topic, message.subject, endpoint) == (TOPIC, "New task", None)
    assert (message.group, message.deduplication) == (None, None)
    assert message.attributes == {
        "type": "signalbox.task.created",
        "status": "pending",
        "priority": "normal",
        "kind": "fix",
        "provider": "github",
        "repository": "octo/hello",
    }


def test_a_topic_in_order_gets_the_changes_of_a_task_in_order_and_once() -> None:
    notification = a_notification()

    message = topic_message(notification, f"{TOPIC}.fifo", "{}")

    assert (message.group, message.deduplication) == (notification.task_id, notification.id)


def test_a_change_is_put_on_a_bus() -> None:
    aws, notification = FakeAwsTargets(), a_notification()

    Aws(clients(aws=aws)).send(notification, _connection(event_bus=BUS, payload="thin"), [])

    [(event, _, _)] = aws.sent
    assert isinstance(event, BusEvent)
    assert json.loads(event.detail) == cloud_event(notification, payload="thin")
    assert (event.bus, event.source, event.detail_type) == (
        BUS,
        "signalbox",
        "signalbox.task.created",
    )
    assert (event.time, event.resource) == (NOW, notification.task_id)


def test_secrets_in_an_event_are_masked() -> None:
    result = a_result(summary="ghp_0123456789abcdef0123")

    assert "[masked]" in event_json(a_notification(a_task(result=result)), "full")


def test_an_event_that_is_too_large_is_thin() -> None:
    notification = _huge()

    assert json.loads(event_json(notification, "full")) == cloud_event(notification, payload="thin")


def test_an_event_that_is_still_too_large_is_refused() -> None:
    with pytest.raises(SendRefused, match="250,000"):
        event_json(a_notification(a_task(title="x" * 250_001)), "full")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(notification=notifications())
def test_any_task_is_an_event_within_the_limits(notification: Notification) -> None:
    event = event_json(notification, "full")
    message = topic_message(notification, TOPIC, event)

    attributes = sum(
        len(name) + 6 + len(value.encode()) for name, value in message.attributes.items()
    )
    assert len(event.encode()) + attributes <= LIMIT
    assert all(message.attributes.values())
    assert message.subject.isascii()
    assert 0 < len(message.subject) < 100
    assert bus_event(notification, BUS, event).detail_type


@pytest.mark.parametrize("error", [SendDelayed("later"), SendRefused("never")])
def test_what_aws_answers_is_the_outcome(error: Exception) -> None:
    with pytest.raises(type(error)):
        Aws(clients(aws=FakeAwsTargets(error))).send(
            a_notification(), _connection(event_bus=BUS), []
        )


@pytest.mark.parametrize("target", [{"event_bus": BUS}, {"topic_arn": TOPIC}])
def test_a_process_that_sends_nothing_calls_no_aws(target: dict[str, JsonValue]) -> None:
    with pytest.raises(SendDelayed):
        Aws(clients(aws=NoAwsTargets())).send(a_notification(), _connection(**target), [])


def test_a_connection_has_no_secret() -> None:
    connection = _connection(event_bus=BUS)

    assert not CONNECTOR.uses_secret(connection)
    with pytest.raises(Conflict, match="no secret"):
        CONNECTOR.check_secret(connection, "a secret")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "either topic_arn or event_bus"),
        ({"topic_arn": TOPIC, "event_bus": BUS}, "either topic_arn or event_bus"),
        ({"topic_arn": "signalbox-tasks"}, "topic_arn"),
        ({"event_bus": "default"}, "event_bus"),
        ({"event_bus": BUS, "payload": "all"}, "payload"),
        ({"event_bus": BUS, "api_url": "https://events.example.com"}, "api_url"),
        ({"event_bus": BUS, "odd": 1}, "odd"),
    ],
)
def test_wrong_settings_are_named(changes: dict[str, JsonValue], name: str) -> None:
    with pytest.raises(SettingsInvalid, match=name):
        CONNECTOR.check(_connection(**changes))


def _put(entry: Mapping[str, JsonValue]) -> Any:
    headers = {
        "authorization": "AWS4-HMAC-SHA256 Signature=0",
        "x-amz-target": "AWSEvents.PutEvents",
    }
    body = json.dumps({"Entries": [entry]}).encode()
    answer = EventBridgeDouble().respond(
        DoubleRequest(method="POST", path="/", headers=headers, body=body)
    )
    return json.loads(answer.body)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Source": ""}, "InvalidArgument"),
        ({"Detail": "x"}, "MalformedDetail"),
        ({"Detail": "[]"}, "MalformedDetail"),
        ({"Detail": json.dumps({"x": "x" * LIMIT})}, "InvalidArgument"),
    ],
)
def test_the_double_refuses_what_eventbridge_refuses(
    changes: dict[str, JsonValue], code: str
) -> None:
    answer = _put({"Source": "signalbox", "DetailType": "t", "Detail": "{}"} | changes)

    assert (answer["FailedEntryCount"], answer["Entries"][0]["ErrorCode"]) == (1, code)
