"""Build what manages the sessions of the dashboard."""

from datetime import timedelta

from signalbox.auth.api_keys import KEY_PRINCIPAL
from signalbox.auth.current import CurrentAccess
from signalbox.auth.sessions import ManageSessions
from signalbox.aws.sessions import DynamoSessions
from signalbox.http.session_credentials import SessionAuthenticator, SessionCookie
from signalbox.models.ids import KeyId
from signalbox.models.principal import Principal
from signalbox.runtime.auth import key_authenticator
from signalbox.runtime.wiring import Wiring


def session_manager(wired: Wiring) -> ManageSessions:
    """Return what manages sessions. A revoked key ends its sessions at once."""
    keys = key_authenticator(wired, cache_ttl=timedelta())
    return ManageSessions(
        store=DynamoSessions(table=wired.config_table),
        current=CurrentAccess(keys=keys, clock=wired.clock),
        clock=wired.clock,
    )


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


def principal_name(wired: Wiring, principal: Principal) -> str:
    """Return the name of the key of a principal, or that of the principal itself."""
    if not principal.name.startswith(KEY_PRINCIPAL):
        return principal.name
    key = wired.keys.find(KeyId(principal.name.removeprefix(KEY_PRINCIPAL)))
    return key.name if key else principal.name
