"""How a connection authenticates itself at its target, if not by its secret alone."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from signalbox.models.base import Model

_Printable = Annotated[str, Field(pattern=r"^[!-~]([ -~]{0,498}[!-~])?$")]


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
    token_url: str = Field(pattern=r"^https?://[!-\"$-~]{1,1900}$")
    client_id: _Printable
    scope: (
        Annotated[str, Field(pattern=r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$", max_length=2_000)] | None
    ) = None
    audience: _Printable | None = None
    token_endpoint_auth_method: ClientAuthMethod = ClientAuthMethod.BASIC
