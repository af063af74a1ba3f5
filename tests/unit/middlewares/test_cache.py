from dataclasses import replace

import pytest
from pydantic import JsonValue

from signalbox.middlewares.cache import MIDDLEWARE
from signalbox.models.gateway_errors import GatewayTimeout, ServiceUnavailable, UpstreamError
from signalbox.models.service import Service
from signalbox.services.gateway.middleware import GatewayCall, Middleware
from signalbox.services.gateway.record import CacheOutcome
from signalbox.services.ports.gateway import Body, GatewayResponse
from tests.builders import a_principal, a_service
from tests.contract.middlewares import MiddlewareContract
from tests.fakes.body_stream import FakeBody
from tests.fakes.clock import FakeClock
from tests.fakes.middlewares import (
    FakeUpstream,
    a_gateway_call,
    headers_of,
    make_with,
    middleware_tools,
    through,
)

PUBLIC = a_service(access={"public": True})
MINUTE = ("Cache-Control", "max-age=60")
ETAG = ("ETag", '"1"')


class TestCache(MiddlewareContract):
    kind = MIDDLEWARE

    @property
    def options(self) -> dict[str, JsonValue]:
        return {}


def ok(*fields: tuple[str, str], body: Body = b"ok", status: int = 200) -> GatewayResponse:
    return GatewayResponse(status=status, fields=fields, body=body)


class Cached:
    """A cache before a service that answers what a test gives it."""

    def __init__(self, *answers: GatewayResponse | Exception, **options: JsonValue) -> None:
        self.clock = FakeClock()
        self.upstream = FakeUpstream(list(answers))
        self.middleware: Middleware = make_with(MIDDLEWARE, middleware_tools(self.clock), **options)
        self.outcomes: list[CacheOutcome | None] = []

    def get(
        self,
        *fields: tuple[str, str],
        method: str = "GET",
        path: str = "/api/orders/42",
        query: str = "",
        service: Service = PUBLIC,
    ) -> GatewayResponse:
        call = a_gateway_call(method, *fields, path=path, query=query, service=service)
        return self.ask(call)

    def ask(self, call: GatewayCall) -> GatewayResponse:
        response = through(self.middleware, call, self.upstream)
        self.outcomes.append(call.record.cache)
        return response

    @property
    def asked(self) -> int:
        return len(self.upstream.calls)


def test_a_fresh_response_is_used_again_with_its_age() -> None:
    cached = Cached(ok(MINUTE, ("Content-Type", "text/plain"), body=b"\x00first"))

    cached.get()
    cached.clock.advance(seconds=59)
    again = cached.get()

    assert cached.asked == 1
    assert (again.status, again.body) == (200, b"\x00first")
    assert headers_of(again) == {
        "cache-control": "max-age=60",
        "content-type": "text/plain",
        "age": "59",
    }
    assert cached.outcomes == [CacheOutcome.MISS, CacheOutcome.HIT]


def test_a_response_is_not_used_when_it_is_no_longer_fresh() -> None:
    cached = Cached(ok(MINUTE), ok(body=b"new"))

    cached.get()
    cached.clock.advance(seconds=60)

    assert cached.get().body == b"new"


@pytest.mark.parametrize(
    ("control", "seconds", "asked"),
    [
        ("s-maxage=10, max-age=60", 11, 2),
        ("s-maxage=60, max-age=1", 11, 1),
        ("public, max-age=60", 11, 1),
        ("no-store, max-age=60", 1, 2),
        ("private, max-age=60", 1, 2),
        ('private="x", max-age=60', 1, 2),
        ("no-cache, max-age=60", 1, 2),
        ("max-age=0", 0, 2),
        ("public", 0, 2),
        ("", 0, 2),
    ],
)
def test_only_what_the_service_allows_is_used_again(control: str, seconds: int, asked: int) -> None:
    cached = Cached(ok(("cache-control", control)))

    cached.get()
    cached.clock.advance(seconds=seconds)
    cached.get()

    assert cached.asked == asked


