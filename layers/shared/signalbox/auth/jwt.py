"""Bearer tokens: JWTs of configured issuers, signed with RS256, ES256 or a shared secret.

A token names its issuer and the id of a key; everything else, above all the algorithm, comes from
the configuration and the key. Ambiguous tokens are refused. See RFC 8725.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from signalbox.auth.jose_json import base64url_decode, parse_object
from signalbox.auth.jwks import JwksCache
from signalbox.models.base import EPOCH, JsonObject
from signalbox.models.errors import Unauthenticated
from signalbox.models.frozen import frozen
from signalbox.models.issuer import Issuer
from signalbox.models.principal import BUILT_IN_ROLES, TOKEN_PRINCIPAL, Principal, Scope
from signalbox.services.ports.time import Clock

MAX_TOKEN: Final = 8192
_LEEWAY: Final = 60
_MAX_LIFETIME: Final = 24 * 60 * 60
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TYPES: Final = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})
_REFUSED: Final = frozenset({"crit", "b64", "zip", "enc", "jku", "jwk", "x5u", "x5c"})

TOKEN_INVALID_DETAIL: Final = "the token is not valid"  # noqa: S105  a message

NumericDate = Annotated[int | float, Field(ge=0, le=2**53)]
"""A time in a token: seconds since 1970 (RFC 7519, 2)."""


class _Header(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    alg: str
    kid: str | None = Field(default=None, max_length=256)
    typ: str = "JWT"


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    iss: str
    sub: str = Field(pattern=r"^[\x20-\x7e]{1,255}$")
    aud: str | list[str] = Field(default_factory=list)
    client_id: str = ""
    exp: NumericDate
    nbf: NumericDate = 0
    iat: NumericDate | None = None

    def is_for(self, issuer: Issuer) -> bool:
        """Return whether the token is from this issuer and for this audience."""
        return self.iss == issuer.issuer and issuer.audience in self._audiences(issuer)

    def _audiences(self, issuer: Issuer) -> Sequence[str]:
        """Return the audiences; the client id counts only if there is no `aud`."""
        if "aud" not in self.model_fields_set and issuer.audience_claim == "client_id":
            return [self.client_id]
        return [self.aud] if isinstance(self.aud, str) else self.aud


@frozen
class _Token:
    header: _Header
    claims: _Claims
    members: JsonObject


@frozen
class TokenAuthenticator:
    """Authenticate callers by tokens of `issuers`; `roles` returns the scopes of all roles."""

    issuers: Callable[[], Sequence[Issuer]]
    keyring: JwksCache
    clock: Clock
    roles: Callable[[], Mapping[str, frozenset[Scope]]] = lambda: BUILT_IN_ROLES

    def authenticate(self, text: str) -> Principal:
        """Return the principal of the token.

        Only a client with a correctly signed token learns what else is wrong with it.

        Raises:
            Unauthenticated: The token is not valid.
            Unavailable: The keys of the issuer cannot be fetched.
        """
        token = _parse(text)
        issuer = next((i for i in self.issuers() if token.claims.is_for(i)), None)
        if issuer is None or token.header.alg not in issuer.allowed:
            raise Unauthenticated(TOKEN_INVALID_DETAIL)
        keys = self.keyring.keys(issuer, token.header.kid)
        signed = [key.signed(text) for key in keys if key.algorithm == token.header.alg]
        if not any(signed):
            raise Unauthenticated(TOKEN_INVALID_DETAIL)
        _check_times(token.claims, self.clock().timestamp())
        return self._principal(issuer, token)

    def _principal(self, issuer: Issuer, token: _Token) -> Principal:
        grant = issuer.granted(token.members)
        known = self.roles()
        by_role = (known.get(role, frozenset()) for role in grant.roles)
        return Principal(
            name=f"{TOKEN_PRINCIPAL}{issuer.name}/{token.claims.sub}",
            scopes=frozenset(grant.scopes).union(*by_role),
            roles=grant.roles,
            expires_at=EPOCH + timedelta(seconds=token.claims.exp),
        )


def _parse(text: str) -> _Token:
    """Return the content of a token, without verifying it.

    Raises:
        Unauthenticated: The token is malformed.
    """
    if len(text) > MAX_TOKEN or not _TOKEN.fullmatch(text):
        raise Unauthenticated(TOKEN_INVALID_DETAIL)
    head, body, _ = text.split(".")
    try:
        said = parse_object(base64url_decode(head))
        members = parse_object(base64url_decode(body))
        header = _Header.model_validate(said)
        claims = _Claims.model_validate(members)
    except ValueError:
        raise Unauthenticated(TOKEN_INVALID_DETAIL) from None
    if _REFUSED & said.keys() or header.typ.lower() not in _TYPES:
        raise Unauthenticated(TOKEN_INVALID_DETAIL)
    return _Token(header=header, claims=claims, members=members)


def _check_times(claims: _Claims, now: float) -> None:
    """Check the times of a token.

    Raises:
        Unauthenticated: It has expired, is not valid yet, or is valid for more than a day.
    """
    if claims.exp <= now - _LEEWAY:
        raise Unauthenticated("the token has expired")
    if max(claims.nbf, claims.iat or 0) > now + _LEEWAY:
        raise Unauthenticated("the token is not valid yet")
    if claims.exp - (now if claims.iat is None else claims.iat) > _MAX_LIFETIME:
        raise Unauthenticated("the token is valid for more than a day")
