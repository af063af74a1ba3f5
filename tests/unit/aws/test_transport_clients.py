"""Each operation is the request that botocore makes, signed to the byte as botocore signs it."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final
from unittest.mock import patch

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.credentials import Credentials

from signalbox.aws.transport.clients import (
    CallLimits,
    DynamoTransport,
    SqsTransport,
    SsmTransport,
    StreamsTransport,
)
from signalbox.aws.transport.http_pool import HttpPool
from signalbox.aws.transport.http_response import AwsResponse

ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "sesame",
    "AWS_SESSION_TOKEN": "open",
    "AWS_REGION": "eu-central-1",
}
QUEUE: Final = "https://sqs.eu-central-1.amazonaws.com/123456789012/high"
STREAM: Final = "arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/2026-01-01T00:00:00.000"
SHARD: Final = "shardId-00000001414562045508-2bac9cd2"
KEY: Final = {"pk": {"S": "TASK#1"}, "sk": {"S": "TASK"}}
MAKERS: Final[Mapping[str, Callable[..., object]]] = {
    "dynamodb": DynamoTransport,
    "dynamodbstreams": StreamsTransport,
    "sqs": SqsTransport,
    "ssm": SsmTransport,
}
SIGNING_NAMES: Final = {"dynamodbstreams": "dynamodb"}
UNSIGNED: Final = {"authorization", "user-agent", "x-amzn-trace-id", "content-length"}

CALLS: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("dynamodb", "get_item", {"TableName": "t", "Key": KEY, "ConsistentRead": True}),
    ("dynamodb", "batch_get_item", {"RequestItems": {"t": {"Keys": [KEY]}}}),
    (
        "dynamodb",
        "query",
        {
            "TableName": "t",
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": "Größe"}},
            "ScanIndexForward": False,
            "Limit": 50,
            "ExclusiveStartKey": KEY,
        },
    ),
    (
        "dynamodb",
        "put_item",
        {
            "TableName": "t",
            "Item": {**KEY, "body": {"B": b"\x00\xff"}, "tags": {"SS": ["a", "b"]}},
            "ConditionExpression": "attribute_not_exists(pk)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        },
    ),
    (
        "dynamodb",
        "update_item",
        {
            "TableName": "t",
            "Key": KEY,
            "UpdateExpression": "SET #a = :a",
            "ExpressionAttributeNames": {"#a": "a"},
            "ExpressionAttributeValues": {":a": {"N": "1"}},
            "ReturnValues": "ALL_NEW",
        },
    ),
    ("dynamodb", "delete_item", {"TableName": "t", "Key": KEY}),
    ("dynamodbstreams", "describe_stream", {"StreamArn": STREAM}),
    (
        "dynamodbstreams",
        "get_shard_iterator",
        {"StreamArn": STREAM, "ShardId": SHARD, "ShardIteratorType": "TRIM_HORIZON"},
    ),
    ("dynamodbstreams", "get_records", {"ShardIterator": "i"}),
    ("sqs", "send_message", {"QueueUrl": QUEUE, "MessageBody": "{}"}),
    (
        "sqs",
        "send_message_batch",
        {"QueueUrl": QUEUE, "Entries": [{"Id": "0", "MessageBody": '{"ß": 1}'}]},
    ),
    (
        "sqs",
        "receive_message",
        {
            "QueueUrl": QUEUE,
            "MaxNumberOfMessages": 1,
            "VisibilityTimeout": 60,
            "WaitTimeSeconds": 2,
        },
    ),
    (
        "sqs",
        "change_message_visibility",
        {"QueueUrl": QUEUE, "ReceiptHandle": "r", "VisibilityTimeout": 0},
    ),
    ("sqs", "delete_message", {"QueueUrl": QUEUE, "ReceiptHandle": "r"}),
    ("sqs", "get_queue_attributes", {"QueueUrl": QUEUE, "AttributeNames": ["QueueArn"]}),
    ("ssm", "get_parameter", {"Name": "/signalbox/s/n", "WithDecryption": True}),
    (
        "ssm",
        "put_parameter",
        {"Name": "/n", "Value": '["s"]', "Type": "SecureString", "Overwrite": False},
    ),
    ("ssm", "delete_parameter", {"Name": "/n"}),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request; names of headers are in lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class _Raw(BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextmanager
def capturing() -> Iterator[list[Sent]]:
    """Records what both transports send, and answers with nothing."""
    found: list[Sent] = []

    def of_botocore(_: object, request: AWSPreparedRequest) -> AWSResponse:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        found.append(Sent(url=request.url, headers=headers, body=_text(request.body).encode()))
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(b"{}"))

    def of_ours(pool: HttpPool, headers: Mapping[str, str], body: bytes) -> AwsResponse:
        url = f"https://{pool.endpoint.authority}{pool.endpoint.path}"
        found.append(Sent(url=url, headers=headers, body=body))
        return AwsResponse(status=200, headers={}, content=b"{}")

    with (
        patch("botocore.httpsession.URLLib3Session.send", of_botocore),
        patch.object(HttpPool, "post", of_ours),
    ):
        yield found


def signature(sent: Sent, service: str) -> str:
    """The signature of botocore for what was sent."""
    request = AWSRequest(
        method="POST",
        url=sent.url,
        headers={name: value for name, value in sent.headers.items() if name not in UNSIGNED},
        data=sent.body,
    )
    auth = SigV4Auth(Credentials("AKIDEXAMPLE", "sesame", "open"), service, "eu-central-1")
    request.context["timestamp"] = sent.headers["x-amz-date"]
    names = ";".join(sorted({name.lower() for name in request.headers} | {"host"}))
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return f"SignedHeaders={names}, Signature={auth.signature(text, request)}"


@pytest.fixture(scope="module")
def sdk() -> Callable[[str], Any]:
    session: Any = boto3.Session("AKIDEXAMPLE", "sesame", "open", region_name="eu-central-1")
    clients = {
        name: session.client(name, config=Config(retries={"mode": "standard"})) for name in MAKERS
    }
    return clients.__getitem__


@pytest.mark.parametrize(
    ("service", "operation", "request_"), CALLS, ids=[f"{each[0]}-{each[1]}" for each in CALLS]
)
def test_an_operation_is_the_one_of_botocore(
    sdk: Callable[[str], Any], service: str, operation: str, request_: dict[str, Any]
) -> None:
    ours = MAKERS[service](ENVIRONMENT, CallLimits())

    with capturing() as sent:
        getattr(ours, operation)(**request_)
        getattr(sdk(service), operation)(**request_)

    mine, theirs = sent
    assert mine.url == theirs.url
    assert json.loads(mine.body) == json.loads(theirs.body)
    for name in ("content-type", "x-amz-target", "x-amzn-query-mode", "x-amz-security-token"):
        assert mine.headers.get(name) == theirs.headers.get(name)
    assert mine.headers["authorization"].endswith(
        signature(mine, SIGNING_NAMES.get(service, service))
    )
    assert _signed(mine) == _signed(theirs)


def _signed(sent: Sent) -> str:
    """Which headers a signature covers, and where it is valid."""
    credential, names, _ = sent.headers["authorization"].split(", ")
    return f"{credential.partition('/')[2].split('/', 1)[1]} {names}"


def test_every_operation_is_compared() -> None:
    offered = {
        (service, name)
        for service, made in MAKERS.items()
        for name in vars(made)
        if not name.startswith("_")
    }

    assert offered == {(service, name) for service, name, _ in CALLS}
