"""The response with the metadata of a protected resource."""

from signalbox.models.base import Model


class ProtectedResourceResponse(Model):
    """The metadata of the MCP endpoint as a protected resource (RFC 9728)."""

    resource: str
    resource_name: str
    authorization_servers: tuple[str, ...]
    bearer_methods_supported: tuple[str, ...]
    resource_documentation: str
