"""What the stores need of the clients of AWS: those operations, called as boto3's clients are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import type_defs as dynamo
    from mypy_boto3_dynamodbstreams import type_defs as streams
    from mypy_boto3_sqs import type_defs as sqs
    from mypy_boto3_ssm import type_defs as ssm
    from typing_extensions import Unpack


class DynamoApi(Protocol):
    """DynamoDB. Every method raises AwsError if the call does not succeed."""

    def get_item(
        self, **request: Unpack[dynamo.GetItemInputTypeDef]
    ) -> dynamo.GetItemOutputTypeDef:
        """Return an item."""

    def batch_get_item(
        self, **request: Unpack[dynamo.BatchGetItemInputTypeDef]
    ) -> dynamo.BatchGetItemOutputTypeDef:
        """Return some of many items."""

    def query(self, **request: Unpack[dynamo.QueryInputTypeDef]) -> dynamo.QueryOutputTypeDef:
        """Return a page of items of one partition."""

    def put_item(
        self, **request: Unpack[dynamo.PutItemInputTypeDef]
    ) -> dynamo.PutItemOutputTypeDef:
        """Write an item."""

    def update_item(
        self, **request: Unpack[dynamo.UpdateItemInputTypeDef]
    ) -> dynamo.UpdateItemOutputTypeDef:
        """Change attributes of an item."""

    def delete_item(
        self, **request: Unpack[dynamo.DeleteItemInputTypeDef]
    ) -> dynamo.DeleteItemOutputTypeDef:
        """Delete an item."""


class SqsApi(Protocol):
    """SQS. Every method raises AwsError if the call does not succeed."""

    def send_message(
        self, **request: Unpack[sqs.SendMessageRequestTypeDef]
    ) -> sqs.SendMessageResultTypeDef:
        """Send a message."""

    def send_message_batch(
        self, **request: Unpack[sqs.SendMessageBatchRequestTypeDef]
    ) -> sqs.SendMessageBatchResultTypeDef:
        """Send messages, of which some may fail."""

    def receive_message(
        self, **request: Unpack[sqs.ReceiveMessageRequestTypeDef]
    ) -> sqs.ReceiveMessageResultTypeDef:
        """Receive messages."""

    def change_message_visibility(
        self, **request: Unpack[sqs.ChangeMessageVisibilityRequestTypeDef]
    ) -> sqs.EmptyResponseMetadataTypeDef:
        """Hide a message for a number of seconds from now."""

    def delete_message(
        self, **request: Unpack[sqs.DeleteMessageRequestTypeDef]
    ) -> sqs.EmptyResponseMetadataTypeDef:
        """Delete a message."""

    def get_queue_attributes(
        self, **request: Unpack[sqs.GetQueueAttributesRequestTypeDef]
    ) -> sqs.GetQueueAttributesResultTypeDef:
        """Return attributes of a queue."""


class SsmApi(Protocol):
    """The Parameter Store of SSM. Every method raises AwsError if the call does not succeed."""

    def get_parameter(
        self, **request: Unpack[ssm.GetParameterRequestTypeDef]
    ) -> ssm.GetParameterResultTypeDef:
        """Return a parameter."""

    def put_parameter(
        self, **request: Unpack[ssm.PutParameterRequestTypeDef]
    ) -> ssm.PutParameterResultTypeDef:
        """Write a parameter."""

    def delete_parameter(self, **request: Unpack[ssm.DeleteParameterRequestTypeDef]) -> object:
        """Delete a parameter."""


class StreamsApi(Protocol):
    """The streams of DynamoDB. Every method raises AwsError if the call does not succeed."""

    def describe_stream(
        self, **request: Unpack[streams.DescribeStreamInputTypeDef]
    ) -> streams.DescribeStreamOutputTypeDef:
        """Return the shards of a stream, or a part of them."""

    def get_shard_iterator(
        self, **request: Unpack[streams.GetShardIteratorInputTypeDef]
    ) -> streams.GetShardIteratorOutputTypeDef:
        """Return where to read a shard."""

    def get_records(
        self, **request: Unpack[streams.GetRecordsInputTypeDef]
    ) -> streams.GetRecordsOutputTypeDef:
        """Return records of a shard, and where to read on."""


class ConnectionsApi(Protocol):
    """The management API of WebSocket connections."""

    def post(self, connection: str, frame: bytes) -> None:
        """Send a frame.

        Raises:
            AwsRefused: API Gateway does not send it; the connection may be gone.
            AwsUnreachable: There was no response in time.
        """

    def delete(self, connection: str) -> None:
        """Close a connection.

        Raises:
            AwsRefused: The connection is gone.
            AwsUnreachable: There was no response in time.
        """
