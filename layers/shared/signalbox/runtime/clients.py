"""Clients of AWS and the tables of the stack, each created on first use."""

from functools import cache, cached_property
from typing import TYPE_CHECKING, Final

import boto3
from boto3.session import Session
from botocore.config import Config

from signalbox.aws.dynamo_table import Table
from signalbox.aws.sdk_errors import with_own_errors
from signalbox.runtime.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_servicediscovery import ServiceDiscoveryClient

    from signalbox.aws.protocols import DynamoApi, SqsApi, SsmApi
    from signalbox.aws.targets import BotoTargets

_CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=10,
)
# who waits for a secret has ten seconds in all
_SSM: Final = _CONFIG.merge(
    Config(read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2})
)
# a request waits for it; while it fails, the last answer serves on
_CLOUD_MAP: Final = _CONFIG.merge(Config(read_timeout=1, retries={"total_max_attempts": 1}))


class AwsClients:
    """One client of each service, and the tables."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.from_environment()

    @cached_property
    def dynamo(self) -> "DynamoApi":
        """Return the DynamoDB client."""
        return with_own_errors(boto3.client("dynamodb", config=_CONFIG))

    @cached_property
    def sqs(self) -> "SqsApi":
        """Return the SQS client, whose read timeout exceeds a long poll."""
        return with_own_errors(boto3.client("sqs", config=_CONFIG.merge(Config(read_timeout=10))))

    @cached_property
    def streams(self) -> "DynamoDBStreamsClient":
        """Return the client of the tables' streams."""
        return with_own_errors(boto3.client("dynamodbstreams", config=_CONFIG))

    @cached_property
    def s3(self) -> "S3Client":
        """Return the S3 client, which is rarely needed."""
        return with_own_errors(boto3.client("s3", config=_CONFIG))

    @cached_property
    def service_discovery(self) -> "ServiceDiscoveryClient":
        """Return the client of Cloud Map, which only services that are looked up there need."""
        return with_own_errors(boto3.client("servicediscovery", config=_CLOUD_MAP))

    @cached_property
    def ssm(self) -> "SsmApi":
        """Return the client of the parameter store."""
        return with_own_errors(boto3.client("ssm", config=_SSM))

    @cached_property
    def aws_targets(self) -> "BotoTargets":
        """Return the targets in AWS. Their clients make one attempt: another may send twice.

        Threads may create a client at the same time, so each comes from a session of its own.
        """
        from signalbox.aws.targets import BotoTargets  # noqa: PLC0415  few need it

        config = _CONFIG.merge(Config(read_timeout=10, retries={"total_max_attempts": 1}))
        return BotoTargets(
            ses=cache(lambda url: Session().client("sesv2", endpoint_url=url, config=config)),
            sns=cache(lambda url: Session().client("sns", endpoint_url=url, config=config)),
            events=cache(lambda url: Session().client("events", endpoint_url=url, config=config)),
        )

    @cached_property
    def tasks_table(self) -> Table:
        """Return the Tasks table."""
        return Table(client=self.dynamo, name=self.settings.tasks_table)

    @cached_property
    def config_table(self) -> Table:
        """Return the Config table."""
        return Table(client=self.dynamo, name=self.settings.config_table)

    @cached_property
    def deliveries_table(self) -> Table:
        """Return the Deliveries table."""
        return Table(client=self.dynamo, name=self.settings.deliveries_table)

    @cached_property
    def state_table(self) -> Table:
        """Return the State table."""
        return Table(client=self.dynamo, name=self.settings.state_table)
