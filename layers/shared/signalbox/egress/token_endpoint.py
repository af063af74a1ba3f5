"""Requests to the token endpoint of an authorization server, and what its answers mean.

https://www.rfc-editor.org/rfc/rfc6749#section-5
https://docs.slack.dev/authentication/using-token-rotation answers errors with status 200.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import quote_plus, urlencode

from pydantic import Field, ValidationError

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused, send_error
from signalbox.models.base import PartialModel
from signalbox.models.connection_auth import (
    ClientAuthMethod,
    ClientCredentials,
    RefreshTokenGrant,
)
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.models.frozen import frozen

_EARLY: Final = timedelta(minutes=1)
"""How long before its end a token is no longer used."""

_DEFAULT_LIFETIME: Final = timedelta(minutes=5)
"""For a token whose lifetime the server does not state."""

_MAX_LIFETIME: Final = timedelta(days=1)
_TOKEN: Final = re.compile(r"[\w.~+/=-]{1,8192}", re.ASCII)
"""A token that can be in a header (RFC 6750, section 2.1); Microsoft's have several KB."""

_REFRESH_TOKEN: Final = re.compile(r"[!-~]{1,3000}")
_TOKEN_TYPES: Final = frozenset({"bearer", "bot"})
"""Slack calls the bearer tokens of bots `bot`."""

_ERRORS: Final = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "invalid_target",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
"""The codes that are repeated in a reason; anything else in an answer might hold a secret."""

_SLACK_ERRORS: Final = {
    "bad_client_secret": "invalid_client",
    "fatal_error": "server_error",
    "internal_error": "server_error",
    "invalid_client_id": "invalid_client",
    "invalid_refresh_token": "invalid_grant",
    "ratelimited": "temporarily_unavailable",
    "service_unavailable": "temporarily_unavailable",
    "token_expired": "invalid_grant",
    "token_revoked": "invalid_grant",
}
"""https://docs.slack.dev/reference/methods/oauth.v2.access"""

_SECRET_ERRORS: Final = frozenset({"invalid_client"})
_GRANT_ERROR: Final = "invalid_grant"
_TEMPORARY_ERRORS: Final = frozenset({"server_error", "temporarily_unavailable"})


class GrantRefused(SecretRefused):
    """The refresh token is not valid, or no longer."""


@frozen
class AccessToken:
    """A token; it is used from `issued_at` until `expires_at`, shortly before its end."""

    value: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime


@frozen
class IssuedTokens:
    """What the token endpoint has issued; the refresh token is None if there is no new one."""

    access: AccessToken
    refresh_token: str | None = field(default=None, repr=False)


def token_request(
    client: ClientCredentials | RefreshTokenGrant, secret: str | None, form: Mapping[str, str]
) -> HttpRequest:
    """Return the request for a token, with a client secret unless the client is a public one."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    credentials: Mapping[str, str] = {}
    if secret is None:
        credentials = {"client_id": client.client_id}
    elif client.token_endpoint_auth_method is ClientAuthMethod.POST:
        credentials = {"client_id": client.client_id, "client_secret": secret}
    else:  # both are encoded as in a form first: RFC 6749, section 2.3.1
        pair = f"{quote_plus(client.client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    scope = {"scope": client.scope} if client.scope else {}
    body = urlencode({**form, **credentials, **scope}).encode()
    return HttpRequest(url=client.token_url, headers=headers, body=body)


def request_tokens(
    http: Callable[[HttpRequest], HttpResponse], request: HttpRequest, now: datetime
) -> IssuedTokens:
    """Return what the token endpoint issues.

    Raises:
        SendDelayed: It does not answer now.
        GrantRefused: It does not accept the refresh token.
        SecretRefused: It does not accept the client secret, but may accept another.
        SendRefused: It will never issue such a token.
    """
    try:
        answer = http(request)
    except SendDelayed as error:
        raise SendDelayed(f"the token endpoint: {error.reason}") from None
    except SendRefused as error:
        raise SendRefused(f"the token endpoint: {error.reason}") from None
    return _issued(answer, now)


class _TokenAnswer(PartialModel):
    """What is read of an answer. Some servers write `expires_in` as a text."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105  the name of a type
    expires_in: float | None = None
    refresh_token: str | None = Field(default=None)


def _issued(answer: HttpResponse, now: datetime) -> IssuedTokens:
    if answer.status != HTTPStatus.OK or _error_code(answer.body):
        raise _error(answer)
    try:
        issued = _TokenAnswer.model_validate_json(answer.body)
    except ValidationError:
        issued = None
    if issued is None or not _TOKEN.fullmatch(issued.access_token):
        raise SendRefused("the token endpoint answers 200 without an access token")
    if issued.token_type.lower() not in _TOKEN_TYPES:
        raise SendRefused("the token endpoint issues no bearer tokens")
    lifetime = _lifetime(issued.expires_in)
    used_for = lifetime - min(_EARLY, lifetime / 2)
    access = AccessToken(value=issued.access_token, issued_at=now, expires_at=now + used_for)
    refresh = issued.refresh_token or ""
    usable = _REFRESH_TOKEN.fullmatch(refresh)
    return IssuedTokens(access=access, refresh_token=refresh if usable else None)


def _lifetime(seconds: float | None) -> timedelta:
    if seconds is None:
        return _DEFAULT_LIFETIME
    # a NaN compares as false and so is no lifetime at all
    return timedelta(seconds=min(seconds, _MAX_LIFETIME.total_seconds()) if seconds > 0 else 0)


def _error(answer: HttpResponse) -> SendRefused | SendDelayed:
    code = _error_code(answer.body)
    reason = f"the token endpoint answers {answer.status}{f' {code}' if code else ''}"
    if code in _TEMPORARY_ERRORS:
        return SendDelayed(reason, answer.retry_after)
    if code == _GRANT_ERROR:
        return GrantRefused(reason)
    if code in _SECRET_ERRORS:
        return SecretRefused(reason)
    return send_error(answer.status, reason, answer.retry_after)


def _error_code(body: bytes) -> str:
    """Return the code of an error, if it is one of the known ones."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    code = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(code, str):
        return ""
    code = _SLACK_ERRORS.get(code, code)
    return code if code in _ERRORS else ""
