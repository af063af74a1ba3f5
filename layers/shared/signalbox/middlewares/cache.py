"""Answer with stored responses where the service allows it: a shared cache as in RFC 9111.

What a request has that could change the response is part of the key: every header that reaches the
service, apart from those that say nothing of what is asked for.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Final

from pydantic import Field

from signalbox.models.cache_control import CacheDirectives, parse_cache_control, seconds_of
from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import (
    AttemptFailed,
    GatewayTimeout,
    ServiceUnavailable,
    UpstreamError,
)
from signalbox.models.middleware import MiddlewareOptions
from signalbox.models.principal import ANONYMOUS
from signalbox.services.gateway.bodies import body_length, close_body, read_body
from signalbox.services.gateway.fields import is_reserved_field
from signalbox.services.gateway.middleware import CallNext, GatewayCall
from signalbox.services.gateway.middleware_kind import MiddlewareKind
from signalbox.services.gateway.record import CacheOutcome
from signalbox.services.gateway.response_fields import without_fields
from signalbox.services.gateway.response_store import ResponseStore
from signalbox.services.gateway.stored_response import StoredResponse, known_response, storable
from signalbox.services.ports.gateway import GatewayResponse
from signalbox.services.ports.time import Clock

_READING: Final = frozenset({"GET", "HEAD"})
_SAFE: Final = _READING | {"OPTIONS"}
_NOT_MODIFIED: Final = 304
_MIN_ERROR: Final = 400
_FAILURES: Final = frozenset({500, 502, 503, 504})
_PASSED_BY: Final = ("range", "if-range", "if-match", "if-unmodified-since")
_UNKEYED: Final = frozenset(
    {
        "baggage",
        "cache-control",
        "dnt",
        "if-modified-since",
        "if-none-match",
        "pragma",
        "priority",
        "referer",
        "save-data",
        "traceparent",
        "tracestate",
        "upgrade-insecure-requests",
        "user-agent",
    }
)
"""Headers by which a response that is the same for everybody does not differ."""


class Options(MiddlewareOptions):
    """How much each process stores, and whether callers share responses that are public."""

    max_bytes: Annotated[int, Field(ge=10_000, le=100_000_000)] = 10_000_000
    max_entry_bytes: Annotated[int, Field(ge=1_000, le=4_400_000)] = 1_000_000
    shared_by_callers: bool = False


@frozen
class Cache:
    """A cache in the memory of this process."""

    options: Options
    store: ResponseStore
    clock: Clock

    async def __call__(self, call: GatewayCall, call_next: CallNext) -> GatewayResponse:
        """Return a stored response, or that of the service.

        Raises:
            GatewayTimeout: The client takes a stored response only, and there is none.
            SignalboxError: The service failed, and there is no stored response to use instead.
        """
        request, url = call.request, _url(call)
        if request.method not in _READING:
            response = await call_next(call)
            if request.method not in _SAFE and response.status < _MIN_ERROR:
                self.store.invalidate(url)
            return response
        asked = parse_cache_control(request.values("cache-control"))
        if "no-store" in asked or request.body != b"" or any(map(request.values, _PASSED_BY)):
            return await call_next(call)
        key = self._key(call)
        stored = self.store.find(url, key, request)
        if stored and self._is_taken(call, asked, stored):
            call.record.cache = CacheOutcome.HIT
            return self._served(call, stored)
        if "only-if-cached" in asked:
            raise GatewayTimeout("there is no stored response, and the client takes no other")
        return await self._asked(call, call_next, url, key, stored)

    def _is_taken(self, call: GatewayCall, asked: CacheDirectives, stored: StoredResponse) -> bool:
        """Return whether a client takes a stored response without a question to the service."""
        refreshes = "no-cache" in asked or (
            not asked and "no-cache" in call.request.values("pragma")
        )
        return not refreshes and stored.is_fresh(self.clock(), seconds_of(asked, "max-age"))

    async def _asked(
        self,
        call: GatewayCall,
        call_next: CallNext,
        url: bytes,
        key: bytes,
        stored: StoredResponse | None,
    ) -> GatewayResponse:
        question = _question(call, stored)
        try:
            response = await call_next(question or call)
        except (UpstreamError, ServiceUnavailable):
            if stored and stored.is_usable_on_error(self.clock()):
                return self._instead(call, stored)
            raise
        if stored and response.status in _FAILURES and stored.is_usable_on_error(self.clock()):
            await close_body(response.body)
            return self._instead(call, stored)
        if stored and question and response.status == _NOT_MODIFIED:
            call.record.cache = CacheOutcome.REVALIDATED
            await close_body(response.body)
            updated = stored.updated_by(response, self.clock())
            self.store.put(url, updated)
            return self._served(call, updated)
        call.record.cache = CacheOutcome.MISS
        return await self._stored(call, response, url, key)

    def _instead(self, call: GatewayCall, stored: StoredResponse) -> GatewayResponse:
        """Return the stored response although the service failed."""
        call.record.cache = CacheOutcome.STALE
        return self._served(call, stored)

    async def _stored(
        self, call: GatewayCall, response: GatewayResponse, url: bytes, key: bytes
    ) -> GatewayResponse:
        if call.request.method != "GET":
            return response
        entry = storable(
            response, call.request, key, now=self.clock(), needs_caller=_needs_caller(call)
        )
        length = body_length(response.body)
        if entry is None or length is None or length > self.options.max_entry_bytes:
            return response
        try:
            body = await read_body(response.body, self.options.max_entry_bytes)
        except AttemptFailed:
            raise UpstreamError("the service did not give a valid answer") from None
        self.store.put(url, replace(entry, body=body))
        response = replace(response, body=body)
        return known_response(call.request, response) or response

    def _served(self, call: GatewayCall, stored: StoredResponse) -> GatewayResponse:
        response = stored.response_at(self.clock())
        response = known_response(call.request, response) or response
        if call.request.method == "HEAD":
            length = ("content-length", str(len(stored.body)))
            response = replace(response, fields=(*response.fields, length), body=b"")
        return response

    def _key(self, call: GatewayCall) -> bytes:
        shared = self.options.shared_by_callers or call.caller is ANONYMOUS
        # headers of one name stay in their order
        return _digest("" if shared else call.caller.name, *sorted(_keyed(call), key=_name))


def _digest(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()


def _url(call: GatewayCall) -> bytes:
    """Return what of a request is not in its headers, and what the service gets of it."""
    request, destination = call.request, call.destination
    return _digest(
        destination.version,
        destination.path,
        request.query,
        destination.external,
        request.scheme,
        request.host,
        request.port,
        request.base,
    )


def _keyed(call: GatewayCall) -> Iterator[tuple[str, str]]:
    for name, value in (*call.request.fields, *call.added):
        key = name.lower()
        is_ours = is_reserved_field(key) and key != "via"
        if not (is_ours or key in call.credentials or key in _UNKEYED or key.startswith("sec-")):
            yield key, value


def _name(field: tuple[str, str]) -> str:
    return field[0]


def _needs_caller(call: GatewayCall) -> bool:
    is_public = call.destination.service.access.public
    return not is_public or bool(call.request.values("authorization"))


def _question(call: GatewayCall, stored: StoredResponse | None) -> GatewayCall | None:
    """Return the call that asks if a stored response is valid, None if there is nothing to ask.

    The conditions of the cache take the place of those of the client.
    """
    if stored is None or not stored.is_comparable or call.request.method != "GET":
        return None
    conditions = {"if-none-match", "if-modified-since"}
    kept = without_fields(call.request.fields, lambda name: name in conditions)
    fields = (*kept, *stored.validators())
    return replace(call, request=replace(call.request, fields=fields))


MIDDLEWARE: Final = MiddlewareKind(
    options=Options,
    create=lambda options, tools: Cache(
        options=options, store=ResponseStore(max_bytes=options.max_bytes), clock=tools.clock
    ),
)
