"""CORS: which pages of other origins may call the API, by an exact list."""

from collections.abc import Mapping
from typing import Final

from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest

_HEADERS: Final = (
    "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, "
    "mcp-method, mcp-name, mcp-protocol-version, x-api-key, x-request-id"
)
_EXPOSED: Final = (
    "etag, idempotency-replayed, location, ratelimit, ratelimit-policy, retry-after, "
    "www-authenticate, x-request-id"
)
_MAX_AGE_SECONDS: Final = "600"


@frozen
class CorsPolicy:
    """The list of allowed origins. Credentials are never allowed, nor our cookies."""

    origins: frozenset[str] = frozenset()

    def headers(self, request: InboundRequest) -> Mapping[str, str]:
        """Return the CORS headers of the response to this request."""
        if not self.origins:
            return {}
        origin = request.header("origin")
        if origin not in self.origins:
            return {"vary": "origin"}
        return {
            "vary": "origin",
            "access-control-allow-origin": origin,
            "access-control-expose-headers": _EXPOSED,
        }

    def preflight(self, request: InboundRequest, methods: str) -> Mapping[str, str] | None:
        """Return the headers of the response to a preflight, or None if it is not one."""
        asked = request.method == "OPTIONS" and request.header("access-control-request-method")
        if not asked or request.header("origin") not in self.origins:
            return None
        return {
            **self.headers(request),
            "access-control-allow-methods": methods,
            "access-control-allow-headers": _HEADERS,
            "access-control-max-age": _MAX_AGE_SECONDS,
        }
