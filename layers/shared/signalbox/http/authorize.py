"""Authenticate callers and enforce their rate limits.

Anonymous requests are counted by address before anything is answered, authenticated ones by
principal. An API key does not load the libraries that tokens need.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from signalbox.auth.rate_limits import RateLimiter
from signalbox.models.errors import Unauthenticated
from signalbox.models.principal import ANONYMOUS, Principal, Scope
from signalbox.models.rate_limits import RateLimitQuota
from signalbox.models.request import InboundRequest

Authenticate = Callable[[str], Principal]
"""Return the principal of a key or token. Raises Unauthenticated."""

_BEARER: Final = "bearer "
_KEY: Final = "sbx_"


class Access(Protocol):
    """Who may do something: whoever has the scope, anybody without one; perhaps without limit."""

    @property
    def scope(self) -> Scope | None:
        """Return the scope, None for anybody."""

    @property
    def unlimited(self) -> bool:
        """Return whether requests are not rate limited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeAccess(Access):
    """The access of callers with a scope."""

    scope: Scope | None
    unlimited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthResult:
    """A caller, and what is left of its limit; None if the request was not counted."""

    caller: Principal
    quota: RateLimitQuota | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizer:
    """Authenticate a request and count it."""

    keys: Authenticate
    tokens: Authenticate
    limit: RateLimiter

    def __call__(self, request: InboundRequest, route: Access) -> AuthResult:
        """Return the caller. Its scopes are checked against the route afterwards.

        Raises:
            Unauthenticated: The credentials are missing or not valid.
            OverLimit: The rate limit is exceeded.
        """
        if route.unlimited:
            return AuthResult(caller=ANONYMOUS)
        if route.scope is None:
            quota = self.limit.admit_anonymous(request.source_ip)
            return AuthResult(caller=ANONYMOUS, quota=quota)
        return self.authenticate(request)

    def authenticate(self, request: InboundRequest) -> AuthResult:
        """Return the caller, whatever its scopes are.

        Raises:
            Unauthenticated: The credentials are missing or not valid.
            OverLimit: The rate limit is exceeded.
        """
        caller = self._authenticated(request)
        return AuthResult(caller=caller, quota=self.limit.admit(caller))

    def _authenticated(self, request: InboundRequest) -> Principal:
        text = _credentials(request)
        try:
            return (self.keys if text.startswith(_KEY) else self.tokens)(text)
        except Unauthenticated:
            self.limit.count_rejected_credentials(request.source_ip)
            raise


def _credentials(request: InboundRequest) -> str:
    """Return the API key or token of a request, empty if it has none."""
    bearer = request.header("authorization")
    token = bearer[len(_BEARER) :] if bearer.lower().startswith(_BEARER) else ""
    return (request.header("x-api-key") or token).strip()
