"""Instances of services in AWS Cloud Map.

https://docs.aws.amazon.com/cloud-map/latest/api/API_DiscoverInstances.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from signalbox.aws.dynamo_table import aws_unavailable
from signalbox.aws.errors import error_code
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.services.ports.discovery import DiscoveredEndpoint, DiscoveryAnswer

if TYPE_CHECKING:
    from mypy_boto3_servicediscovery import ServiceDiscoveryClient
    from mypy_boto3_servicediscovery.type_defs import HttpInstanceSummaryTypeDef

    from signalbox.models.service_discovery import ServiceDiscovery

_TTL: Final = timedelta(seconds=5)
_MAX_RESULTS: Final = 1_000
_MISSING: Final = frozenset({"NamespaceNotFound", "ServiceNotFound"})
_MAX_NUMBER: Final = 65_535


@frozen
class CloudMapEndpoints:
    """Looks up the healthy instances of a service.

    Beside the attributes of AWS for addresses, `weight`, `version` and `zone` are read, and
    `AVAILABILITY_ZONE`, which ECS sets.
    """

    client: ServiceDiscoveryClient

    def __call__(self, discovery: ServiceDiscovery) -> DiscoveryAnswer:
        """Return the instances, as they are for the next five seconds.

        Raises:
            Unavailable: Cloud Map did not answer, or has no such service.
        """
        source = discovery.cloud_map
        if source is None:
            raise Unavailable("the service is not looked up in Cloud Map")
        try:
            with aws_unavailable("Cloud Map"):
                found = self.client.discover_instances(
                    NamespaceName=source.namespace,
                    ServiceName=source.service,
                    HealthStatus="HEALTHY",
                    MaxResults=_MAX_RESULTS,
                )
        except Unavailable as unavailable:
            if error_code(unavailable.__cause__) in _MISSING:
                raise Unavailable("Cloud Map has no such service") from None
            raise
        return DiscoveryAnswer(endpoints=tuple(map(_endpoint, found["Instances"])), ttl=_TTL)


def _endpoint(instance: HttpInstanceSummaryTypeDef) -> DiscoveredEndpoint:
    attributes = instance.get("Attributes", {})
    return DiscoveredEndpoint(
        name=instance.get("InstanceId", ""),
        host=attributes.get("AWS_INSTANCE_IPV4") or attributes.get("AWS_INSTANCE_IPV6", ""),
        port=_number(attributes.get("AWS_INSTANCE_PORT")),
        weight=_number(attributes.get("weight")) or 1,
        zone=attributes.get("zone") or attributes.get("AVAILABILITY_ZONE"),
        version=attributes.get("version"),
    )


def _number(text: str | None) -> int | None:
    """Return a number of an attribute, which may be any text."""
    if not text or not text.isascii() or not text.isdecimal():
        return None
    return min(int(text[:6]), _MAX_NUMBER)
