"""Handlers and records to try the driver with."""

import json
from collections.abc import Callable

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import JsonValue

from tests.integration.aws import Stack
from tests.integration.invoke import Event, Record


class Toy:
    """A handler that remembers what it was called with; `behave` says what it does."""

    def __init__(self, behave: Callable[[list[str]], object] = lambda _: None) -> None:
        self.calls: list[list[str]] = []
        self._behave = behave

    def __call__(self, event: Event, context: LambdaContext) -> object:
        assert context.get_remaining_time_in_millis() > 0
        records = event["Records"]
        assert isinstance(records, list)
        names = [name_of(record) for record in records if isinstance(record, dict)]
        self.calls.append(names)
        return self._behave(names)


def name_of(record: Record) -> str:
    if isinstance(record.get("dynamodb"), dict):
        return str(at(record, "dynamodb", "NewImage", "doc", "S"))
    return str(record["body"])


def at(value: JsonValue, *path: str) -> JsonValue:
    for key in path:
        assert isinstance(value, dict)
        value = value[key]
    return value


def raises_for(*bad: str) -> Callable[[list[str]], None]:
    def behave(names: list[str]) -> None:
        if set(bad) & set(names):
            raise RuntimeError("bad")

    return behave


def put(stack: Stack, *names: str, item: str = "one", sort: str = "TASK") -> None:
    for name in names:
        stack.clients.dynamodb.put_item(
            TableName=stack.name("TasksTable"),
            Item={"pk": {"S": item}, "sk": {"S": sort}, "doc": {"S": name}, "b": {"B": b"\xff"}},
        )


def send(stack: Stack, *bodies: str) -> None:
    for body in bodies:
        stack.clients.sqs.send_message(QueueUrl=stack.name("slackQueue"), MessageBody=body)


def few_receives(stack: Stack) -> int:
    """Few enough to count: what the template says is for a queue that lives for years."""
    policy = {"deadLetterTargetArn": stack.name("slackDeadLetters.Arn"), "maxReceiveCount": 3}
    stack.clients.sqs.set_queue_attributes(
        QueueUrl=stack.name("slackQueue"), Attributes={"RedrivePolicy": json.dumps(policy)}
    )
    return 3


def dead(stack: Stack, queue: str = "DispatcherDeadLetters") -> list[dict[str, JsonValue]]:
    answer = stack.clients.sqs.receive_message(QueueUrl=stack.name(queue), MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]
