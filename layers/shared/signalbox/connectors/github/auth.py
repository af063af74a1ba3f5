"""How requests are authenticated: by a token, or as an installation of a GitHub App.

https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from threading import Lock
from typing import Annotated, Final, Self

from pydantic import Field, ValidationError, model_validator

from signalbox.connectors.github.responses import judge
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.models.base import Model, PartialModel, UtcDatetime
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.frozen import frozen
from signalbox.services.ports.time import Clock

HEADERS: Final = {
    "Accept": "application/vnd.github+json",
    "X-GitHub-Api-Version": "2022-11-28",
}
_TOKEN: Final = re.compile(
    r"(?:gh[pous]_[\w.-]{8,2000}|github_pat_\w{8,255}|[0-9a-f]{40})", re.ASCII
)
_INSTALLATION_TOKEN: Final = "ghs_"  # noqa: S105  the prefix of one
_FORMS: Final = (
    "the secret is neither a token of GitHub nor a JSON object with app_id or client_id, "
    "installation_id and private_key"
)
_EARLIER: Final = timedelta(seconds=60)
_LIFETIME: Final = timedelta(minutes=9)
_RENEWED: Final = timedelta(minutes=10)
"""How long before its end a token of an hour is no longer used."""

_SKEW: Final = timedelta(seconds=30)


class AppSecret(Model):
    """A GitHub App and its installation."""

    app_id: Annotated[int, Field(gt=0)] | Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = (
        None
    )
    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9.]{1,100}$")] | None = None
    installation_id: Annotated[int, Field(gt=0)] | Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
    private_key: Annotated[str, Field(repr=False)]

    @model_validator(mode="after")
    def _has_issuer(self) -> Self:
        if (self.app_id is None) == (self.client_id is None):
            raise ValueError("one of app_id and client_id is needed")
        return self

    def signed_token(self, now: datetime) -> str:
        """Return the token with which the App authenticates itself.

        Raises:
            SecretRefused: The private key is none.
        """
        from signalbox.egress.github_app import app_token  # noqa: PLC0415  cryptography

        issuer = self.client_id or str(self.app_id)
        try:
            return app_token(issuer, self.private_key, now - _EARLIER, now + _LIFETIME)
        except SendRefused:
            reason = "private_key in the secret is not the private key of a GitHub App"
        raise SecretRefused(reason)


def parse_secret(secret: str) -> str | AppSecret:
    """Return the token or the App in a secret.

    Raises:
        SecretRefused: It is neither.
    """
    if _TOKEN.fullmatch(secret):
        return secret
    try:
        return AppSecret.model_validate_json(secret)
    except ValidationError:
        reason = _FORMS
    raise SecretRefused(reason)


def acts_as_app(secret: str | AppSecret) -> bool:
    """Return whether a secret is an App or a token of its installation."""
    return isinstance(secret, AppSecret) or secret.startswith(_INSTALLATION_TOKEN)


class _Issued(PartialModel):
    token: str = Field(pattern=r"^[!-~]{8,4000}$")
    expires_at: Annotated[UtcDatetime, Field(strict=False)]


@dataclass(frozen=True, slots=True)
class InstallationTokens:
    """The tokens of installations, which this process requests once in 50 minutes.

    Notifications are sent in several threads: the first one that needs a token requests it.
    """

    http: HttpClient
    clock: Clock
    _issued: dict[tuple[str, str], _Issued] = field(default_factory=dict, repr=False)
    _locks: defaultdict[tuple[str, str], Lock] = field(
        default_factory=lambda: defaultdict(Lock), repr=False
    )

    def token(self, api_url: str, app: AppSecret, *, refused: str | None = None) -> str:
        """Return a token that is valid for another while, and not the one that was refused.

        Raises:
            SecretRefused: GitHub does not accept the App, or has no such installation.
            SendDelayed: It does not answer now.
        """
        key = api_url, app.model_dump_json()
        with self._locks[key]:
            known = self._issued.get(key)
            usable = known and known.expires_at - self.clock() >= _RENEWED
            if known is None or not usable or known.token == refused:
                known = self._issued[key] = self._request(api_url, app)
            return known.token

    def _request(self, api_url: str, app: AppSecret) -> _Issued:
        url = f"{api_url}/app/installations/{app.installation_id}/access_tokens"
        now = self.clock()
        answer = self._post(url, app, now)
        if answer.status == HTTPStatus.UNAUTHORIZED and (theirs := _far_clock(answer, now)):
            answer = self._post(url, app, theirs)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise SecretRefused("GitHub answered 401: the key is not one of the App")
        if answer.status == HTTPStatus.NOT_FOUND:
            raise SecretRefused("GitHub answered 404: the App has no such installation_id")
        judge(answer, now)
        try:
            return _Issued.model_validate_json(answer.body)
        except ValidationError:
            reason = f"GitHub answered {answer.status} without a token"
        raise SendDelayed(reason)

    def _post(self, url: str, app: AppSecret, now: datetime) -> HttpResponse:
        return self.http(HttpRequest(url=url, headers=_bearer(app.signed_token(now))))


@frozen
class GitHubCaller:
    """Sends requests with a secret. A token that has been revoked is replaced once."""

    http: HttpClient
    tokens: InstallationTokens
    api_url: str
    secret: str | AppSecret = field(repr=False)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response, whatever its status.

        Raises:
            SecretRefused: There is no token for the App.
            SendRefused: The request can never be sent.
            SendDelayed: There was no response in time.
        """
        token = self._token()
        answer = self.http(_signed(request, token))
        if answer.status == HTTPStatus.UNAUTHORIZED and isinstance(self.secret, AppSecret):
            return self.http(_signed(request, self._token(refused=token)))
        return answer

    def signed(self, request: HttpRequest) -> HttpRequest:
        """Return the request with its credentials."""
        return _signed(request, self._token())

    def _token(self, *, refused: str | None = None) -> str:
        if isinstance(self.secret, AppSecret):
            return self.tokens.token(self.api_url, self.secret, refused=refused)
        return self.secret


def _signed(request: HttpRequest, token: str) -> HttpRequest:
    return replace(request, headers={**request.headers, **_bearer(token)})


def _bearer(token: str) -> Mapping[str, str]:
    return {**HEADERS, "Authorization": f"Bearer {token}"}


def _far_clock(answer: HttpResponse, now: datetime) -> datetime | None:
    """Return GitHub's time, None if it is near ours or not known."""
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return theirs if theirs.tzinfo and abs(theirs - now) > _SKEW else None
