"""The tables, queues and bucket of template.yaml in moto."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final, Literal, cast

import boto3
from botocore.config import Config
from moto import mock_aws
from moto.s3.models import s3_backends
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef
from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient
from mypy_boto3_ssm import SSMClient
from pydantic import JsonValue, TypeAdapter

from signalbox.aws.sdk_errors import with_own_errors
from signalbox.aws.transport.clients import CallLimits
from tests.integration.light_calls import light_calls
from tests.integration.snapshot import Snapshot
from tests.integration.template import (
    ACCOUNT,
    REGION,
    Policy,
    QueueMapping,
    Role,
    Statement,
    StreamMapping,
    Template,
    resolved,
    template,
)

STACK: Final = "signalbox-test"

_TABLE_SETTINGS: Final = frozenset(
    {
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "ProvisionedThroughput",
    }
)
_CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
}
_environment: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Clients that retry like those of the functions, but without a pause."""

    dynamodb: DynamoDBClient
    streams: DynamoDBStreamsClient
    sqs: SQSClient
    ssm: SSMClient
    s3: S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What was made of the template. `names` maps `Name` and `Name.Attribute` to values."""

    template: Template
    names: Mapping[str, JsonValue]
    clients: Clients

    def name(self, reference: str) -> str:
        """The physical name, ARN or URL behind a reference such as `TasksTable.StreamArn`."""
        found = self.names[reference]
        assert isinstance(found, str)
        return found

    def environment(self, function: str) -> dict[str, str]:
        """The environment variables of a function."""
        own = self.template.resources[function].properties.get("Environment")
        everywhere = self.template.globals["Function"]["Environment"]
        variables: dict[str, JsonValue] = {}
        for environment in (everywhere, own):
            of_one = resolved(environment, self.names)
            if isinstance(of_one, dict) and isinstance(of_one["Variables"], dict):
                variables |= of_one["Variables"]
        texts = {key: str(value) for key, value in variables.items() if value is not None}
        return _environment.validate_python(texts) | _CREDENTIALS

    def timeout(self, function: str) -> int:
        """How many seconds an invocation of the function may take."""
        own = self.template.resources[function].properties
        return int(str(own.get("Timeout", self.template.globals["Function"]["Timeout"])))

    def stream_mappings(self, function: str) -> list[StreamMapping]:
        """The streams that call the function."""
        return [StreamMapping.model_validate(each) for each in self._events(function, "DynamoDB")]

    def queue_mappings(self, function: str) -> list[QueueMapping]:
        """The queues that call the function, by its events or by mappings beside it."""
        mappings = [*self._events(function, "SQS"), *self._mappings(function)]
        return [QueueMapping.model_validate(each) for each in mappings]

    def statements(self, function: str) -> Iterator[Statement]:
        """What the role of the function allows, in itself or by policies beside it."""
        name = self._role(function)
        role = self.template.resources[name].properties
        yield from _allowed(*Role.model_validate(resolved(role, self.names)).policies)
        for properties in self.template.of_type("AWS::IAM::Policy").values():
            if isinstance(roles := properties["Roles"], list) and {"Ref": name} in roles:
                yield from _allowed(Policy.model_validate(resolved(properties, self.names)))

    def _role(self, function: str) -> str:
        """The logical name of the function's role."""
        match self.template.resources[function].properties["Role"]:
            case {"Fn::GetAtt": [str(role), "Arn"]}:
                return role
        raise AssertionError(f"{function} has no role of the template")

    def _events(self, function: str, type_: str) -> Iterator[JsonValue]:
        events = self.template.resources[function].properties.get("Events", {})
        assert isinstance(events, dict)
        for event in events.values():
            if isinstance(event, dict) and event["Type"] == type_:
                yield resolved(event["Properties"], self.names)

    def _mappings(self, function: str) -> Iterator[JsonValue]:
        for mapping in self.template.of_type("AWS::Lambda::EventSourceMapping").values():
            if mapping["FunctionName"] == {"Ref": function}:
                properties = resolved(mapping, self.names)
                assert isinstance(properties, dict)
                yield properties | {"Queue": properties["EventSourceArn"]}


