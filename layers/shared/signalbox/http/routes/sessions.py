"""Sessions: log in with an API key or a token, log out, list and end those of a principal."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from signalbox.auth.sessions import ManageSessions
from signalbox.http.authorize import has_header_credentials
from signalbox.http.crud import list_route
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.sessions import (
    CURRENT_SESSION,
    MAX_SESSIONS_LISTED,
    SESSIONS,
    EndSessionsResponse,
    SessionList,
    SessionSummary,
    SessionView,
)
from signalbox.http.session_credentials import SessionCookie
from signalbox.models.errors import Unauthenticated
from signalbox.models.principal import Principal, Scope
from signalbox.models.session import Session

_TAG = "sessions"
_COOKIE = (
    "The cookie stands for the key or the token in all other requests, with the scopes that it has "
    "at that time. Requests that may change something then need `X-Signalbox-Request: 1`."
)
_EVERYWHERE = (
    "Those of another principal need the scope `keys:write`. The key or token stays valid, so that "
    "whoever has it can log in again. Live updates of the sessions end within 30 seconds."
)

_authenticated_route = partial(Route, scope=None, authenticated=True, tag=_TAG)

PrincipalQuery = Annotated[
    str | None,
    Query(
        pattern=r"^(key|jwt):[^\s]+$",
        max_length=300,
        description="A principal: `key:<id>` or `jwt:<issuer>/<subject>`",
    ),
]


def add_sessions(
    routes: Routes,
    *,
    sessions: ManageSessions,
    cookie: SessionCookie,
    name_of: Callable[[Principal], str],
) -> None:
    """Add the routes; `name_of` returns the name of a principal for people."""

    @routes.add(
        _authenticated_route(
            method="POST",
            path=SESSIONS,
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

    @routes.add(list_route(SESSIONS, _TAG, Scope.KEYS_READ, "List the sessions", SessionList))
    def list_sessions(principal: PrincipalQuery = None) -> Response[str]:
        found = sessions.all(principal)
        items = tuple(map(_summary, found[:MAX_SESSIONS_LISTED]))
        return json_response(SessionList(items=items, total=len(found)))

    @routes.add(
        _authenticated_route(
            method="DELETE",
            path=SESSIONS,
            summary="End all sessions of a principal, without a principal those of the caller",
            response_model=EndSessionsResponse,
            audited_query="principal",
            more=_EVERYWHERE,
        )
    )
    def end_sessions(principal: PrincipalQuery = None) -> Response[str]:
        caller = routes.call().caller
        is_own = principal in {None, caller.name}
        if not is_own:
            caller.require(Scope.KEYS_WRITE)
        ended = sessions.end_all(principal or caller.name)
        clear = {"set-cookie": cookie.clear_cookie()} if is_own and caller.session else None
        return json_response(EndSessionsResponse(ended=ended), 200, clear)

    @routes.add(
        _authenticated_route(
            method="GET",
            path=CURRENT_SESSION,
            summary="Get the session of the cookie",
            response_model=SessionView,
        )
    )
    def show_session() -> Response[str]:
        return json_response(_view(sessions.find(cookie.token(routes.call().request))))

    @routes.add(
        _authenticated_route(
            method="DELETE",
            path=CURRENT_SESSION,
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


def _summary(session: Session) -> SessionSummary:
    return SessionSummary(
        principal=session.principal.name,
        name=session.name,
        created_at=session.created_at,
        expires_at=session.expires_at,
    )