@pytest.mark.parametrize(
    "answer",
    [
        ok(MINUTE, ("Set-Cookie", "a=1")),
        ok(MINUTE, ("Vary", "Accept, *")),
        ok(MINUTE, ("Content-Range", "bytes 0-1/9")),
        ok(MINUTE, status=206),
        ok(MINUTE, status=302),
        ok(MINUTE, status=500),
        ok(MINUTE, ("Age", "60")),
        ok(MINUTE, ("Date", "Sun, 01 Mar 2026 11:58:00 GMT")),
        ok(MINUTE, body=b"x" * 1_001),
        ok(MINUTE, body=FakeBody(b"1")),
        ok(MINUTE, body=FakeBody(b"1", length=1_001)),
    ],
)
def test_what_is_for_one_client_partial_old_or_too_large_is_not_stored(
    answer: GatewayResponse,
) -> None:
    cached = Cached(answer, max_entry_bytes=1_000)

    first = cached.get()
    cached.get()

    assert first == answer
    assert cached.asked == 2


def test_a_stream_of_a_known_length_is_stored() -> None:
    cached = Cached(ok(MINUTE, body=FakeBody(b"1", b"2", length=2)))

    assert [cached.get().body, cached.get().body] == [b"12", b"12"]


@pytest.mark.parametrize(
    "other",
    [
        {"method": "POST"},
        {"path": "/api/orders/43"},
        {"query": "a=1"},
        {"path": "/api/orders/%34%32"},
    ],
)
def test_another_request_is_asked_for(other: dict[str, str]) -> None:
    cached = Cached(ok(MINUTE))

    cached.get()
    cached.get(
        method=other.get("method", "GET"),
        path=other.get("path", "/api/orders/42"),
        query=other.get("query", ""),
    )

    assert cached.asked == 2


@pytest.mark.parametrize(
    "poison",
    [
        ("x-original-url", "/admin"),
        ("x-host", "evil.test"),
        ("x_host", "evil.test"),
        ("origin", "null"),
        ("cookie", "session=1"),
        ("accept", "text/html"),
        ("accept-encoding", "br"),
        ("x-http-method-override", "DELETE"),
        ("via", "1.1 evil"),
        ("content-type", "x"),
    ],
)
def test_a_header_that_reaches_the_service_is_part_of_the_key(poison: tuple[str, str]) -> None:
    cached = Cached(ok(MINUTE, body=b"poisoned"), ok(MINUTE, body=b"clean"))

    cached.get(poison)

    assert cached.get().body == b"clean"
    assert cached.get(poison).body == b"poisoned"
    assert cached.asked == 2


def test_another_host_or_scheme_has_responses_of_its_own() -> None:
    cached = Cached(ok(MINUTE, body=b"evil"), ok(MINUTE, body=b"ours"))
    call = a_gateway_call(service=PUBLIC)

    cached.ask(replace(call, request=replace(call.request, host="evil.test")))

    assert cached.ask(call).body == b"ours"


@pytest.mark.parametrize(
    "field",
    [
        ("user-agent", "x"),
        ("referer", "https://a.example"),
        ("sec-fetch-mode", "cors"),
        ("traceparent", "00-1-2-00"),
        ("x-request-id", "request-1"),
        ("x-forwarded-host", "evil.test"),
        ("if-none-match", '"9"'),
    ],
)
def test_a_header_that_asks_for_nothing_else_does_not_matter(field: tuple[str, str]) -> None:
    cached = Cached(ok(MINUTE))

    cached.get(field)
    cached.get()

    assert cached.asked == 1


def test_a_response_varies_by_what_it_names() -> None:
    cached = Cached(
        ok(MINUTE, ("Vary", "User-Agent"), body=b"a"), ok(MINUTE, ("vary", "user-agent"), body=b"b")
    )

    bodies = [cached.get(("User-Agent", agent)).body for agent in ("a", "b", "a", "b")]

    assert bodies == [b"a", b"b", b"a", b"b"]
    assert cached.asked == 2


def test_a_header_that_a_rule_adds_is_part_of_the_key_and_the_identity_is_not() -> None:
    cached = Cached(ok(MINUTE))

    for value in ("1", "2"):
        cached.ask(a_gateway_call(service=PUBLIC, added=(("x-signalbox-identity", value),)))
    assert cached.asked == 1
    cached.ask(a_gateway_call(service=PUBLIC, added=(("x-tenant", "acme"),)))
    assert cached.asked == 2


