"""A token endpoint in memory, and clients for it."""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.models.connection_auth import ClientCredentials, RefreshTokenGrant

TOKEN_URL = "https://id.example.com/oauth/token"


def a_client(**changes: object) -> ClientCredentials:
    facts = {"type": "oauth2", "token_url": TOKEN_URL, "client_id": "signalbox"}
    return ClientCredentials.model_validate_json(json.dumps(facts | changes))


def a_refresh_grant(**changes: object) -> RefreshTokenGrant:
    facts = {"type": "oauth2_refresh", "token_url": TOKEN_URL, "client_id": "signalbox"}
    return RefreshTokenGrant.model_validate_json(json.dumps(facts | changes))


def issued(token: str, **changes: object) -> HttpResponse:
    answer = {"access_token": token, "token_type": "Bearer", "expires_in": 3600} | changes
    given = {name: value for name, value in answer.items() if value is not None}
    return HttpResponse(status=200, body=json.dumps(given).encode())


class FakeTokenEndpoint:
    """Answers its script, in which errors are raised; then it issues token-1, token-2, …"""

    def __init__(self, *script: HttpResponse | Exception) -> None:
        self.received: list[HttpRequest] = []
        self._script = list(script)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.received.append(request)
        answer = self._script.pop(0) if self._script else issued(f"token-{len(self.received)}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def forms(self) -> list[Mapping[str, str]]:
        """The parameters of each request."""
        return [dict(parse_qsl(request.body.decode())) for request in self.received]

    @property
    def credentials(self) -> list[str]:
        """What each request has as Basic authentication."""
        headers = [request.headers["Authorization"] for request in self.received]
        return [b64decode(header.removeprefix("Basic ")).decode() for header in headers]


class RotatingTokenEndpoint:
    """Accepts each refresh token once; a second use revokes the whole family.

    Answers of the script come first; `on_issue` runs after a token was issued, before it arrives.
    """

    def __init__(
        self,
        *script: HttpResponse | Exception,
        first: str = "refresh-0",
        grace: bool = False,
    ) -> None:
        self.used: list[str] = []
        self.current, self.revoked, self.issued = first, False, 0
        self.on_issue: Callable[[], None] = lambda: None
        self._script = list(script)
        self._grace, self._previous = grace, ""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        form = dict(parse_qsl(request.body.decode()))
        assert form["grant_type"] == "refresh_token"
        self.used.append(form["refresh_token"])
        if self._script:
            answer = self._script.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer
        accepted = {self.current, self._previous if self._grace else self.current}
        if self.revoked or form["refresh_token"] not in accepted:
            self.revoked = True
            return HttpResponse(status=400, body=b'{"error": "invalid_grant"}')
        self.issued += 1
        self._previous, self.current = self.current, f"refresh-{self.issued}"
        self.on_issue()
        return issued(f"access-{self.issued}", refresh_token=self.current)
