"""How a connection authenticates itself at its target, if not by its secret alone."""

import json
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from signalbox.models.base import Model

_Printable = Annotated[str, Field(pattern=r"^[!-~]([ -~]{0,498}[!-~])?$")]
_TokenUrl = Annotated[str, Field(pattern=r"^https?://[!-\"$-~]{1,1900}$")]
_Scope = Annotated[str, Field(pattern=r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$", max_length=2_000)]


class ClientAuthMethod(StrEnum):
    """How a client authenticates itself at a token endpoint (RFC 7591, section 2)."""

    BASIC = "client_secret_basic"
    """By HTTP Basic authentication, which every authorization server supports."""

    POST = "client_secret_post"
    """In the body of the request."""


class ClientCredentials(Model):
    """The client credentials grant of OAuth 2.0 (RFC 6749, section 4.4).

    The secret of the connection is the client secret. `token_url` is the token endpoint, `scope`
    a list of scopes separated by blanks. `audience` is a parameter that some servers need to know
    which API a token is for.
    """

    type: Literal["oauth2"]
    token_url: _TokenUrl
    client_id: _Printable
    scope: _Scope | None = None
    audience: _Printable | None = None
    token_endpoint_auth_method: ClientAuthMethod = ClientAuthMethod.BASIC


class RefreshTokenGrant(Model):
    """The refresh token grant of OAuth 2.0 (RFC 6749, section 6).

    The secret of the connection is a `RefreshSecret` as JSON. `scope` narrows what was granted.
    """

    type: Literal["oauth2_refresh"]
    token_url: _TokenUrl
    client_id: _Printable
    scope: _Scope | None = None
    token_endpoint_auth_method: ClientAuthMethod = ClientAuthMethod.BASIC

    def origin(self, secret: "RefreshSecret") -> str:
        """Return what identifies the chain of refresh tokens that begins with a secret.

        A new client secret continues the chain.
        """
        parts = [self.token_url, self.client_id, secret.refresh_token]
        return sha256(json.dumps(parts).encode()).hexdigest()


ConnectionAuth = Annotated[ClientCredentials | RefreshTokenGrant, Field(discriminator="type")]


class ConnectionTls(Model):
    """How a connection uses TLS. With `client_certificate` it shows its own to the target."""

    client_certificate: bool = False


class RefreshSecret(Model):
    """The secret of a connection with a refresh token. Public clients have no client secret."""

    refresh_token: str = Field(pattern=r"^[!-~]{1,3000}$", repr=False)
    client_secret: str | None = Field(default=None, pattern=r"^[ -~]{1,2000}$", repr=False)


def parse_refresh_secret(text: str) -> RefreshSecret | None:
    """Return the secret in a text, or None if it has none."""
    try:
        return RefreshSecret.model_validate_json(text)
    except ValidationError:
        return None
