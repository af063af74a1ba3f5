"""Build what manages the sessions of the dashboard."""

from datetime import timedelta
from functools import partial

from signalbox.auth.api_keys import KEY_PRINCIPAL
from signalbox.auth.current import CurrentAccess
from signalbox.auth.sessions import ManageSessions
from signalbox.aws.sessions import DynamoSessions
from signalbox.http.audit import AuditTrail
from signalbox.http.authorize import Authenticate
from signalbox.http.routes.login import LoginServices, add_login
from signalbox.http.routes.sessions import add_sessions
from signalbox.http.routing import Routes
from signalbox.http.schemas.login import LOGIN_CALLBACK
from signalbox.http.session_credentials import SessionAuthenticator, SessionCookie
from signalbox.http.urls import request_origin
from signalbox.models.ids import KeyId
from signalbox.models.principal import TOKEN_PRINCIPAL, Principal
from signalbox.models.request import InboundRequest
from signalbox.runtime.auth import key_authenticator
from signalbox.runtime.oidc import oidc_login
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


def principal_name(wired: Wiring, principal: Principal) -> str:
    """Return the name of the key of a principal, or that of the principal itself."""
    if not principal.name.startswith(KEY_PRINCIPAL):
        return principal.name
    key = wired.keys.find(KeyId(principal.name.removeprefix(KEY_PRINCIPAL)))
    return key.name if key else principal.name


def add_logins(
    routes: Routes, wired: Wiring, *, authenticate: Authenticate, audit_trail: AuditTrail
) -> None:
    """Add the routes of sessions, by a key or a token and at an issuer."""
    sessions, cookie = session_manager(wired), session_cookie(wired)
    add_sessions(routes, sessions=sessions, cookie=cookie, name_of=partial(principal_name, wired))

    def record(request: InboundRequest, principal: Principal) -> None:
        audit_trail.allowed(request, principal.name, f"GET {LOGIN_CALLBACK}")

    services = LoginServices(
        login=oidc_login(wired, authenticate),
        sessions=sessions,
        cookie=cookie,
        record=record,
        origin=lambda request: request_origin(request, wired.settings.scheme),
    )
    add_login(routes, services)
