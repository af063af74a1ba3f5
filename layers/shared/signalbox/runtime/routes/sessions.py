"""Build the routes of sessions, by a key or a token and at an issuer."""

from functools import partial

from signalbox.auth.api_keys import KEY_PRINCIPAL
from signalbox.http.audit import AuditTrail
from signalbox.http.authorize import Authenticate
from signalbox.http.routes.login import LoginServices, add_login
from signalbox.http.routes.sessions import add_sessions
from signalbox.http.routing import Routes
from signalbox.http.schemas.login import LOGIN_CALLBACK
from signalbox.http.urls import request_origin
from signalbox.models.ids import KeyId
from signalbox.models.principal import Principal
from signalbox.models.request import InboundRequest
from signalbox.runtime.oidc import oidc_login
from signalbox.runtime.sessions import session_cookie, session_manager
from signalbox.runtime.wiring import Wiring


def add_logins(
    routes: Routes, wired: Wiring, *, authenticate: Authenticate, audit_trail: AuditTrail
) -> None:
    """Add the routes."""
    sessions, cookie = session_manager(wired), session_cookie(wired)
    add_sessions(routes, sessions=sessions, cookie=cookie, name_of=partial(_principal_name, wired))

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


def _principal_name(wired: Wiring, principal: Principal) -> str:
    """Return the name of the key of a principal, or that of the principal itself."""
    if not principal.name.startswith(KEY_PRINCIPAL):
        return principal.name
    key = wired.keys.find(KeyId(principal.name.removeprefix(KEY_PRINCIPAL)))
    return key.name if key else principal.name
