"""Let pages of other origins call a service, as the Fetch standard describes.

The gateway answers preflights by itself, and its headers take the place of those of the service.
See https://fetch.spec.whatwg.org/#http-cors-protocol.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from signalbox.models.middleware import HeaderName, MiddlewareOptions
from signalbox.models.service_route import RouteMethod
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind, Place
from signalbox.services.gateway.response_fields import with_vary, without_fields
from signalbox.services.ports.gateway import GatewayResponse, HeaderFields

_ANY: Final = "*"
_PREFIX: Final = "access-control-"
_NO_CONTENT: Final = 204

Origin = Annotated[
    str,
    StringConstraints(
        pattern=r"^(\*|https?://(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:[1-9][0-9]{0,4})?)$",
        max_length=300,
    ),
]
"""An origin such as https://app.example.com, `https://*.example.com` or `*`; `null` is none."""


class Options(MiddlewareOptions):
    """Which origins may call the service, and what their pages may send and read."""

    allow_origins: Annotated[tuple[Origin, ...], Field(min_length=1, max_length=50)]
    allow_methods: Annotated[tuple[RouteMethod, ...], Field(max_length=20)] = (
        "GET",
        "HEAD",
        "POST",
    )
    allow_headers: Annotated[tuple[HeaderName, ...], Field(max_length=50)] = (
        "authorization",
        "content-type",
        "x-api-key",
    )
    expose_headers: Annotated[tuple[HeaderName, ...], Field(max_length=50)] = ()
    allow_credentials: bool = False
    max_age_seconds: Annotated[int, Field(ge=0, le=86_400)] = 600

    @model_validator(mode="after")
    def _no_wildcard_with_credentials(self) -> Self:
        for name in ("allow_origins", "allow_headers", "expose_headers"):
            if self.allow_credentials and _ANY in getattr(self, name):
                raise ValueError(f"{name} cannot be * with allow_credentials; list what you trust")
        return self


@dataclass(frozen=True)
class Cors:
    """Answers preflights, and marks the responses that pages of an origin may read."""

    options: Options

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return the response with the headers of CORS, and without those of the service."""
        origins = call.request.values("origin")
        origin = self._allowed(origins[0]) if len(origins) == 1 else None
        if _is_preflight(call):
            fields = tuple(self._preflight_fields(origin)) if origin else ()
            return GatewayResponse(
                status=_NO_CONTENT, fields=with_vary(fields, self._vary_of_preflight)
            )
        response = await call_next(call)
        kept = without_fields(response.fields, lambda name: name.startswith(_PREFIX))
        added = tuple(self._fields(origin)) if origin else ()
        return replace(response, fields=with_vary((*kept, *added), self._vary))

    def _allowed(self, origin: str) -> str | None:
        """Return what allows an origin, None if nothing does."""
        if _ANY in self.options.allow_origins:
            return _ANY
        scheme, _, rest = origin.partition("://")
        is_allowed = origin in self._exact or any(
            scheme == kind and rest.endswith(suffix) and _HOST_PARTS.issuperset(rest)
            for kind, suffix in self._suffixes
        )
        return origin if is_allowed else None

    def _preflight_fields(self, origin: str) -> Iterator[tuple[str, str]]:
        options = self.options
        yield from self._origin_fields(origin)
        yield "access-control-allow-methods", ", ".join(options.allow_methods)
        if options.allow_headers:
            yield "access-control-allow-headers", ", ".join(options.allow_headers)
        yield "access-control-max-age", str(options.max_age_seconds)

    def _fields(self, origin: str) -> Iterator[tuple[str, str]]:
        yield from self._origin_fields(origin)
        if self.options.expose_headers:
            yield "access-control-expose-headers", ", ".join(self.options.expose_headers)

    def _origin_fields(self, origin: str) -> HeaderFields:
        allowed = (("access-control-allow-origin", origin),)
        if not self.options.allow_credentials:
            return allowed
        return (*allowed, ("access-control-allow-credentials", "true"))

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(origin for origin in self.options.allow_origins if "*" not in origin)

    @cached_property
    def _suffixes(self) -> tuple[tuple[str, str], ...]:
        """Return the scheme and the end of each origin with a wildcard."""
        wild = (origin for origin in self.options.allow_origins if "://*." in origin)
        parts = (origin.partition("://*") for origin in wild)
        return tuple((scheme, suffix) for scheme, _, suffix in parts)

    @cached_property
    def _vary(self) -> tuple[str, ...]:
        return () if _ANY in self.options.allow_origins else ("Origin",)

    @cached_property
    def _vary_of_preflight(self) -> tuple[str, ...]:
        return (*self._vary, "Access-Control-Request-Method", "Access-Control-Request-Headers")


_HOST_PARTS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-.:")


def _is_preflight(call: GatewayCall) -> bool:
    request = call.request
    return (
        request.method == "OPTIONS"
        and bool(request.values("origin"))
        and bool(request.values("access-control-request-method"))
    )


MIDDLEWARE: Final = MiddlewareKind(
    options=Options, create=lambda options, _tools: Cors(options), place=Place.BEFORE_ACCESS
)
