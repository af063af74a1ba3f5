from collections import Counter

import pytest
from pydantic import JsonValue, ValidationError

from signalbox.middlewares.split import MIDDLEWARE, Options
from signalbox.services.ports.gateway import HeaderFields
from tests.builders import a_service, an_instance
from tests.contract.middlewares import MiddlewareContract
from tests.fakes.middlewares import FakeUpstream, a_gateway_call, make_middleware, through

TWO = a_service(versions={"v2": (an_instance(),), "v3": (an_instance(),)})


class TestSplit(MiddlewareContract):
    kind = MIDDLEWARE

    @property
    def options(self) -> dict[str, JsonValue]:
        return {"versions": {"default": 90, "v2": 10}}


def version_for(
    *fields: tuple[str, str],
    client: str = "192.0.2.7",
    path: str = "/api/orders/1",
    **options: JsonValue,
) -> str | None:
    upstream = FakeUpstream()
    middleware = make_middleware(MIDDLEWARE, **options)
    through(
        middleware, a_gateway_call("GET", *fields, path=path, client=client, service=TWO), upstream
    )
    (call,) = upstream.calls
    assert call.record.version in (call.destination.version, None)
    return call.destination.version


def test_requests_are_split_by_weight() -> None:
    middleware, upstream = (
        make_middleware(MIDDLEWARE, versions={"default": 3, "v2": 1}),
        FakeUpstream(),
    )

    for _ in range(2_000):
        through(middleware, a_gateway_call(service=TWO), upstream)

    counts = Counter(call.destination.version for call in upstream.calls)
    # four standard deviations of a binomial distribution
    assert counts.keys() == {None, "v2"}
    assert abs(counts["v2"] - 500) < 78


def test_a_client_stays_at_its_version_and_clients_are_spread() -> None:
    def version_of(user: int) -> str | None:
        return version_for(
            ("X-User", str(user)), hash_key="header:x-user", versions={"default": 50, "v2": 50}
        )

    first, again = ([version_of(user) for user in range(60)] for _ in range(2))

    assert first == again
    assert set(first) == {None, "v2"}


def test_growing_a_version_moves_nobody_back() -> None:
    def versions(weight: int) -> list[str | None]:
        return [
            version_for(
                ("cookie", f"s={user}"),
                hash_key="cookie:s",
                versions={"default": 100 - weight, "v2": weight},
            )
            for user in range(80)
        ]

    few, more = versions(20), versions(60)

    assert [b for a, b in zip(few, more, strict=True) if a == "v2" and b != "v2"] == []
    assert more.count("v2") > few.count("v2")


def test_a_version_without_weight_gets_nothing_whatever_a_client_sends() -> None:
    for fields in (
        (("x-user", "v3"),),
        (("x-user", "\udcff"),),
        (("x-signalbox-version", "v3"),),
        (("x-user", "1"), ("x-user", "2")),
    ):
        headers: HeaderFields = fields
        version = version_for(
            *headers, hash_key="header:x-user", versions={"v3": 0, "v2": 1, "default": 0}
        )
        assert version == "v2"


def test_a_request_that_names_a_version_keeps_it() -> None:
    assert version_for(path="/api/orders/v3/1", versions={"v2": 1}) == "v3"
    assert version_for(("accept-version", "v3"), versions={"v2": 1}) == "v3"


def test_a_version_that_the_service_lacks_is_refused() -> None:
    options = Options(versions={"v2": 1, "v9": 1, "default": 1})

    assert [path for path, _ in MIDDLEWARE.check(options, TWO)] == ["versions"]
    assert list(MIDDLEWARE.check(Options(versions={"v2": 1}), TWO)) == []
    without = a_service(instances=(), versions={"v2": (an_instance(),)})
    assert [path for path, _ in MIDDLEWARE.check(Options(versions={"v2": 1}), without)] == [""]


@pytest.mark.parametrize(
    "options",
    [
        {"versions": {}},
        {"versions": {"v2": 0}},
        {"versions": {"v2": -1}},
        {"versions": {"beta": 1}},
        {"versions": {"v2": 1}, "hash_key": "query:a"},
    ],
)
def test_weights_that_lead_nowhere_are_refused(options: dict[str, JsonValue]) -> None:
    with pytest.raises(ValidationError):
        make_middleware(MIDDLEWARE, **options)
