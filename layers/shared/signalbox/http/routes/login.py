"""Log in at an issuer: to its page, and back from it with a session."""

from collections.abc import Callable
from typing import Annotated, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from signalbox.auth.oidc_login import OidcLogin
from signalbox.auth.sessions import ManageSessions
from signalbox.http.pagination import IdPath
from signalbox.http.routing import OPEN, Route, Routes, json_response
from signalbox.http.schemas.login import (
    LOGIN,
    LOGIN_CALLBACK,
    LOGIN_ISSUERS,
    LoginIssuer,
    LoginIssuerList,
)
from signalbox.http.session_credentials import SessionCookie
from signalbox.models.errors import NotFound, Unauthenticated, Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.principal import Principal
from signalbox.models.request import InboundRequest

_TAG: Final = "sessions"
_DENIED: Final = "denied"
_REFUSED: Final = "refused"
_UNAVAILABLE: Final = "unavailable"

ReturnedText = Annotated[str | None, Query(max_length=4096)]
"""What an issuer adds to the URL to which a browser returns."""

RecordLogin = Callable[[InboundRequest, Principal], None]
"""Record in the audit log who has logged in."""


@frozen
class LoginServices:
    """What the routes use. `origin` returns the URL at which a request came in."""

    login: Callable[[], OidcLogin]
    sessions: ManageSessions
    cookie: SessionCookie
    record: RecordLogin
    origin: Callable[[InboundRequest], str]


def add_login(routes: Routes, services: LoginServices) -> None:
    """Add the routes."""

    def redirect_uri(request: InboundRequest) -> str:
        return services.origin(request) + LOGIN_CALLBACK

    @routes.add(
        Route(
            method="GET",
            path=LOGIN_ISSUERS,
            scope=OPEN,
            tag=_TAG,
            summary="List the issuers at which one can log in",
            response_model=LoginIssuerList,
        )
    )
    def list_login_issuers() -> Response[str]:
        items = (
            LoginIssuer(name=name, path=f"{LOGIN}/{name}") for name in services.login().names()
        )
        return json_response(LoginIssuerList(items=tuple(items)))

    @routes.add(
        Route(
            method="GET",
            path=f"{LOGIN}/<issuer>",
            scope=OPEN,
            tag=_TAG,
            summary="Redirect a browser to the login of an issuer",
            status=303,
            problems=(404,),
        )
    )
    def begin_login(issuer: IdPath) -> Response[str]:
        redirect = services.login().begin(issuer, redirect_uri(routes.call().request))
        cookie = services.cookie.set_login(redirect.attempt.text)
        return _redirect(redirect.url, cookie)

    @routes.add(
        Route(
            method="GET",
            path=LOGIN_CALLBACK,
            scope=OPEN,
            tag=_TAG,
            summary="Return from the login of an issuer, with a session if it succeeded",
            status=303,
        )
    )
    def finish_login(  # noqa: PLR0913  the parameters that issuers send
        *,
        code: ReturnedText = None,
        state: ReturnedText = None,
        error: ReturnedText = None,
        error_description: ReturnedText = None,  # noqa: ARG001  shown to nobody
        error_uri: ReturnedText = None,  # noqa: ARG001  as above
        iss: ReturnedText = None,  # noqa: ARG001  the ID token names it, signed
        session_state: ReturnedText = None,  # noqa: ARG001  of Keycloak and Entra ID
        scope: ReturnedText = None,  # noqa: ARG001  of Google, as those that follow
        authuser: ReturnedText = None,  # noqa: ARG001
        hd: ReturnedText = None,  # noqa: ARG001
        prompt: ReturnedText = None,  # noqa: ARG001
    ) -> Response[str]:
        request = routes.call().request
        if error or not code or not state:
            return _failed(_DENIED)
        try:
            principal = services.login().finish(
                services.cookie.login(request),
                code=code,
                state=state,
                redirect_uri=redirect_uri(request),
            )
        except (Unauthenticated, NotFound):
            return _failed(_REFUSED)
        except Unavailable:
            return _failed(_UNAVAILABLE)
        made = services.sessions.create(principal, principal.name.partition("/")[2])
        services.record(request, principal)
        session = made.stored
        return _redirect(
            "/",
            services.cookie.set_cookie(made.text, until=session.expires_at, now=session.created_at),
        )


def _redirect(url: str, cookie: str) -> Response[str]:
    return Response(status_code=303, headers={"location": url, "set-cookie": cookie})


def _failed(why: str) -> Response[str]:
    """Return to the page, which explains it."""
    return Response(status_code=303, headers={"location": f"/#/login?error={why}"})
