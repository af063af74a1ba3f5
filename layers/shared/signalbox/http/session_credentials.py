"""The session cookie: how it is set, and when a request with it is accepted.

A browser sends a cookie with every request to our origin, whoever caused it. `SameSite=Strict`
keeps requests of other sites out. A request that may change something must also have a header that
no page of another origin can send, and its `Origin` must be ours.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from signalbox.http.authorize import ForgedRequest, has_header_credentials
from signalbox.models.frozen import frozen
from signalbox.models.principal import Principal
from signalbox.models.request import InboundRequest
from signalbox.models.session_cookies import LOCAL_SESSION_COOKIE, LOGIN_SUFFIX, SESSION_COOKIE

REQUEST_HEADER: Final = "x-signalbox-request"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOGIN_SECONDS: Final = 600


def _cookie(request: InboundRequest, name: str) -> str:
    pairs = (pair.partition("=") for pair in request.header("cookie").split(";"))
    return next((value.strip() for key, _, value in pairs if key.strip() == name), "")


@frozen
class SessionCookie:
    """The cookie. It is not `Secure` where the API has no TLS, as on the local stack."""

    is_secure: bool = True

    @property
    def name(self) -> str:
        """Return its name."""
        return SESSION_COOKIE if self.is_secure else LOCAL_SESSION_COOKIE

    def token(self, request: InboundRequest) -> str:
        """Return the token of the session in a request, empty without one.

        Credentials in a header take precedence: then there is no session.
        """
        return "" if has_header_credentials(request) else _cookie(request, self.name)

    def login(self, request: InboundRequest) -> str:
        """Return what the browser remembers of a login that has begun, empty without one."""
        return _cookie(request, self.name + LOGIN_SUFFIX)

    def set_cookie(self, token: str, *, until: datetime, now: datetime) -> str:
        """Return the value of `Set-Cookie` for a session."""
        return self._set(token, max(0, int((until - now).total_seconds())))

    def clear_cookie(self) -> str:
        """Return the value of `Set-Cookie` that removes the cookie."""
        return self._set("", 0)

    def set_login(self, value: str) -> str:
        """Return the value of `Set-Cookie` for a login; it comes back from the issuer's site."""
        return self._set(value, _LOGIN_SECONDS, suffix=LOGIN_SUFFIX, same_site="Lax")

    def _set(self, value: str, seconds: int, *, suffix: str = "", same_site: str = "Strict") -> str:
        secure = "; Secure" if self.is_secure else ""
        limits = f"SameSite={same_site}; Path=/; Max-Age={seconds}"
        return f"{self.name}{suffix}={value}; HttpOnly{secure}; {limits}"


@frozen
class SessionAuthenticator:
    """Return the principal of a request with a session cookie, None without the cookie.

    `authenticate` returns the principal of a token. `origins` are those of our pages, beside that
    of the API itself.
    """

    cookie: SessionCookie
    authenticate: Callable[[str], Principal]
    origins: frozenset[str] = frozenset()

    def __call__(self, request: InboundRequest) -> Principal | None:
        """Return the principal.

        Raises:
            ForgedRequest: Another page may have sent the request.
            Unauthenticated: The session is not valid.
            Unavailable: The store did not answer.
        """
        token = self.cookie.token(request)
        if not token:
            return None
        caller = self.authenticate(token)
        if request.method not in _SAFE:
            self._check_forgery(request, caller)
        return caller

    def _check_forgery(self, request: InboundRequest, caller: Principal) -> None:
        if request.header(REQUEST_HEADER) != "1":
            needed = "with a session cookie this needs the header X-Signalbox-Request: 1"
            raise ForgedRequest(needed, caller)
        origin = request.header("origin")
        if origin and origin not in self.origins and not self._is_own(origin, request):
            raise ForgedRequest("pages of this origin may not use a session", caller)

    def _is_own(self, origin: str, request: InboundRequest) -> bool:
        parts = urlsplit(origin)
        scheme = "https" if self.cookie.is_secure else "http"
        host = request.header("host").lower()
        return parts.scheme == scheme and bool(host) and parts.netloc.lower() == host
