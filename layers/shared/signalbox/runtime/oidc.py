"""Build what logs people in at issuers, which is imported by the first login."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from signalbox.http.authorize import Authenticate
from signalbox.models.errors import SendDelayed, SendRefused, Unauthenticated, Unavailable
from signalbox.runtime.wiring import Wiring

if TYPE_CHECKING:
    from signalbox.auth.oidc_login import OidcLogin, RedeemCode

_OK: Final = 200
_SERVER_ERROR: Final = 500


def oidc_login(wired: Wiring, authenticate: Authenticate) -> Callable[[], "OidcLogin"]:
    """Return what returns the logins of issuers."""

    @cache
    def login() -> "OidcLogin":
        from signalbox.auth.oidc_login import OidcLogin  # noqa: PLC0415  only logins pay for it

        return OidcLogin(
            issuers=wired.config.issuers,
            redeem=code_redeemer(wired.settings.trusted),
            authenticate=authenticate,
            nonce_of=token_nonce,
        )

    return login


def code_redeemer(trusted: frozenset[str]) -> "RedeemCode":
    """Return what redeems authorization codes, with short timeouts, since a person waits."""
    from signalbox.egress.http_client import HttpClient, HttpRequest  # noqa: PLC0415  as above

    http = HttpClient(trusted=trusted, connect=3.0, read=5.0, total=8.0)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
    }

    def redeem(url: str, form: Mapping[str, str]) -> str:
        request = HttpRequest(url=url, headers=headers, body=urlencode(form).encode())
        try:
            answer = http(request)
        except (SendDelayed, SendRefused) as trouble:
            raise Unavailable(f"the issuer: {trouble.reason}") from None
        if answer.status >= _SERVER_ERROR:
            raise Unavailable(f"the issuer answered {answer.status}")
        token = _id_token(answer.body) if answer.status == _OK else ""
        if not token:
            raise Unauthenticated("the issuer issued no ID token")
        return token

    return redeem


def _id_token(body: bytes) -> str:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    token = found.get("id_token") if isinstance(found, dict) else None
    return token if isinstance(token, str) else ""


def token_nonce(token: str) -> str:
    """Return the nonce of an ID token that was verified, empty without one."""
    from signalbox.auth.jose_json import base64url_decode, parse_object  # noqa: PLC0415  as above

    nonce = parse_object(base64url_decode(token.split(".")[1])).get("nonce")
    return nonce if isinstance(nonce, str) else ""
