"""The metadata by which OAuth clients find the issuers of tokens for the MCP endpoint."""

from collections.abc import Callable, Sequence

from aws_lambda_powertools.event_handler import Response

from signalbox.http.routing import (
    MCP,
    OPEN,
    PROTECTED_RESOURCE,
    Route,
    Routes,
    json_response,
)
from signalbox.http.schemas.protected_resource import ProtectedResourceResponse
from signalbox.http.urls import public_url
from signalbox.models.errors import NotFound

_NO_ISSUER = "no issuer of tokens is configured; use an API key"


def add_protected_resource(routes: Routes, *, issuers: Callable[[], Sequence[str]]) -> None:
    """Add the routes. `issuers` returns the URLs of the authorization servers."""

    def response() -> Response[str]:
        servers = tuple(issuers())
        if not servers:
            raise NotFound(_NO_ISSUER)
        url = public_url(routes.call().request)
        return json_response(
            ProtectedResourceResponse(
                resource=f"{url}{MCP}",
                resource_name="Signalbox",
                authorization_servers=servers,
                bearer_methods_supported=("header",),
                resource_documentation=f"{url}/docs",
            )
        )

    @routes.add(_route(PROTECTED_RESOURCE, "Get the issuers whose tokens are accepted (RFC 9728)"))
    def protected_resource() -> Response[str]:
        return response()

    @routes.add(_route(f"{PROTECTED_RESOURCE}{MCP}", "Get the same for the path of the resource"))
    def protected_resource_mcp() -> Response[str]:
        return response()


def _route(path: str, summary: str) -> Route:
    return Route(
        method="GET",
        path=path,
        scope=OPEN,
        tag="docs",
        summary=summary,
        response_model=ProtectedResourceResponse,
        problems=(404,),
    )
