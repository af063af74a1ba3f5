"""How a source verifies its requests: by a signature, or by a token that is sent along."""

import base64
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Final, Literal, Protocol
from urllib.parse import parse_qs, urlencode

from pydantic import Field, model_validator

from signalbox.ingress.signatures import HmacScheme, Timestamp, verified_by
from signalbox.models.base import Model
from signalbox.models.frozen import frozen
from signalbox.models.request import InboundRequest
from signalbox.providers.generic.sns import SnsVerification
from signalbox.services.ports.time import Clock

HeaderName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
"""The name of a header in lower case."""

_AUTHORIZATION: Final = "authorization"
_MAX_PARAMETERS: Final = 32


class Scheme(Protocol):
    """How requests are verified and signed; `header` is empty if it reads no header."""

    @property
    def header(self) -> str:
        """Return the header with the signature or token, in lower case."""

    def verify(self, request: InboundRequest, secrets: Sequence[str], clock: Clock) -> int:
        """Return the index of the secret that verifies the request.

        Raises:
            SignatureInvalid: None of them does.
            SecretMissing: There is no secret to verify with.
        """

    def sign(self, request: InboundRequest, secret: str, clock: Clock) -> InboundRequest:
        """Return the request with its signature or token."""


@frozen
class TokenScheme:
    """A token in a header, which is a secret itself, or `user:password` in base64."""

    header: str
    prefix: str = ""
    encoding: Literal["text", "base64"] = "text"

    def verify(
        self,
        request: InboundRequest,
        secrets: Sequence[str],
        clock: Clock,  # noqa: ARG002  a token has no time
    ) -> int:
        """Return the index of the secret that was sent."""
        given = request.header(self.header)
        if given[: len(self.prefix)].casefold() != self.prefix.casefold():
            given = ""
        return verified_by(secrets, [given[len(self.prefix) :]], self._token)

    def sign(
        self,
        request: InboundRequest,
        secret: str,
        clock: Clock,  # noqa: ARG002  a token has no time
    ) -> InboundRequest:
        """Return the request with the token."""
        return request.with_headers({self.header: f"{self.prefix}{self._token(secret)}"})

    def _token(self, secret: str) -> str:
        if self.encoding == "text":
            return secret
        return base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode()


@frozen
class QueryScheme:
    """A token in a parameter of the URL, for services that can send nothing else."""

    parameter: str
    header: str = ""

    def verify(
        self,
        request: InboundRequest,
        secrets: Sequence[str],
        clock: Clock,  # noqa: ARG002  a token has no time
    ) -> int:
        """Return the index of the secret that was sent."""
        try:
            query = parse_qs(request.query, max_num_fields=_MAX_PARAMETERS)
        except ValueError:
            query = {}
        given = query.get(self.parameter, [])
        return verified_by(secrets, given if len(given) == 1 else [], lambda secret: secret)

    def sign(
        self,
        request: InboundRequest,
        secret: str,
        clock: Clock,  # noqa: ARG002  a token has no time
    ) -> InboundRequest:
        """Return the request with the token."""
        return replace(request, query=urlencode({self.parameter: secret}, errors="surrogatepass"))


class StandardVerification(Model):
    """Standard Webhooks, under its own names of headers or those of Svix.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """

    type: Literal["standard-webhooks"]
    headers: Literal["webhook", "svix"] = "webhook"

    @property
    def scheme(self) -> Scheme:
        """The scheme."""
        return HmacScheme(
            header=f"{self.headers}-signature",
            encoding="base64",
            prefix="v1,",
            separator=" ",
            signed=f"{{{self.headers}-id}}.{{timestamp}}.{{body}}",
            key="base64",
            timestamp=Timestamp(header=f"{self.headers}-timestamp"),
        )


class TimestampVerification(Model):
    """Where the time of signing stands, see `Timestamp`."""

    header: HeaderName
    item: Annotated[str, Field(max_length=16)] = ""
    separator: Annotated[str, Field(min_length=1, max_length=4)] = ","
    format: Literal["seconds", "iso8601"] = "seconds"


class HmacVerification(Model):
    """HMAC with a shared secret, see `HmacScheme`; `tolerance` is in seconds."""

    type: Literal["hmac"]
    header: HeaderName
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: Annotated[str, Field(max_length=32)] = ""
    separator: Annotated[str, Field(max_length=4)] = ""
    signed: Annotated[str, Field(max_length=200)] = "{body}"
    key: Literal["text", "base64"] = "text"
    timestamp: TimestampVerification | None = None
    tolerance: Annotated[int, Field(ge=1, le=86_400)] = 300

    @model_validator(mode="after")
    def _signs_what_matters(self) -> "HmacVerification":
        if "{body}" not in self.signed:
            raise ValueError("signed must contain {body}; anybody could change the body otherwise")
        if bool(self.timestamp) is not ("{timestamp}" in self.signed):
            raise ValueError("signed contains {timestamp} if there is a timestamp, and only then")
        unknown = re.sub(r"\{[a-z0-9-]+\}", "", self.signed)
        if "{" in unknown or "}" in unknown:
            raise ValueError("signed has a brace that encloses no name of a header in lower case")
        return self

    @property
    def scheme(self) -> Scheme:
        """The scheme."""
        at = self.timestamp
        return HmacScheme(
            **self.model_dump(exclude={"type", "timestamp", "tolerance"}),
            timestamp=Timestamp(**at.model_dump()) if at else None,
            tolerance=timedelta(seconds=self.tolerance),
        )


class BearerVerification(Model):
    """The secret as a token in `Authorization: Bearer` (RFC 6750)."""

    type: Literal["bearer"]

    @property
    def scheme(self) -> Scheme:
        """The scheme."""
        return TokenScheme(header=_AUTHORIZATION, prefix="Bearer ")


class BasicVerification(Model):
    """The secret, which is `user:password`, in `Authorization: Basic` (RFC 7617)."""

    type: Literal["basic"]

    @property
    def scheme(self) -> Scheme:
        """The scheme."""
        return TokenScheme(header=_AUTHORIZATION, prefix="Basic ", encoding="base64")


class HeaderVerification(Model):
    """The secret in a header."""

    type: Literal["header"]
    header: HeaderName

    @property
    def scheme(self) -> Scheme:
        """The scheme."""
        return TokenScheme(header=self.header)


class QueryVerification(Model):
    """The secret in a parameter of the URL."""

    type: Literal["query"]
    parameter: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

    @property
    def scheme(self) -> Scheme:
        """The scheme."""
        return QueryScheme(parameter=self.parameter)


Verification = Annotated[
    StandardVerification
    | HmacVerification
    | BearerVerification
    | BasicVerification
    | HeaderVerification
    | QueryVerification
    | SnsVerification,
    Field(discriminator="type"),
]
