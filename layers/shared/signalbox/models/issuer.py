"""Issuers of tokens, and the roles and scopes that their tokens get."""

import json
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator
from typing_extensions import override

from signalbox.models.base import Model, Name
from signalbox.models.config_resource import ISSUER_SECRETS, ConfigResource, secret_path
from signalbox.models.principal import Scope

MIN_SECRET: Final = 32
"""The minimum length of a shared secret in bytes; shorter ones are ignored."""

_HTTPS: Final = r"^(https://|http://(127\.0\.0\.1|localhost)[:/])"


class Algorithm(StrEnum):
    """The algorithm of a signature. The key determines it, never the token."""

    RS256 = "RS256"
    ES256 = "ES256"
    HS256 = "HS256"


class Grant(Model):
    """Roles, and scopes in addition."""

    roles: tuple[Name, ...] = ()
    scopes: tuple[Scope, ...] = ()

    def __add__(self, other: "Grant") -> "Grant":
        """Return both together."""
        return Grant(roles=self.roles + other.roles, scopes=self.scopes + other.scopes)


class IssuerLogin(Model):
    """The login of an issuer in a browser, as a public client whose id is the `audience`."""

    authorization_url: str = Field(pattern=_HTTPS, max_length=1024)
    token_url: str = Field(pattern=_HTTPS, max_length=1024)
    scope: str = Field(default="openid", max_length=512, pattern=r"^[!-~]+( [!-~]+)*$")


def _as_text(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


class Issuer(ConfigResource):
    """A trusted issuer of tokens.

    Its keys are at `jwks_url`, or are the set in `jwks`, stored as JSON, or with `shared_secret`
    the secrets named `issuers/<name>`, of at least MIN_SECRET bytes. A token is accepted if its
    `aud` contains `audience`; with `audience_claim` client_id also if it has no `aud` and its
    `client_id` is `audience`, as in access tokens of Amazon Cognito. A token gets `everybody`, and
    `grants[value]` for each value of the claim at the path `claim`. People can log in to the
    dashboard at an issuer with `login`.
    """

    kind: ClassVar = "issuer"

    name: Name
    issuer: str = Field(min_length=1, max_length=512)
    audience: str = Field(min_length=1, max_length=512)
    audience_claim: Literal["aud", "client_id"] = "aud"
    jwks_url: str | None = Field(default=None, pattern=_HTTPS, max_length=1024)
    jwks: Annotated[str | None, BeforeValidator(_as_text)] = None
    shared_secret: bool = False
    algorithms: tuple[Algorithm, ...] = (Algorithm.RS256, Algorithm.ES256)
    claim: tuple[str, ...] = ("roles",)
    grants: dict[str, Grant] = Field(default_factory=dict)
    everybody: Grant = Grant.model_construct()
    login: IssuerLogin | None = None

    @property
    @override
    def key(self) -> str:
        return self.name

    @property
    @override
    def secret_name(self) -> str | None:
        return self.secret if self.shared_secret else None

    @model_validator(mode="after")
    def _one_kind_of_keys(self) -> Self:
        if sum((bool(self.jwks_url), bool(self.jwks), self.shared_secret)) != 1:
            raise ValueError("an issuer has one of jwks_url, jwks and shared_secret")
        return self

    @property
    def allowed(self) -> frozenset[Algorithm]:
        """Return the algorithms that its tokens may be signed with."""
        if self.shared_secret:
            return frozenset({Algorithm.HS256})
        return frozenset(self.algorithms) - {Algorithm.HS256}

    @property
    def secret(self) -> str:
        """Return the name of its shared secrets."""
        return secret_path(ISSUER_SECRETS, self.name)

    @property
    def roles(self) -> frozenset[str]:
        """Return every role that its tokens can get."""
        grants = (self.everybody, *self.grants.values())
        return frozenset(role for grant in grants for role in grant.roles)

    def granted(self, claims: Mapping[str, JsonValue]) -> Grant:
        """Return the grant of a token with these claims."""
        role_scopes = self.everybody
        for value in dict.fromkeys(_values(claims, self.claim)):
            role_scopes += self.grants.get(value, Grant())
        return role_scopes


def _values(claims: Mapping[str, JsonValue], path: tuple[str, ...]) -> Iterator[str]:
    """Yield the values of a claim: a list of texts, or one text with spaces as in `scope`."""
    found: object = claims
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        yield from (found, *found.split(" "))
    elif isinstance(found, list):
        yield from (value for value in found if isinstance(value, str))
