"""Clients of DynamoDB and its streams, of SQS and the Parameter Store, called as boto3's are.

They send what they are given and check nothing of it: the stores build every request.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, cast

from typing_extensions import override

from signalbox.aws.protocols import DynamoApi, SqsApi, SsmApi, StreamsApi
from signalbox.aws.transport.credentials import credential_source
from signalbox.aws.transport.endpoints import endpoint_of, region_of
from signalbox.aws.transport.http_pool import HttpPool
from signalbox.aws.transport.json_caller import JsonCaller, JsonService
from signalbox.aws.transport.retries import AwsRetries
from signalbox.egress.tls import amazon_tls, shared_public_tls, tls_with
from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from mypy_boto3_dynamodb import type_defs as dynamo
    from mypy_boto3_dynamodbstreams import type_defs as streams
    from mypy_boto3_sqs import type_defs as sqs
    from mypy_boto3_ssm import type_defs as ssm
    from typing_extensions import Unpack

_DYNAMO_DELAY: Final = 0.025
_DYNAMO: Final = JsonService(
    signing_name="dynamodb",
    prefix="dynamodb",
    variable="DYNAMODB",
    target="DynamoDB_20120810",
    headers={},
)
_STREAMS: Final = JsonService(
    signing_name="dynamodb",
    prefix="streams.dynamodb",
    variable="DYNAMODB_STREAMS",
    target="DynamoDBStreams_20120810",
    headers={},
)
# codes as in the older protocol, which the stores know
_SQS: Final = JsonService(
    signing_name="sqs",
    prefix="sqs",
    variable="SQS",
    target="AmazonSQS",
    headers={"x-amzn-query-mode": "true"},
)
_SSM: Final = JsonService(
    signing_name="ssm",
    prefix="ssm",
    variable="SSM",
    target="AmazonSSM",
    version="1.1",
    headers={},
)


@frozen
class CallLimits:
    """How long a call waits, in seconds, and how often it is made."""

    connect_timeout: float = 1.0
    read_timeout: float = 3.0
    attempts: int = 3


class DynamoTransport(DynamoApi):
    """Calls DynamoDB."""

    def __init__(self, environment: Mapping[str, str], limits: CallLimits) -> None:
        retries = AwsRetries(attempts=limits.attempts, delay=_DYNAMO_DELAY)
        self._call = _caller(_DYNAMO, environment, limits, retries)

    @override
    def get_item(
        self, **request: Unpack[dynamo.GetItemInputTypeDef]
    ) -> dynamo.GetItemOutputTypeDef:
        return cast("dynamo.GetItemOutputTypeDef", self._call("GetItem", request))

    @override
    def batch_get_item(
        self, **request: Unpack[dynamo.BatchGetItemInputTypeDef]
    ) -> dynamo.BatchGetItemOutputTypeDef:
        return cast("dynamo.BatchGetItemOutputTypeDef", self._call("BatchGetItem", request))

    @override
    def query(self, **request: Unpack[dynamo.QueryInputTypeDef]) -> dynamo.QueryOutputTypeDef:
        return cast("dynamo.QueryOutputTypeDef", self._call("Query", request))

    @override
    def put_item(
        self, **request: Unpack[dynamo.PutItemInputTypeDef]
    ) -> dynamo.PutItemOutputTypeDef:
        return cast("dynamo.PutItemOutputTypeDef", self._call("PutItem", request))

    @override
    def update_item(
        self, **request: Unpack[dynamo.UpdateItemInputTypeDef]
    ) -> dynamo.UpdateItemOutputTypeDef:
        return cast("dynamo.UpdateItemOutputTypeDef", self._call("UpdateItem", request))

    @override
    def delete_item(
        self, **request: Unpack[dynamo.DeleteItemInputTypeDef]
    ) -> dynamo.DeleteItemOutputTypeDef:
        return cast("dynamo.DeleteItemOutputTypeDef", self._call("DeleteItem", request))


class StreamsTransport(StreamsApi):
    """Reads the streams of DynamoDB. Times in its responses are numbers, not datetimes."""

    def __init__(self, environment: Mapping[str, str], limits: CallLimits) -> None:
        retries = AwsRetries(attempts=limits.attempts, delay=_DYNAMO_DELAY)
        self._call = _caller(_STREAMS, environment, limits, retries)

    @override
    def describe_stream(
        self, **request: Unpack[streams.DescribeStreamInputTypeDef]
    ) -> streams.DescribeStreamOutputTypeDef:
        response = self._call("DescribeStream", request)
        return cast("streams.DescribeStreamOutputTypeDef", response)

    @override
    def get_shard_iterator(
        self, **request: Unpack[streams.GetShardIteratorInputTypeDef]
    ) -> streams.GetShardIteratorOutputTypeDef:
        response = self._call("GetShardIterator", request)
        return cast("streams.GetShardIteratorOutputTypeDef", response)

    @override
    def get_records(
        self, **request: Unpack[streams.GetRecordsInputTypeDef]
    ) -> streams.GetRecordsOutputTypeDef:
        return cast("streams.GetRecordsOutputTypeDef", self._call("GetRecords", request))


class SqsTransport(SqsApi):
    """Calls SQS. The read timeout must exceed the wait time of a request."""

    def __init__(self, environment: Mapping[str, str], limits: CallLimits) -> None:
        retries = AwsRetries(attempts=limits.attempts)
        self._call = _caller(_SQS, environment, limits, retries)

    @override
    def send_message(
        self, **request: Unpack[sqs.SendMessageRequestTypeDef]
    ) -> sqs.SendMessageResultTypeDef:
        return cast("sqs.SendMessageResultTypeDef", self._call("SendMessage", request))

    @override
    def send_message_batch(
        self, **request: Unpack[sqs.SendMessageBatchRequestTypeDef]
    ) -> sqs.SendMessageBatchResultTypeDef:
        return cast("sqs.SendMessageBatchResultTypeDef", self._call("SendMessageBatch", request))

    @override
    def receive_message(
        self, **request: Unpack[sqs.ReceiveMessageRequestTypeDef]
    ) -> sqs.ReceiveMessageResultTypeDef:
        return cast("sqs.ReceiveMessageResultTypeDef", self._call("ReceiveMessage", request))

    @override
    def change_message_visibility(
        self, **request: Unpack[sqs.ChangeMessageVisibilityRequestTypeDef]
    ) -> sqs.EmptyResponseMetadataTypeDef:
        return cast(
            "sqs.EmptyResponseMetadataTypeDef", self._call("ChangeMessageVisibility", request)
        )

    @override
    def delete_message(
        self, **request: Unpack[sqs.DeleteMessageRequestTypeDef]
    ) -> sqs.EmptyResponseMetadataTypeDef:
        return cast("sqs.EmptyResponseMetadataTypeDef", self._call("DeleteMessage", request))

    @override
    def get_queue_attributes(
        self, **request: Unpack[sqs.GetQueueAttributesRequestTypeDef]
    ) -> sqs.GetQueueAttributesResultTypeDef:
        return cast(
            "sqs.GetQueueAttributesResultTypeDef", self._call("GetQueueAttributes", request)
        )


class SsmTransport(SsmApi):
    """Calls the Parameter Store. Times in its responses are numbers, not datetimes."""

    def __init__(self, environment: Mapping[str, str], limits: CallLimits) -> None:
        retries = AwsRetries(attempts=limits.attempts)
        self._call = _caller(_SSM, environment, limits, retries)

    @override
    def get_parameter(
        self, **request: Unpack[ssm.GetParameterRequestTypeDef]
    ) -> ssm.GetParameterResultTypeDef:
        return cast("ssm.GetParameterResultTypeDef", self._call("GetParameter", request))

    @override
    def put_parameter(
        self, **request: Unpack[ssm.PutParameterRequestTypeDef]
    ) -> ssm.PutParameterResultTypeDef:
        return cast("ssm.PutParameterResultTypeDef", self._call("PutParameter", request))

    @override
    def delete_parameter(self, **request: Unpack[ssm.DeleteParameterRequestTypeDef]) -> object:
        return self._call("DeleteParameter", request)


def _caller(
    service: JsonService, environment: Mapping[str, str], limits: CallLimits, retries: AwsRetries
) -> JsonCaller:
    pool = HttpPool(
        endpoint_of(service.prefix, service.variable, environment),
        tls=tls_of(environment),
        wider_tls=wider_tls_of(environment),
        connect_timeout=limits.connect_timeout,
        read_timeout=limits.read_timeout,
    )
    return JsonCaller(
        service,
        region=region_of(environment),
        pool=pool,
        credentials=credential_source(environment),
        retries=retries,
        environment=environment,
    )


def tls_of(environment: Mapping[str, str]) -> Callable[[], ssl.SSLContext]:
    """Return what makes the TLS context for services of AWS."""
    bundle = environment.get("AWS_CA_BUNDLE")
    return partial(tls_with, bundle) if bundle else amazon_tls


def wider_tls_of(environment: Mapping[str, str]) -> Callable[[], ssl.SSLContext] | None:
    """Return what makes the context for a server that has another authority than those of AWS."""
    return None if environment.get("AWS_CA_BUNDLE") else shared_public_tls
