"""Build the authorizer of the API: API keys, tokens and rate limits."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from signalbox.auth.api_keys import KEY_CACHE_TTL, KeyAuthenticator
from signalbox.auth.rate_limits import RateLimiter
from signalbox.aws.rate_limits import DynamoRateLimitBuckets
from signalbox.http.authorize import Authenticate, Authorizer, SessionPrincipal, no_session
from signalbox.models.errors import Unauthenticated, Unavailable
from signalbox.models.principal import Principal
from signalbox.models.rate_limits import Limits
from signalbox.runtime.telemetry import count
from signalbox.runtime.wiring import Wiring
from signalbox.services.ports.auth import RateLimitBuckets, RateLimitLotBuckets

if TYPE_CHECKING:
    from signalbox.auth.jwt import TokenAuthenticator


def key_authenticator(wired: Wiring, cache_ttl: timedelta = KEY_CACHE_TTL) -> KeyAuthenticator:
    """Return the authenticator of API keys."""
    return KeyAuthenticator(
        store=wired.keys,
        clock=wired.clock,
        environment=wired.settings.key_environment,
        cache_ttl=cache_ttl,
        roles=wired.config.role_scopes,
    )


def authorizer(
    wired: Wiring,
    limit: RateLimiter | None = None,
    sessions: SessionPrincipal = no_session,
) -> Authorizer:
    """Return the authorizer, which counts requests by `limit` if it is given.

    `sessions` returns the principal of a request with a session cookie; otherwise none is accepted.
    """
    return Authorizer(
        keys=key_authenticator(wired).authenticate,
        tokens=_tokens(wired),
        limit=limit or rate_limiter(wired),
        sessions=sessions,
    )


def _as_they_are(buckets: RateLimitLotBuckets) -> RateLimitBuckets:
    return buckets


def rate_limiter(
    wired: Wiring, take_from: Callable[[RateLimitLotBuckets], RateLimitBuckets] = _as_they_are
) -> RateLimiter:
    """Return what counts requests against the limits of their callers.

    `take_from` may return other buckets over those that are stored.
    """
    return RateLimiter(
        buckets=take_from(DynamoRateLimitBuckets(table=wired.state_table)),
        limits=lambda: _limits(wired),
        clock=wired.clock,
    )


def _limits(wired: Wiring) -> Limits:
    """Return the rate limits; the defaults while the configuration cannot be read."""
    try:
        return wired.config.limits()
    except Unavailable:
        return Limits()


def _tokens(wired: Wiring) -> Authenticate:
    """Return an authenticator of tokens, whose imports wait for the first token."""

    @cache
    def known() -> "TokenAuthenticator":
        from signalbox.auth.jwks import JwksCache  # noqa: PLC0415  only who sends tokens pays for it
        from signalbox.auth.jwt import TokenAuthenticator  # noqa: PLC0415  as above
        from signalbox.runtime.jwks_fetch import jwks_fetcher  # noqa: PLC0415  as above

        keyring = JwksCache(
            fetch=jwks_fetcher(wired.settings.trusted),
            secrets=wired.secrets.secrets,
            clock=wired.clock,
            count=count,
        )
        return TokenAuthenticator(
            issuers=wired.config.issuers,
            keyring=keyring,
            clock=wired.clock,
            roles=wired.config.role_scopes,
        )

    def authenticate(text: str) -> Principal:
        if not text:
            raise Unauthenticated("this needs an API key or a token")
        return known().authenticate(text)

    return authenticate
