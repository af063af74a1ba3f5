import pytest
from pydantic import ValidationError

from signalbox.models.service_route import ServiceRoute, routes_conflict
from tests.builders import a_route


@pytest.mark.parametrize(
    ("path", "valid"),
    [
        ("/api/shop", True),
        ("/api/shop/{shop}/orders", True),
        ("/api/shop/", False),
        ("/api//shop", False),
        ("api/shop", False),
        ("/api/shop?x=1", False),
        ("/api/%73hop", False),
        ("/api/{Shop}", False),
        ("/api/a{shop}", False),
    ],
)
def test_a_path_has_whole_segments(path: str, valid: bool) -> None:  # noqa: FBT001  a row
    if valid:
        assert a_route(path=path).path == path
    else:
        with pytest.raises(ValidationError):
            a_route(path=path)


RANKED = [
    a_route(path="/api/shop", priority=1),
    a_route(path="/api/shop", host="shop.example.com"),
    a_route(path="/api/shop", host="*.shop.example.com"),
    a_route(path="/api/shop", host="*.example.com"),
    a_route(path="/api/shop/a/b"),
    a_route(path="/api/shop/a/{b}"),
    a_route(path="/api/shop/{a}/b"),
    a_route(path="/api/shop/a"),
    a_route(path="/api/shop/{a}", headers={"x-a": "1"}, methods=("GET",)),
    a_route(path="/api/shop/{a}", headers={"x-a": "1"}),
    a_route(path="/api/shop/{a}", methods=("GET",)),
    a_route(path="/api/shop/{a}"),
]


def test_priority_host_length_literals_and_conditions_decide_in_this_order() -> None:
    ranks = [route.specificity for route in RANKED]

    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize(
    ("one", "other", "conflict"),
    [
        (a_route(), a_route(), True),
        (a_route(path="/api/shop/{a}"), a_route(path="/api/shop/{b}"), True),
        (a_route(methods=("GET", "PUT")), a_route(methods=("PUT", "POST")), True),
        (a_route(headers={"x-a": "1"}), a_route(headers={"x-b": "1"}), True),
        (a_route(methods=("GET",)), a_route(methods=("POST",)), False),
        (a_route(headers={"x-a": "1"}), a_route(headers={"x-a": "2"}), False),
        (a_route(methods=("GET",)), a_route(), False),
        (a_route(priority=1), a_route(), False),
        (a_route(host="a.example.com"), a_route(host="b.example.com"), False),
        (a_route(path="/api/shop/a"), a_route(path="/api/shop/b"), False),
        (a_route(path="/api/shop/{a}/b"), a_route(path="/api/shop/a/{b}"), False),
        (a_route(enabled=False), a_route(), False),
    ],
)
def test_routes_conflict_if_a_request_matches_both_and_neither_wins(
    one: ServiceRoute,
    other: ServiceRoute,
    conflict: bool,  # noqa: FBT001  a row
) -> None:
    assert routes_conflict(one, other) is conflict
    assert routes_conflict(other, one) is conflict
