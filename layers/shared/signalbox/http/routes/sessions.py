"""Sessions: log in with an API key or a token, and log out."""

from collections.abc import Callable

from aws_lambda_powertools.event_handler import Response

from signalbox.auth.sessions import ManageSessions
from signalbox.http.authorize import has_header_credentials
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.sessions import CURRENT_SESSION, SESSIONS, SessionView
from signalbox.http.session_credentials import SessionCookie
from signalbox.models.errors import Unauthenticated
from signalbox.models.principal import Principal
from signalbox.models.session import Session

_TAG = "sessions"
_COOKIE = (
    "The cookie stands for the key or the token in all other requests, with the scopes that it has "
    "at that time. Requests that may change something then need `X-Signalbox-Request: 1`."
)


def add_sessions(
    routes: Routes,
    *,
    sessions: ManageSessions,
    cookie: SessionCookie,
    name_of: Callable[[Principal], str],
) -> None:
    """Add the routes; `name_of` returns the name of a principal for people."""

    @routes.add(
        Route(
            method="POST",
            path=SESSIONS,
            scope=None,
            authenticated=True,
            tag=_TAG,
            summary="Exchange an API key or a token for a session cookie",
            response_model=SessionView,
            status=201,
            more=_COOKIE,
        )
    )
    def create_session() -> Response[str]:
        call = routes.call()
        if not has_header_credentials(call.request):
            raise Unauthenticated("a session is made of an API key or a token, not of another one")
        made = sessions.create(call.caller, name_of(call.caller))
        set_cookie = cookie.set_cookie(
            made.text, until=made.stored.expires_at, now=made.stored.created_at
        )
        headers = {"location": CURRENT_SESSION, "set-cookie": set_cookie}
        return json_response(_view(made.stored), 201, headers)

    @routes.add(
        Route(
            method="GET",
            path=CURRENT_SESSION,
            scope=None,
            authenticated=True,
            tag=_TAG,
            summary="Get the session of the cookie",
            response_model=SessionView,
        )
    )
    def show_session() -> Response[str]:
        return json_response(_view(sessions.find(cookie.token(routes.call().request))))

    @routes.add(
        Route(
            method="DELETE",
            path=CURRENT_SESSION,
            scope=None,
            authenticated=True,
            tag=_TAG,
            summary="End the session of the cookie, and clear the cookie",
            status=204,
        )
    )
    def end_session() -> Response[str]:
        sessions.end(cookie.token(routes.call().request))
        return Response(status_code=204, headers={"set-cookie": cookie.clear_cookie()})


def _view(session: Session) -> SessionView:
    return SessionView(
        principal=session.principal.name,
        name=session.name,
        scopes=tuple(sorted(session.principal.scopes)),
        expires_at=session.expires_at,
    )