def ask_as(cached: Cached, *callers: str, service: Service) -> None:
    for name in callers:
        caller = a_principal().model_copy(update={"name": name})
        cached.ask(a_gateway_call(service=service, caller=caller))


@pytest.mark.parametrize(
    ("control", "shared", "asked"),
    [
        ("max-age=60", False, 3),
        ("public, max-age=60", False, 2),
        ("s-maxage=60", False, 2),
        ("public, max-age=60", True, 1),
        ("max-age=60", True, 3),
    ],
)
def test_what_needs_a_caller_is_stored_only_if_it_is_public_and_for_that_caller(
    control: str, *, shared: bool, asked: int
) -> None:
    cached = Cached(*[ok(("cache-control", control))] * 3, shared_by_callers=shared)

    ask_as(cached, "key:a", "key:b", "key:a", service=a_service())

    assert cached.asked == asked


def test_an_authorization_for_the_service_is_like_a_caller() -> None:
    cached = Cached(ok(MINUTE), ok(("cache-control", "public, max-age=60"), body=b"public"))
    bearer = ("authorization", "Bearer x")

    assert [cached.get(bearer).body for _ in range(3)] == [b"ok", b"public", b"public"]
    assert cached.get().body == b"ok"


def test_a_response_that_is_no_longer_fresh_is_revalidated() -> None:
    cached = Cached(
        ok(
            MINUTE,
            ETAG,
            ("Last-Modified", "Sun, 01 Mar 2026 11:00:00 GMT"),
            ("X-A", "1"),
            body=b"body",
        ),
        GatewayResponse(status=304, fields=(ETAG, ("X-A", "2"), ("set-cookie", "a=1"))),
    )

    cached.get()
    cached.clock.advance(seconds=61)
    response = cached.get(("if-none-match", '"other"'))
    again = cached.get()

    question = cached.upstream.calls[1].request
    assert question.values("if-none-match") == ('"1"',)
    assert question.values("if-modified-since") == ("Sun, 01 Mar 2026 11:00:00 GMT",)
    assert (response.status, response.body) == (200, b"body")
    assert headers_of(again)["x-a"] == "2"
    assert "set-cookie" not in headers_of(again)
    assert cached.outcomes == [CacheOutcome.MISS, CacheOutcome.REVALIDATED, CacheOutcome.HIT]


def test_a_new_response_takes_the_place_of_the_old_one() -> None:
    cached = Cached(ok(MINUTE, ETAG), ok(MINUTE, ("etag", '"2"'), body=b"new"))

    cached.get()
    cached.clock.advance(seconds=61)

    assert [cached.get().body, cached.get().body] == [b"new", b"new"]
    assert cached.asked == 2


def test_a_304_that_makes_a_response_private_ends_its_use() -> None:
    cached = Cached(
        ok(MINUTE, ETAG), GatewayResponse(status=304, fields=(("cache-control", "private"),))
    )

    cached.get()
    cached.clock.advance(seconds=61)
    cached.get()
    cached.get()

    assert cached.asked == 3


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (("If-None-Match", '"1"'), 304),
        (("If-None-Match", 'W/"1"'), 304),
        (("If-None-Match", '"0", "1"'), 304),
        (("If-None-Match", "*"), 304),
        (("If-None-Match", '"2"'), 200),
        (("If-Modified-Since", "Sun, 01 Mar 2026 11:00:00 GMT"), 304),
        (("If-Modified-Since", "Sun, 01 Mar 2026 10:59:59 GMT"), 200),
        (("If-Modified-Since", "yesterday"), 200),
    ],
)
def test_a_client_that_has_the_response_gets_a_304(condition: tuple[str, str], status: int) -> None:
    cached = Cached(
        ok(MINUTE, ETAG, ("Last-Modified", "Sun, 01 Mar 2026 11:00:00 GMT"), ("x-a", "1"))
    )
    cached.get()

    response = cached.get(condition)

    assert (cached.asked, response.status) == (1, status)
    if status == 304:
        assert response.body == b""
        assert set(headers_of(response)) == {"etag", "last-modified", "cache-control", "age"}


