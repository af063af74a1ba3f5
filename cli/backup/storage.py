"""What a backup reads of a stack and a restore writes, on AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypedDict

from botocore.config import Config
from typing_extensions import override

from cli.backup.contents import BackupPart, key_of
from cli.stack import Stack, client_config
from signalbox.models.ids import TaskId
from signalbox.models.queue_messages import TaskMessage
from signalbox.models.task import Priority
from signalbox.services.pagination import chunked

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

    from signalbox.aws.dynamo_table import Item

_BATCH: Final = 10


class _Options(TypedDict):
    endpoint_url: str | None
    config: Config


class BackupStorage(Protocol):
    """The tables, large bodies and queues of a stack, and the names of its secrets."""

    def items(self, table: BackupPart) -> Iterator[Item]:
        """Yield every item; those of a partition in the order of their sort keys."""

    def get(self, table: BackupPart, item: Item) -> Item | None:
        """Return the item with the keys of this one, None if there is none."""

    def put_new(self, table: BackupPart, item: Item) -> bool:
        """Put an item; return False if there is one with its keys."""

    def body_keys(self) -> Iterator[str]:
        """Yield the keys of the large bodies."""

    def body(self, key: str) -> bytes | None:
        """Return a large body, None if there is none."""

    def put_body(self, key: str, body: bytes) -> None:
        """Put a large body, whose key is that of its content."""

    def secret_names(self) -> Iterator[str]:
        """Yield the names of the secrets, never their values."""

    def send(self, priority: Priority, tasks: Sequence[TaskId]) -> None:
        """Send a message for each task to the queue of a priority."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsBackupStorage(BackupStorage):
    """The storage of a stack, by boto3. Its clients are shared by threads."""

    dynamodb: DynamoDBClient
    s3: S3Client
    sqs: SQSClient
    ssm: SSMClient
    tables: Mapping[BackupPart, str]
    bucket: str
    queues: Mapping[Priority, str]
    prefix: str

    @override
    def items(self, table: BackupPart) -> Iterator[Item]:
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.tables[table], ConsistentRead=True
        )
        return (item for page in pages for item in page["Items"])

    @override
    def get(self, table: BackupPart, item: Item) -> Item | None:
        answer = self.dynamodb.get_item(
            TableName=self.tables[table],
            Key=key_of(table, item),
            ConsistentRead=True,
        )
        return answer.get("Item")

    @override
    def put_new(self, table: BackupPart, item: Item) -> bool:
        try:
            self.dynamodb.put_item(
                TableName=self.tables[table],
                Item=item,
                ConditionExpression="attribute_not_exists(pk)",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def replace(self, table: BackupPart, before: Item, after: Item) -> bool:
        """Put an item if the stored one has the document of `before`; return whether it had."""
        try:
            self.dynamodb.put_item(
                TableName=self.tables[table],
                Item=after,
                ConditionExpression="doc = :doc",
                ExpressionAttributeValues={":doc": before["doc"]},
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    @override
    def body_keys(self) -> Iterator[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return (each["Key"] for page in pages for each in page.get("Contents", []))

    @override
    def body(self, key: str) -> bytes | None:
        try:
            return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self.s3.exceptions.NoSuchKey:
            return None

    @override
    def put_body(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def delete_body(self, key: str) -> None:
        """Delete a large body."""
        self.s3.delete_object(Bucket=self.bucket, Key=key)

    @override
    def secret_names(self) -> Iterator[str]:
        pages = self.ssm.get_paginator("get_parameters_by_path").paginate(
            Path=self.prefix, Recursive=True, WithDecryption=False
        )
        for page in pages:
            for parameter in page["Parameters"]:
                yield parameter["Name"].removeprefix(self.prefix).lstrip("/")

    @override
    def send(self, priority: Priority, tasks: Sequence[TaskId]) -> None:
        url = self.queues[priority]
        for batch in chunked(tasks, _BATCH):
            bodies = [TaskMessage(task_id=task).model_dump_json() for task in batch]
            answer = self.sqs.send_message_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)
                ],
            )
            for failed in answer.get("Failed", []):
                self.sqs.send_message(QueueUrl=url, MessageBody=bodies[int(failed["Id"])])


def backup_storage(stack: Stack) -> AwsBackupStorage:
    """Return the storage of a stack."""
    outputs, session = stack.outputs, stack.session
    options: _Options = {
        "endpoint_url": stack.endpoint_url,
        "config": client_config(stack.endpoint_url),
    }
    return AwsBackupStorage(
        dynamodb=session.client("dynamodb", **options),
        s3=session.client("s3", **options),
        sqs=session.client("sqs", **options),
        ssm=session.client("ssm", **options),
        tables={
            BackupPart.TASKS: outputs.tasks_table,
            BackupPart.DELIVERIES: outputs.deliveries_table,
            BackupPart.STATE: outputs.state_table,
            BackupPart.AUDIT: outputs.audit_table,
            BackupPart.CONFIG: outputs.config_table,
        },
        bucket=outputs.bodies_bucket,
        queues={
            Priority.HIGH: outputs.queue_high,
            Priority.NORMAL: outputs.queue_normal,
            Priority.LOW: outputs.queue_low,
        },
        prefix=outputs.parameter_prefix,
    )
