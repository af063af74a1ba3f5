"""Clients of boto3, for the services and functions that need more than the transport."""

from typing import TYPE_CHECKING, Final, cast

import boto3
from boto3.session import Session
from botocore.config import Config

from signalbox.aws.sdk_errors import with_own_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_servicediscovery import ServiceDiscoveryClient

_CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=10,
)


def cloud_map_client() -> "ServiceDiscoveryClient":
    """Return a client of Cloud Map. A request waits for it; while it fails, the last serves on."""
    config = _CONFIG.merge(Config(read_timeout=1, retries={"total_max_attempts": 1}))
    return with_own_errors(boto3.client("servicediscovery", config=config))


def s3_client() -> "S3Client":
    """Return a client of S3."""
    return with_own_errors(boto3.client("s3", config=_CONFIG))


def target_client(service: str, url: str | None) -> object:
    """Return a client of a service that notifications go to.

    It makes one attempt, as another may send twice. Threads may create clients at the same time, so
    each comes from a session of its own.
    """
    config = _CONFIG.merge(Config(read_timeout=10, retries={"total_max_attempts": 1}))
    make = cast("Callable[..., object]", Session().client)
    return make(service, endpoint_url=url, config=config)
