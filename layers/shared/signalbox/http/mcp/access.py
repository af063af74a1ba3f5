"""Who may call the MCP endpoint: origins of browsers, credentials, and the challenge without."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from signalbox.http.events import LambdaResponse
from signalbox.http.mounts import MountCall
from signalbox.http.problems import error_response
from signalbox.http.routing import PROTECTED_RESOURCE
from signalbox.http.urls import is_this_machine, public_url
from signalbox.models.errors import Forbidden, Unauthenticated, Unavailable
from signalbox.models.ids import RequestId
from signalbox.models.principal import Principal
from signalbox.models.request import InboundRequest

_CREDENTIALS: Final = ("authorization", "x-api-key")


def check_origin(request: InboundRequest, allowed: frozenset[str]) -> None:
    """Check the origin of the page that sends a request; other clients send none.

    A page that rebinds its name to this server has the same origin as its URL, so only origins that
    are listed count, and on this machine those of this machine.

    Raises:
        Forbidden: The origin is not allowed.
    """
    origin = request.header("origin")
    if not origin or origin in allowed:
        return
    if is_this_machine(_host(origin)) and is_this_machine(_host(f"//{request.header('host')}")):
        return
    raise Forbidden("pages of this origin may not call the MCP endpoint")


def authenticated(call: MountCall, has_issuers: Callable[[], bool]) -> Principal | LambdaResponse:
    """Return the caller, or the response that tells a client how to get credentials.

    Raises:
        OverLimit: The rate limit is exceeded.
    """
    try:
        return call.authenticate()
    except Unauthenticated as error:
        request = call.request
        response = error_response(error, RequestId(request.request_id))
        response["headers"]["www-authenticate"] = _challenge(request, has_issuers)
        return response


def _challenge(request: InboundRequest, has_issuers: Callable[[], bool]) -> str:
    """Return the challenge (RFC 6750, RFC 9728)."""
    parts = []
    if any(request.header(name) for name in _CREDENTIALS):
        parts.append('error="invalid_token"')
    if _known(has_issuers):
        parts.append(f'resource_metadata="{public_url(request)}{PROTECTED_RESOURCE}"')
    return f"Bearer {', '.join(parts)}".strip()


def _known(has_issuers: Callable[[], bool]) -> bool:
    try:
        return has_issuers()
    except Unavailable:
        return False


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
