"""Build what manages the sessions of the dashboard."""

from datetime import timedelta

from signalbox.auth.current import CurrentAccess
from signalbox.auth.sessions import ManageSessions
from signalbox.aws.sessions import DynamoSessions
from signalbox.http.session_credentials import SessionAuthenticator, SessionCookie
from signalbox.models.principal import TOKEN_PRINCIPAL, Principal
from signalbox.runtime.auth import key_authenticator
from signalbox.runtime.wiring import Wiring


def session_manager(wired: Wiring) -> ManageSessions:
    """Return what manages sessions. A revoked key ends its sessions at once.

    Those of tokens end when their issuer is removed.
    """
    store = DynamoSessions(table=wired.config_table)
    keys = key_authenticator(wired, cache_ttl=timedelta())
    access = CurrentAccess(keys=keys, sessions=store, clock=wired.clock)

    def current(principal: Principal) -> Principal | None:
        if principal.name.startswith(TOKEN_PRINCIPAL):
            issuer = principal.name.removeprefix(TOKEN_PRINCIPAL).partition("/")[0]
            if issuer not in {each.name for each in wired.config.issuers()}:
                return None
        return access(principal)

    return ManageSessions(store=store, current=current, clock=wired.clock)


def session_cookie(wired: Wiring) -> SessionCookie:
    """Return the cookie, which is not secure only where the stack itself has no TLS."""
    return SessionCookie(is_secure=not wired.settings.has_no_tls)


def session_authenticator(wired: Wiring) -> SessionAuthenticator:
    """Return what authenticates requests by their session cookie."""
    manage = session_manager(wired)
    return SessionAuthenticator(
        cookie=session_cookie(wired),
        authenticate=lambda token: manage.find(token).principal,
        origins=wired.settings.cors,
    )