def _allowed(*policies: Policy) -> Iterator[Statement]:
    for policy in policies:
        yield from policy.policy_document.statement


@contextmanager
def deployed() -> Iterator[Stack]:
    """The stack, in a moto of its own."""
    with light_calls(), mock_aws():
        names, snapshot = _made_once()
        snapshot.restore()
        for bucket in template().of_type("AWS::S3::Bucket"):
            s3_backends[ACCOUNT]["aws"].create_bucket(str(names[bucket]), REGION)
        yield Stack(template=template(), names=names, clients=clients())


@cache
def _made_once() -> tuple[Mapping[str, JsonValue], Snapshot]:
    """Make the tables and queues, and return their names and what moto holds then."""
    parts = template()
    names = parts.values(**{"AWS::StackName": STACK})
    names |= _queue_names(parts) | _log_names(parts)
    make_tables(parts, names)
    _make_queues(parts, names)
    for bucket in parts.of_type("AWS::S3::Bucket"):
        names[bucket] = f"{STACK}-{bucket.lower()}"
        names[f"{bucket}.Arn"] = f"arn:aws:s3:::{names[bucket]}"
    return MappingProxyType(names), Snapshot.take()


@cache
def clients() -> Clients:
    session = boto3.Session("testing", "testing", region_name=REGION)
    config = Config(retries={"mode": "standard", "total_max_attempts": 3})
    return Clients(
        dynamodb=with_own_errors(session.client("dynamodb", config=config)),
        streams=with_own_errors(session.client("dynamodbstreams", config=config)),
        sqs=with_own_errors(session.client("sqs", config=config)),
        ssm=with_own_errors(session.client("ssm", config=config)),
        s3=with_own_errors(session.client("s3", config=config)),
    )


def transport_limits() -> tuple[Mapping[str, str], CallLimits]:
    """What the clients of the transport are made with, which reach moto too."""
    return _CREDENTIALS, CallLimits()


def make_tables(parts: Template, names: dict[str, JsonValue]) -> None:
    """Make the tables, and add their names, ARNs and streams to the names."""
    dynamodb = clients().dynamodb
    for logical, written in parts.of_type("AWS::DynamoDB::Table").items():
        properties = resolved(written, names)
        assert isinstance(properties, dict)
        settings = {key: properties[key] for key in _TABLE_SETTINGS & properties.keys()}
        settings |= {"TableName": f"{STACK}-{logical}"}
        if isinstance(stream := properties.get("StreamSpecification"), dict):
            settings["StreamSpecification"] = {"StreamEnabled": True, **stream}
        table = dynamodb.create_table(**cast("CreateTableInputTypeDef", settings))
        made = table["TableDescription"]
        names[logical] = made["TableName"]
        names[f"{logical}.Arn"] = made["TableArn"]
        names[f"{logical}.StreamArn"] = made.get("LatestStreamArn")


def _make_queues(parts: Template, names: dict[str, JsonValue]) -> None:
    sqs = clients().sqs
    queues = parts.of_type("AWS::SQS::Queue")
    for logical in sorted(queues, key=lambda name: "RedrivePolicy" in queues[name]):
        properties = resolved(queues[logical], names)
        assert isinstance(properties, dict)
        sqs.create_queue(
            QueueName=str(names[f"{logical}.QueueName"]),
            Attributes={
                cast("Literal['All']", key): _attribute(value)
                for key, value in properties.items()
                if key != "QueueName"
            },
        )


def _queue_names(parts: Template) -> dict[str, JsonValue]:
    names: dict[str, JsonValue] = {}
    for logical, properties in parts.of_type("AWS::SQS::Queue").items():
        given = resolved(properties.get("QueueName"), {"AWS::StackName": STACK})
        name = given or f"{STACK}-{logical}"
        names[logical] = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
        names[f"{logical}.Arn"] = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        names[f"{logical}.QueueName"] = name
    return names


def _log_names(parts: Template) -> dict[str, JsonValue]:
    return {
        f"{logical}.Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{STACK}-{logical}:*"
        for logical in parts.of_type("AWS::Logs::LogGroup")
    }


def _attribute(value: JsonValue) -> str:
    if isinstance(value, dict | bool):
        return json.dumps(value)
    return str(value)