def test_head_is_answered_by_a_response_to_get_and_stores_none() -> None:
    cached = Cached(ok(MINUTE, body=b""), ok(MINUTE, body=b"12345"))

    cached.get(method="HEAD")
    cached.get()
    head = cached.get(method="HEAD")

    assert cached.asked == 2
    assert (head.body, headers_of(head)["content-length"]) == (b"", "5")


@pytest.mark.parametrize(
    "failure",
    [
        ok(status=503),
        UpstreamError("down"),
        ServiceUnavailable("none", FakeClock()() - FakeClock()()),
    ],
)
def test_a_stored_response_may_stand_in_for_a_service_that_fails(
    failure: GatewayResponse | Exception,
) -> None:
    cached = Cached(ok(("cache-control", "max-age=60, stale-if-error=30")), failure, ok(status=503))

    cached.get()
    cached.clock.advance(seconds=89)
    stale = cached.get()
    cached.clock.advance(seconds=1)
    late = cached.get()

    assert (stale.status, headers_of(stale)["age"], late.status) == (200, "89", 503)
    assert cached.outcomes[1] is CacheOutcome.STALE


@pytest.mark.parametrize("word", ["must-revalidate", "proxy-revalidate", "s-maxage=60"])
def test_what_must_be_revalidated_never_stands_in(word: str) -> None:
    control = ("cache-control", f"{word}, max-age=60, stale-if-error=30")
    cached = Cached(ok(control), UpstreamError("down"))

    cached.get()
    cached.clock.advance(seconds=61)

    with pytest.raises(UpstreamError):
        cached.get()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_change_that_succeeds_removes_the_stored_response(method: str) -> None:
    cached = Cached(
        ok(MINUTE, body=b"old"), ok(status=409), ok(status=200), ok(MINUTE, body=b"new")
    )

    cached.get()
    cached.get(method=method)
    assert cached.get().body == b"old"
    cached.get(method=method)

    assert cached.get().body == b"new"


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        (("cache-control", "no-cache"), 2),
        (("pragma", "no-cache"), 2),
        (("cache-control", "max-age=5"), 2),
        (("cache-control", "max-age=30"), 1),
        (("cache-control", "no-store"), 2),
        (("range", "bytes=0-1"), 2),
        (("if-match", '"1"'), 2),
    ],
)
def test_a_client_may_ask_for_more_than_a_stored_response(
    field: tuple[str, str], asked: int
) -> None:
    cached = Cached(ok(MINUTE))

    cached.get()
    cached.clock.advance(seconds=10)
    cached.get(field)

    assert cached.asked == asked


def test_a_client_that_takes_stored_responses_only_gets_no_other() -> None:
    cached = Cached(ok(MINUTE))
    only = ("cache-control", "only-if-cached")

    with pytest.raises(GatewayTimeout):
        cached.get(only)
    cached.get()

    assert cached.get(only).status == 200
    assert cached.asked == 1


def test_a_cache_stays_within_its_bytes_and_forgets_what_was_used_the_longest_ago() -> None:
    cached = Cached(*[ok(MINUTE, body=b"x" * 4_000) for _ in range(9)], max_bytes=10_000)

    for path in ("a", "b", "a", "c", "a", "b"):
        cached.get(path=f"/api/orders/{path}")

    assert cached.outcomes == [
        CacheOutcome.MISS,
        CacheOutcome.MISS,
        CacheOutcome.HIT,
        CacheOutcome.MISS,
        CacheOutcome.HIT,
        CacheOutcome.MISS,
    ]


def test_a_url_has_a_limited_number_of_variants() -> None:
    cached = Cached(*[ok(MINUTE)] * 40)

    for number in range(25):
        cached.get(("accept", f"x/{number}"))
    cached.get(("accept", "x/24"))
    cached.get(("accept", "x/0"))

    assert cached.outcomes[-2:] == [CacheOutcome.HIT, CacheOutcome.MISS]


def test_a_stream_in_whose_place_a_stored_response_stands_is_closed() -> None:
    stream = FakeBody(b"1")
    control = ("cache-control", "max-age=60, stale-if-error=30")
    cached = Cached(ok(control), ok(status=503, body=stream))

    cached.get()
    cached.clock.advance(seconds=61)
    cached.get()

    assert bool(stream.closed)
