"""A response that may be used again: for how long, and for which requests (RFC 9111)."""

from collections.abc import Sequence
from dataclasses import field, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from signalbox.models.cache_control import CacheDirectives, parse_cache_control, seconds_of
from signalbox.models.frozen import frozen
from signalbox.services.gateway.fields import list_members
from signalbox.services.gateway.request import GatewayRequest
from signalbox.services.gateway.response_fields import without_fields
from signalbox.services.ports.gateway import GatewayResponse, HeaderFields, field_values

_STATUSES: Final = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})
_PRIVATE: Final = frozenset({"no-store", "no-cache", "private"})
_NEVER_STALE: Final = frozenset({"must-revalidate", "proxy-revalidate", "s-maxage"})
_SHARED: Final = frozenset({"public", "s-maxage"})
_OF_VALIDATION: Final = frozenset(
    {"cache-control", "content-location", "date", "etag", "expires", "last-modified", "vary"}
)
_NOT_OF_OTHERS: Final = frozenset({"content-length", "set-cookie"})
_ANY: Final = "*"
_OVERHEAD: Final = 500
"""About how many bytes an entry needs beside its response."""

Varying = tuple[tuple[str, tuple[str, ...]], ...]
"""The values of the headers of a request by which a response varies."""


@frozen
class StoredResponse:
    """A response with its whole body.

    It was `age` seconds old at `stored_at`, is fresh until it is `fresh_for` seconds old, and may
    be used for `stale_for` more while the service fails. `key` is what is the same in the requests
    for which it may be used, beside those headers by which it varies.
    """

    key: bytes
    varying: Varying
    status: int
    fields: HeaderFields = field(repr=False)
    body: bytes = field(repr=False)
    stored_at: datetime
    age: float
    fresh_for: float
    stale_for: float

    @property
    def size(self) -> int:
        """Return about how many bytes it takes."""
        fields = sum(len(name) + len(value) for name, value in self.fields)
        varying = sum(len(value) for _, values in self.varying for value in values)
        return len(self.body) + fields + varying + _OVERHEAD

    @property
    def is_comparable(self) -> bool:
        """Return whether the service can be asked if it is still valid."""
        return bool(self.validators())

    def age_at(self, now: datetime) -> float:
        """Return how old it is, in seconds."""
        return self.age + max(0.0, (now - self.stored_at).total_seconds())

    def is_fresh(self, now: datetime, max_age: int | None = None) -> bool:
        """Return whether it may be used without a question; a client may allow less age."""
        age = self.age_at(now)
        return age < self.fresh_for and (max_age is None or age <= max_age)

    def is_usable_on_error(self, now: datetime) -> bool:
        """Return whether it may be used because the service fails."""
        return self.age_at(now) < self.fresh_for + self.stale_for

    def fits(self, key: bytes, request: GatewayRequest) -> bool:
        """Return whether it may be used for a request."""
        return self.key == key and all(
            values == request.values(name) for name, values in self.varying
        )

    def validators(self) -> HeaderFields:
        """Return the conditions with which the service is asked if it is still valid."""
        conditions = {"etag": "if-none-match", "last-modified": "if-modified-since"}
        return tuple(
            (conditions[name.lower()], value)
            for name, value in self.fields
            if name.lower() in conditions
        )

    def updated_by(self, response: GatewayResponse, now: datetime) -> "StoredResponse":
        """Return it with the fields of a 304 that confirms it (RFC 9111, 4.3.4)."""
        names = {name.lower() for name, _ in response.fields} - _NOT_OF_OTHERS
        kept = without_fields(self.fields, lambda name: name in names or name == "age")
        new = without_fields(response.fields, lambda name: name not in names)
        directives = parse_cache_control(field_values((*kept, *new), "cache-control"))
        is_private = bool(_PRIVATE.intersection(directives))
        return replace(
            self,
            fields=(*kept, *new),
            stored_at=now,
            age=_age(response, now),
            fresh_for=0.0 if is_private else fresh_seconds(directives),
            stale_for=0.0 if is_private else _stale_seconds(directives),
        )

    def response_at(self, now: datetime) -> GatewayResponse:
        """Return the response, with its age."""
        kept = without_fields(self.fields, lambda name: name == "age")
        age = ("age", str(int(self.age_at(now))))
        return GatewayResponse(status=self.status, fields=(*kept, age), body=self.body)


def storable(
    response: GatewayResponse,
    request: GatewayRequest,
    key: bytes,
    *,
    now: datetime,
    needs_caller: bool,
) -> StoredResponse | None:
    """Return what may be stored of a response, without its body; None if nothing may.

    A response to somebody who authenticated is stored only if the service says that it is for
    everybody (RFC 9111, 3.5).
    """
    directives = parse_cache_control(response.values("cache-control"))
    age, fresh_for = _age(response, now), fresh_seconds(directives)
    vary = _members(response.values("vary"))
    if (
        response.status not in _STATUSES
        or _PRIVATE.intersection(directives)
        or response.values("set-cookie")
        or response.values("content-range")
        or _ANY in vary
        or (needs_caller and not _SHARED.intersection(directives))
        or fresh_for <= age
    ):
        return None
    return StoredResponse(
        key=key,
        varying=tuple((name, request.values(name)) for name in vary),
        status=response.status,
        fields=response.fields,
        body=b"",
        stored_at=now,
        age=age,
        fresh_for=fresh_for,
        stale_for=_stale_seconds(directives),
    )


def fresh_seconds(directives: CacheDirectives) -> float:
    """Return for how long a shared cache may use a response; only what the service says counts."""
    shared = seconds_of(directives, "s-maxage")
    return float((seconds_of(directives, "max-age") or 0) if shared is None else shared)


def known_response(request: GatewayRequest, response: GatewayResponse) -> GatewayResponse | None:
    """Return the 304 for a client that has this response already, None if it has not."""
    tags, etags = request.values("if-none-match"), response.values("etag")
    if tags:
        known = {_weak(tag) for tag in list_members(tags)}
        is_known = _ANY in known or any(_weak(etag) in known for etag in etags)
    else:
        is_known = _is_unmodified_since(
            request.values("if-modified-since"), response.values("last-modified")
        )
    if not is_known or response.status != 200:  # noqa: PLR2004  conditions are about the whole
        return None
    kept = without_fields(
        response.fields, lambda name: name not in _OF_VALIDATION and name != "age"
    )
    return GatewayResponse(status=304, fields=kept)


def _is_unmodified_since(since: Sequence[str], modified: Sequence[str]) -> bool:
    if len(since) != 1 or len(modified) != 1:
        return False
    one, other = _date(modified[0]), _date(since[0])
    return one is not None and other is not None and one <= other


def _age(response: GatewayResponse, now: datetime) -> float:
    """Return how old a response was when it came, by its `Age` and its `Date`."""
    ages = [float(value) for value in response.values("age")[:1] if value.isdecimal()]
    dates = [_date(value) for value in response.values("date")[:1]]
    return max([0.0, *ages, *((now - date).total_seconds() for date in dates if date)])


def _stale_seconds(directives: CacheDirectives) -> float:
    if _NEVER_STALE.intersection(directives):
        return 0.0
    return float(seconds_of(directives, "stale-if-error") or 0)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else None


def _members(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.lower() for word in list_members(values))


def _weak(tag: str) -> str:
    return tag.removeprefix("W/")
