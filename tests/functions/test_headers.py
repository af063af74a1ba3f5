"""What stands in a header is read in one place, so that no two readers disagree about it."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from signalbox.models.request import InboundRequest
from tests.functions.system import System, running

TASKS = "/api/v1/tasks"
BODY_ROUTES: list[tuple[str, str, JsonValue]] = [
    ("POST", TASKS, {"title": "Tidy up"}),
    ("POST", "/api/v1/queue/claim", {"worker": "w-1", "lease_seconds": 30, "wait_seconds": 0}),
    ("POST", "/api/v1/keys", {"name": "ci", "roles": ["viewer"]}),
    ("POST", "/api/v1/queue/low/pause", {"reason": "maintenance"}),
    ("PATCH", f"{TASKS}/tsk_aaaaaaaaaaaaaaaaaaaaaaaa", {"priority": "high"}),
    ("PUT", "/api/v1/subscriptions/x", {"id": "x", "connection": "nowhere"}),
    ("PUT", "/api/v1/connections/x", {"id": "x", "connector": "nowhere"}),
]
NAMES = [
    "accept",
    "accept-encoding",
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "last-event-id",
    "origin",
    "transfer-encoding",
    "x-api-key",
    "x-request-id",
]


@pytest.fixture(scope="module")
def shared() -> Iterator[System]:
    with running() as system:
        yield system


@pytest.fixture(scope="module")
def key(shared: System) -> str:
    return shared.key("admin")


@pytest.mark.parametrize(("method", "path", "body"), BODY_ROUTES)
@pytest.mark.parametrize(
    "content_type",
    [
        "Application/JSON",
        "APPLICATION/JSON; Charset=UTF-8",
        ' application/json ;charset="utf-8"',
        "application/json;",
        "application/json;charset=bogus",
    ],
)
def test_a_content_type_is_the_same_in_whatever_form(
    shared: System, key: str, method: str, path: str, body: JsonValue, content_type: str
) -> None:
    usual = shared.ask(method, path, body, key=key)

    answer = shared.ask(method, path, body, key=key, headers={"content-type": content_type})

    assert answer.status == usual.status < 500


@pytest.mark.parametrize("content_type", ["text/plain", "application/problem+json", "json", ";"])
def test_a_body_of_another_type_is_415(shared: System, key: str, content_type: str) -> None:
    headers = {"content-type": content_type}

    answer = shared.ask("POST", TASKS, {"title": "Tidy up"}, key=key, headers=headers)

    assert answer.status == 415


@pytest.mark.parametrize("content_type", ["text/plain", "Multipart/Form-Data", "application/xml"])
def test_the_type_of_no_body_does_not_matter(shared: System, key: str, content_type: str) -> None:
    path = f"{TASKS}/tsk_aaaaaaaaaaaaaaaaaaaaaaaa/retry"

    answer = shared.ask("POST", path, key=key, headers={"content-type": content_type})

    assert answer.status == 404


_VALUES = st.text(st.characters(max_codepoint=0x2FF), max_size=40) | st.sampled_from(
    [
        "*",
        "*/*;q=0",
        "Application/JSON",
        "application/json, application/json",
        "BEARER ",
        "chunked",
        "gzip",
        "multipart/form-data",
        'W/"v1"',
        '"v1","v2"',
        ";;;=",
        '"',
        "\u00b2",
        "9" * 5_000,
    ]
)


@given(
    route=st.sampled_from(BODY_ROUTES),
    headers=st.dictionaries(st.sampled_from(NAMES), _VALUES, max_size=4),
)
def test_no_header_makes_the_api_fail(
    shared: System, key: str, route: tuple[str, str, JsonValue], headers: dict[str, str]
) -> None:
    method, path, body = route

    answer = shared.ask(method, path, body, key=key, headers=headers)

    assert answer.status < 500, (headers, answer.text)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json;q=0", 406),
        ("application/json; Q=0.000", 406),
        ("application/json;q=0.001", 200),
        ("text/html, */*;q=0.1", 200),
        ("*/*; q=0, application/*", 200),
        (" , ", 200),
        (",", 200),
        ("", 200),
    ],
)
def test_what_weighs_nothing_is_not_acceptable(shared: System, accept: str, status: int) -> None:
    answer = shared.ask("GET", "/health", headers={"accept": accept})

    assert answer.status == status


def test_a_media_type_is_read_without_case_and_parameters() -> None:
    request = InboundRequest(
        method="POST",
        path="/",
        headers={"content-type": 'Text/HTML;charset="utf-8"', "accept": "A/B;q=0, C/*;q=1"},
        body=b"",
    )

    assert (request.media_type, request.accepted) == ("text/html", frozenset({"c/*"}))
