"""Access tokens of OAuth 2.0 by client credentials, fetched and cached.

https://www.rfc-editor.org/rfc/rfc6749#section-4.4

Tokens are cached in the process, never stored. Threads that need a token at the same time share one
request and its outcome.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Lock
from typing import Final
from urllib.parse import quote_plus, urlencode

from pydantic import BaseModel, ValidationError

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import SecretRefused, send_error
from signalbox.models.connection_auth import ClientAuthMethod, ClientCredentials
from signalbox.models.errors import SendDelayed, SendRefused
from signalbox.services.ports.time import Clock

_EARLY: Final = timedelta(minutes=1)
"""How long before its end a token is no longer used."""

_DEFAULT_LIFETIME: Final = timedelta(minutes=5)
"""For a token whose lifetime the server does not state."""

_MAX_LIFETIME: Final = timedelta(days=1)
_TOKEN: Final = re.compile(r"[\w.~+/=-]{1,8192}", re.ASCII)
"""A token that can be in a header (RFC 6750, section 2.1); Microsoft's have several KB."""

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

_SECRET_ERRORS: Final = frozenset({"invalid_client"})
_TEMPORARY_ERRORS: Final = frozenset({"server_error", "temporarily_unavailable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """A token; it is used from `issued_at` until `expires_at`, shortly before its end."""

    value: str = field(repr=False)
    issued_at: datetime
    expires_at: datetime


@dataclass(slots=True)
class _Entry:
    """The token of a client, and the outcome of the latest of the fetches."""

    lock: Lock
    fetches: int = 0
    token: AccessToken | None = None
    error: SendRefused | SendDelayed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokens:
    """Tokens by client and client secret, for the life of the process."""

    http: Callable[[HttpRequest], HttpResponse]
    clock: Clock
    _entries: dict[tuple[ClientCredentials, str], _Entry] = field(
        default_factory=dict, init=False, repr=False
    )

    def token(
        self, client: ClientCredentials, secret: str, *, refused: AccessToken | None = None
    ) -> AccessToken:
        """Return a valid token, another one than that which the target has refused.

        Raises:
            SendDelayed: The token endpoint does not answer now.
            SecretRefused: It does not accept the client secret, but may accept another.
            SendRefused: It will never issue such a token.
        """
        entry = self._entries.setdefault((client, secret), _Entry(lock=Lock()))
        fetches = entry.fetches
        with entry.lock:
            token = entry.token
            if token and token != refused and self.clock() < token.expires_at:
                return token
            if entry.error and entry.fetches > fetches:
                raise copy(entry.error)
            return self._fetched(entry, client, secret)

    def _fetched(self, entry: _Entry, client: ClientCredentials, secret: str) -> AccessToken:
        entry.token, entry.error = None, None
        now = self.clock()
        try:
            entry.token = _issued(self._answer(client, secret), now)
        except (SendRefused, SendDelayed) as error:
            entry.error = copy(error)
            raise
        finally:
            entry.fetches += 1
        return entry.token

    def _answer(self, client: ClientCredentials, secret: str) -> HttpResponse:
        try:
            return self.http(token_request(client, secret))
        except SendDelayed as error:
            raise SendDelayed(f"the token endpoint: {error.reason}") from None
        except SendRefused as error:
            raise SendRefused(f"the token endpoint: {error.reason}") from None


def token_request(client: ClientCredentials, secret: str) -> HttpRequest:
    """Return the request for a token."""
    form = {"grant_type": "client_credentials"}
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }
    if client.token_endpoint_auth_method is ClientAuthMethod.POST:
        form |= {"client_id": client.client_id, "client_secret": secret}
    else:  # both are encoded as in a form first: RFC 6749, section 2.3.1
        pair = f"{quote_plus(client.client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    form |= {"scope": client.scope} if client.scope else {}
    form |= {"audience": client.audience} if client.audience else {}
    return HttpRequest(url=client.token_url, headers=headers, body=urlencode(form).encode())


class _TokenAnswer(BaseModel):
    """What is read of an answer. Some servers write `expires_in` as a text."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105  the name of a type
    expires_in: float | None = None


def _issued(answer: HttpResponse, now: datetime) -> AccessToken:
    if answer.status != HTTPStatus.OK:
        raise _error(answer)
    try:
        issued = _TokenAnswer.model_validate_json(answer.body)
    except ValidationError:
        issued = None
    if issued is None or not _TOKEN.fullmatch(issued.access_token):
        raise SendRefused("the token endpoint answers 200 without an access token")
    if issued.token_type.lower() != "bearer":
        raise SendRefused("the token endpoint issues no bearer tokens")
    lifetime = _lifetime(issued.expires_in)
    used_for = lifetime - min(_EARLY, lifetime / 2)
    return AccessToken(value=issued.access_token, issued_at=now, expires_at=now + used_for)


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
    return code if isinstance(code, str) and code in _ERRORS else ""
