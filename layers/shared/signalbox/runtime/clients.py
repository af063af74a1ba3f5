"""Clients of AWS and the tables of the stack, each created on first use."""

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from signalbox.aws.dynamo_table import Table
from signalbox.aws.transport.clients import (
    CallLimits,
    DynamoTransport,
    SqsTransport,
    SsmTransport,
    StreamsTransport,
)
from signalbox.runtime.environment import process_environment
from signalbox.runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_servicediscovery import ServiceDiscoveryClient

    from signalbox.aws.protocols import ConnectionsApi, DynamoApi, SqsApi, SsmApi, StreamsApi
    from signalbox.aws.targets import BotoTargets

_DYNAMO: Final = CallLimits()
_SQS: Final = CallLimits(read_timeout=10)
# who waits for a secret has ten seconds in all
_SSM: Final = CallLimits(read_timeout=2, attempts=2)

# whoever takes no frame within two seconds is disconnected
_CONNECTIONS: Final = CallLimits(read_timeout=2, attempts=1)


class AwsClients:
    """One client of each service, and the tables."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.from_environment()

    @cached_property
    def dynamo(self) -> "DynamoApi":
        """Return the DynamoDB client."""
        return DynamoTransport(process_environment(), _DYNAMO)

    @cached_property
    def sqs(self) -> "SqsApi":
        """Return the SQS client, whose read timeout exceeds a long poll."""
        return SqsTransport(process_environment(), _SQS)

    @cached_property
    def service_discovery(self) -> "ServiceDiscoveryClient":
        """Return the client of Cloud Map, which only services that are looked up there need."""
        from signalbox.runtime.sdk import cloud_map_client  # noqa: PLC0415  boto3 starts slowly

        return cloud_map_client()

    @cached_property
    def ssm(self) -> "SsmApi":
        """Return the client of the parameter store."""
        return SsmTransport(process_environment(), _SSM)

    @cached_property
    def streams(self) -> "StreamsApi":
        """Return the client of the tables' streams."""
        return StreamsTransport(process_environment(), _DYNAMO)

    @cached_property
    def s3(self) -> "S3Client":
        """Return the S3 client, which is rarely needed."""
        from signalbox.runtime.sdk import s3_client  # noqa: PLC0415  boto3 starts slowly

        return s3_client()

    @cached_property
    def connections(self) -> "ConnectionsApi":
        """Return the client that sends frames to WebSocket connections."""
        from signalbox.aws.transport.connections import (  # noqa: PLC0415  few need it
            ConnectionsTransport,
        )

        return ConnectionsTransport(
            self.settings.websocket_endpoint, process_environment(), _CONNECTIONS
        )

    @cached_property
    def aws_targets(self) -> "BotoTargets":
        """Return the targets in AWS, each of whose clients is created on first use."""
        from signalbox.aws.targets import BotoTargets  # noqa: PLC0415  few need it

        return BotoTargets(
            ses=_target_client("sesv2"), sns=_target_client("sns"), events=_target_client("events")
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

    @cached_property
    def realtime_table(self) -> Table:
        """Return the Realtime table."""
        return Table(client=self.dynamo, name=self.settings.realtime_table)


def _target_client(service: str) -> "Callable[[str | None], Any]":
    @cache
    def client(url: str | None) -> object:
        from signalbox.runtime.sdk import target_client  # noqa: PLC0415  boto3 starts slowly

        return target_client(service, url)

    return client
