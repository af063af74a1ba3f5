"""A namespace of AWS Cloud Map, in moto."""

from typing import Final

import boto3

from tests.integration.template import REGION

NAMESPACE: Final = "example.internal"


def register_in_cloud_map(service: str, address: str, port: int) -> None:
    """Make the namespace, and in it a service with one instance."""
    client = boto3.Session("testing", "testing", region_name=REGION).client("servicediscovery")
    client.create_http_namespace(Name=NAMESPACE)
    (namespace,) = client.list_namespaces()["Namespaces"]
    made = client.create_service(Name=service, NamespaceId=namespace["Id"])
    attributes = {"AWS_INSTANCE_IPV4": address, "AWS_INSTANCE_PORT": str(port)}
    client.register_instance(
        ServiceId=made["Service"]["Id"], InstanceId="i-1", Attributes=attributes
    )
