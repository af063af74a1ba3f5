"""Authenticate callers and enforce their rate limits.

Anonymous requests are counted by address before anything is answered, authenticated ones by
principal. An API key does not load the libraries that tokens need.
"""

from collections.abc import Callable
from typing import Final, Protocol

from typing_extensions import override

from signalbox.auth.rate_limits import RateLimiter
from signalbox.models.errors import Forbidden, Unauthenticated
from signalbox.models.frozen import frozen
from signalbox.models.principal import ANONYMOUS, Principal, Scope
from signalbox.models.rate_limits import RateLimitQuota
from signalbox.models.request import InboundRequest

Authenticate = Callable[[str], Principal]
"""Return the principal of a key or token. Raises Unauthenticated."""

SessionPrincipal = Callable[[InboundRequest], Principal | None]
"""Return the principal of a request with a session cookie, None without the cookie.

Raises Unauthenticated if the session is not valid, ForgedRequest if another page may have sent it.
"""

_BEARER: Final = "bearer "
_KEY: Final = "sbx_"


class ForgedRequest(Forbidden):
    """Another page may have sent a request with the session of `caller` (CSRF)."""

    def __init__(self, reason: str, caller: Principal) -> None:
        super().__init__(reason)
        self.caller = caller


class Access(Protocol):
    """How callers of something are authenticated and counted."""

    @property
    def needs_credentials(self) -> bool:
        """Return whether callers are authenticated."""

    @property
    def unlimited(self) -> bool:
        """Return whether requests are not rate limited."""


@frozen
class ScopeAccess(Access):
    """The access of callers with a scope, without one of anybody, within the rate limit."""

    scope: Scope | None

    @property
    @override
    def needs_credentials(self) -> bool:
        return self.scope is not None

    @property
    @override
    def unlimited(self) -> bool:
        return False


@frozen
class AuthResult:
    """A caller, and what is left of its limit; None if the request was not counted."""

    caller: Principal
    quota: RateLimitQuota | None = None


def no_session(_: InboundRequest) -> None:
    """Return none, where session cookies are not accepted."""


@frozen
class Authorizer:
    """Authenticate a request by its key, its token or its session cookie, and count it."""

    keys: Authenticate
    tokens: Authenticate
    limit: RateLimiter
    sessions: SessionPrincipal = no_session

    def __call__(self, request: InboundRequest, route: Access) -> AuthResult:
        """Return the caller. Its scopes are checked against the route afterwards.

        Raises:
            Unauthenticated: The credentials are missing or not valid.
            ForgedRequest: Another page may have sent it with a session cookie.
            OverLimit: The rate limit is exceeded.
        """
        if route.unlimited:
            return AuthResult(caller=ANONYMOUS)
        if not route.needs_credentials:
            quota = self.limit.admit_anonymous(request.source_ip)
            return AuthResult(caller=ANONYMOUS, quota=quota)
        return self.authenticate(request)

    def authenticate(self, request: InboundRequest) -> AuthResult:
        """Return the caller, whatever its scopes are.

        Raises:
            Unauthenticated: The credentials are missing or not valid.
            ForgedRequest: Another page may have sent it with a session cookie.
            OverLimit: The rate limit is exceeded.
        """
        caller = self._authenticated(request)
        return AuthResult(caller=caller, quota=self.limit.admit(caller))

    def _authenticated(self, request: InboundRequest) -> Principal:
        text = _credentials(request)
        try:
            if not has_header_credentials(request) and (known := self.sessions(request)):
                return known
            return (self.keys if text.startswith(_KEY) else self.tokens)(text)
        except (Unauthenticated, ForgedRequest):
            self.limit.count_rejected_credentials(request.source_ip)
            raise


def has_header_credentials(request: InboundRequest) -> bool:
    """Return whether a request has a header for credentials, which takes precedence of a cookie."""
    return "authorization" in request.headers or "x-api-key" in request.headers


def _credentials(request: InboundRequest) -> str:
    """Return the API key or token of a request, empty if it has none."""
    bearer = request.header("authorization")
    token = bearer[len(_BEARER) :] if bearer.lower().startswith(_BEARER) else ""
    return (request.header("x-api-key") or token).strip()
