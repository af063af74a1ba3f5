"""Build the MCP endpoint of the API, which is imported by its first request."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from signalbox.http.events import LambdaResponse
from signalbox.http.mounts import Mount, MountCall
from signalbox.http.routing import Routes
from signalbox.runtime.version import VERSION
from signalbox.runtime.wiring import Wiring

if TYPE_CHECKING:
    from signalbox.http.mcp.endpoint import McpEndpoint


def mcp_mount(routes: Routes, wired: Wiring) -> Mount:
    """Return what answers MCP clients with these routes."""

    @cache
    def endpoint() -> "McpEndpoint":
        from signalbox.http.mcp.endpoint import McpEndpoint  # noqa: PLC0415  only agents pay for it
        from signalbox.http.mcp.tools import ToolCatalog  # noqa: PLC0415  as above

        return McpEndpoint(
            catalog=ToolCatalog(routes=routes),
            version=VERSION,
            origins=wired.settings.cors,
            has_issuers=lambda: bool(issuer_urls(wired)),
        )

    def answer(call: MountCall) -> LambdaResponse:
        return endpoint()(call)

    return answer


def issuer_urls(wired: Wiring) -> Sequence[str]:
    """Return the URLs of the issuers that clients can get tokens from: those with a JWKS URL."""
    return [
        issuer.issuer
        for issuer in wired.config.issuers()
        if issuer.jwks_url and issuer.issuer.startswith("https://")
    ]
