import json
from collections.abc import Callable

import pytest
from pydantic import JsonValue

from signalbox.models.principal import Scope
from signalbox.models.rate_limits import RateLimit
from tests.functions.system import System

TASKS = "/api/v1/tasks"


def made(system: System, key: str, title: str = "Tidy up", **more: str) -> str:
    answer = system.ask("POST", TASKS, {"title": title, **more}, key=key)
    assert answer.status == 201, answer.text
    return answer.word("id")


def test_health_asks_for_no_key(system: System) -> None:
    answer = system.ask("GET", "/health")

    assert (answer.status, answer.json_body["status"]) == (200, "ok")


def test_ready_asks_tables_and_queues(system: System) -> None:
    answer = system.ask("GET", "/ready")

    assert answer.status == 200
    assert all(answer.part("checks").values())


def test_a_task_is_created_listed_and_shown(system: System) -> None:
    key = system.key("admin")

    created = system.ask("POST", TASKS, {"title": "Tidy up", "priority": "high"}, key=key)
    listed = system.ask("GET", f"{TASKS}?status=pending", key=key)
    shown = system.ask("GET", created.headers["location"], key=key)

    assert created.status == 201
    assert shown.json_body == created.json_body
    assert [task["id"] for task in listed.items] == [created.json_body["id"]]


def test_pages_hold_every_task_once_and_end(system: System) -> None:
    key = system.key("admin")
    accept = []
    for number in range(7):
        system.clock.advance(seconds=1)
        accept.append(made(system, key, f"Task {number}"))

    found, cursor = [], ""
    for _ in range(4):
        page = system.ask("GET", f"{TASKS}?limit=2{cursor}", key=key)
        found += [task["id"] for task in page.items]
        cursor = f"&cursor={page.json_body['next']}"

    assert found == accept[::-1]
    assert page.json_body["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        "cursor=made-up",
        "cursor=",
        "limit=0",
        "limit=101",
        "status=odd",
        "since=2026-01-01T00:00:00",
    ],
)
def test_an_odd_query_is_refused(system: System, query: str) -> None:
    answer = system.ask("GET", f"{TASKS}?{query}", key=system.key("viewer"))

    assert answer.status in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_cursor_holds_only_for_the_filters_it_was_made_for(system: System) -> None:
    key = system.key("admin")
    made(system, key)
    made(system, key)
    cursor = system.ask("GET", f"{TASKS}?limit=1", key=key).json_body["next"]

    answer = system.ask("GET", f"{TASKS}?limit=1&status=failed&cursor={cursor}", key=key)

    assert answer.status == 400


def test_the_same_idempotency_key_makes_one_task(system: System) -> None:
    key = system.key("admin")
    again = {"Idempotency-Key": '"one"'}

    first = system.ask("POST", TASKS, {"title": "Tidy up"}, key=key, headers=again)
    second = system.ask("POST", TASKS, {"title": "Tidy up"}, key=key, headers=again)

    assert first.json_body["id"] == second.json_body["id"]
    assert second.headers["idempotency-replayed"] == "true"


def test_unknown_wrong_and_odd_keys_get_the_same_answer(system: System) -> None:
    good = system.key("admin")
    other = system.key("admin")
    typo = good[:-1] + ("0" if good[-1] != "0" else "1")

    answers = [
        system.ask("GET", TASKS, key=key)
        for key in ("sbx_live_odd", "sbx_ü", typo, good[:29] + other[29:])
    ]

    assert {answer.status for answer in answers} == {401}
    assert len({answer.word("detail") for answer in answers}) == 1


def test_without_a_key_the_api_says_what_it_takes(system: System) -> None:
    answer = system.ask("GET", TASKS)

    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_a_bearer_token_may_be_an_api_key(system: System) -> None:
    headers = {"Authorization": f"bearer {system.key('viewer')}"}

    assert system.ask("GET", TASKS, headers=headers).status == 200


def test_who_may_only_read_cannot_create(system: System) -> None:
    answer = system.ask("POST", TASKS, {"title": "Tidy up"}, key=system.key("viewer"))

    assert answer.status == 403


def test_the_caller_is_asked_for_before_the_body_is_read(system: System) -> None:
    assert system.ask("POST", TASKS, {"odd": 1}).status == 401


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/body/title"),
        ({"title": "x", "id": "mine"}, "/body/id"),
        ({"title": "a\nb"}, "/body/title"),
        ({"title": "x", "max_attempts": False}, "/body/max_attempts"),
        ({"title": "x", "priority": "urgent"}, "/body/priority"),
    ],
)
def test_a_body_of_another_form_is_422_and_says_where(
    system: System, body: JsonValue, pointer: str
) -> None:
    answer = system.ask("POST", TASKS, body, key=system.key("admin"))

    assert answer.status == 422
    assert pointer in [fault["pointer"] for fault in answer.faults]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"title": "a", "title": "b"}',
        b'{"title": NaN}',
        b"[" * 200_000,
        b'{"title": 1e999}',
        b'{"title": ' + b"9" * 5_000 + b"}",
        b'{"title": "\\ud800"}',
        b'"title"',
        b"\xff\xfe",
    ],
)
def test_a_body_that_is_no_json_is_refused(system: System, raw: bytes) -> None:
    answer = system.ask("POST", TASKS, key=system.key("admin"), raw=raw)

    assert answer.status in {400, 422}


@pytest.mark.parametrize("odd", ["\0", "\x1b[31m", "\x7f", "\x85", "\u202e", "\u2066"])
@pytest.mark.parametrize(
    "body",
    [
        lambda odd: {"title": f"Fix{odd}"},
        lambda odd: {"title": "Fix", "description": odd},
        lambda odd: {"title": "Fix", "labels": ["a", odd]},
        lambda odd: {"title": "Fix", odd: 1},
    ],
)
def test_controls_and_bidi_overrides_are_refused_wherever_they_stand(
    system: System, body: Callable[[str], JsonValue], odd: str
) -> None:
    answer = system.ask("POST", TASKS, body(odd), key=system.key("admin"))

    assert (answer.status, answer.word("code")) == (400, "payload_invalid")


def test_tabs_and_line_ends_are_no_controls(system: System) -> None:
    body: JsonValue = {"title": "Fix", "description": "one\r\n\ttwo"}

    answer = system.ask("POST", TASKS, body, key=system.key("admin"))

    assert (answer.status, answer.word("description")) == (201, "one\r\n\ttwo")


def test_other_media_are_415(system: System) -> None:
    headers = {"content-type": "text/plain"}

    answer = system.ask("POST", TASKS, key=system.key("admin"), raw=b"x", headers=headers)

    assert answer.status == 415


def test_other_methods_are_405_and_say_which_are_taken(system: System) -> None:
    answer = system.ask("DELETE", TASKS)

    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_other_paths_are_404(system: System) -> None:
    answer = system.ask("GET", "/nowhere")

    assert (answer.status, answer.json_body["code"]) == (404, "not_found")


def test_a_task_tells_which_request_made_it(system: System) -> None:
    mine = {"X-Request-ID": "trace-12345"}
    made = system.ask("POST", TASKS, {"title": "Fix"}, key=system.key("admin"), headers=mine)

    path = f"{TASKS}/{made.word('id')}"

    shown = system.ask("GET", path, key=system.key("viewer"))
    assert shown.word("request_id") == "trace-12345"


def test_a_request_id_is_kept_or_made(system: System) -> None:
    kept = system.ask("GET", "/health", headers={"X-Request-ID": "trace-12345"})
    odd = system.ask("GET", "/health", headers={"X-Request-ID": "a b"})

    assert kept.headers["x-request-id"] == "trace-12345"
    assert odd.headers["x-request-id"].startswith("req_")


def test_every_answer_carries_the_security_headers(system: System) -> None:
    for answer in (system.ask("GET", "/health"), system.ask("GET", "/nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


def test_the_queues_are_counted(system: System) -> None:
    key = system.key("admin")
    made(system, key, priority="high")
    system.clock.advance(seconds=60)

    answer = system.ask("GET", "/api/v1/queue", key=key)

    ages = [queue["oldest_seconds"] for queue in answer.rows("queues")]
    assert answer.status == 200
    assert ages == [60, None, None]


def test_who_asks_too_often_is_told_when_to_ask_again(system: System) -> None:
    system.limited(default=RateLimit(count=2, burst=2))
    key = system.key(scopes=(Scope.TASKS_READ,))

    answers = [system.ask("GET", TASKS, key=key) for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=2;w=60'
    assert answers[2].headers["retry-after"] == "30"
    assert answers[2].json_body["code"] == "too_many_requests"


def test_strangers_are_counted_by_their_address_whatever_they_claim_to_be(system: System) -> None:
    system.limited(anonymous=RateLimit(count=1, burst=1))
    claims = ("x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip")

    statuses = [
        system.ask("GET", "/ready", headers={name: f"192.0.2.{n}"}).status
        for n, name in enumerate(claims)
    ]

    assert statuses == [200, 429, 429, 429]


def test_other_media_than_ours_are_406(system: System) -> None:
    answer = system.ask("GET", "/health", headers={"accept": "image/png, text/html;q=0.5"})

    assert answer.status == 406


@pytest.mark.parametrize("accept", ["Application/JSON", "text/*, APPLICATION/*;Q=0.5"])
def test_media_are_the_same_in_whatever_case(system: System, accept: str) -> None:
    assert system.ask("GET", "/health", headers={"accept": accept}).status == 200


def test_changes_and_denials_are_kept_in_the_audit_log(system: System) -> None:
    made(system, system.key("admin"))
    system.ask("POST", TASKS, {"title": "Tidy up"}, key=system.key("viewer"))

    day = system.clock().date().isoformat()
    kept = [json.loads(row.document)["entry"] for row in system.wiring.audit.oldest(day)]
    assert [(entry["action"], entry["result"]) for entry in kept] == [
        (f"POST {TASKS}", "allowed"),
        (f"POST {TASKS}", "denied"),
    ]


class TestPagesOfOtherOrigins:
    def test_are_not_let_in_by_default(self, system: System) -> None:
        answer = system.ask("GET", "/health", headers={"origin": "https://a.example"})

        assert "access-control-allow-origin" not in answer.headers

    def test_are_let_in_by_their_exact_name(
        self, system: System, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SIGNALBOX_CORS_ORIGINS", "https://a.example")
        system.restart()

        allowed = {
            origin: system.ask("GET", "/health", headers={"origin": origin}).headers.get(
                "access-control-allow-origin"
            )
            for origin in ("https://a.example", "https://evil-a.example", "null")
        }

        assert allowed == {
            "https://a.example": "https://a.example",
            "https://evil-a.example": None,
            "null": None,
        }

    def test_may_read_what_an_answer_says_in_its_headers(
        self, system: System, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SIGNALBOX_CORS_ORIGINS", "https://a.example")
        system.restart()
        headers = {"origin": "https://a.example", "idempotency-key": "one"}
        key = system.key("admin")
        body: JsonValue = {"title": "Tidy up"}

        system.ask("POST", TASKS, body, key=key, headers=headers)
        again = system.ask("POST", TASKS, body, key=key, headers=headers)

        exposed = set(again.headers["access-control-expose-headers"].split(", "))
        assert {"etag", "location", "ratelimit", "x-request-id"} <= exposed
        assert "idempotency-replayed" in exposed & again.headers.keys()

    def test_may_ask_what_they_may_do(
        self, system: System, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SIGNALBOX_CORS_ORIGINS", "https://a.example")
        system.restart()
        asks = {"origin": "https://a.example", "access-control-request-method": "POST"}

        answer = system.ask("OPTIONS", TASKS, headers=asks)

        assert answer.status == 204
        assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST"


def test_a_task_that_no_record_can_hold_is_refused(system: System) -> None:
    body: JsonValue = {"title": "x", "arguments": ["x" * 2_000] * 50}

    answer = system.ask("POST", TASKS, body, key=system.key("admin"))

    assert answer.status == 422


def test_the_largest_task_there_can_be_is_kept(system: System) -> None:
    smile = "\U0001f600"
    body: JsonValue = {
        "title": smile * 200,
        "description": smile * 20_000,
        "arguments": [smile * 2_000] * 10,
        "instruction": smile * 10_000,
        "labels": [smile * 200] * 50,
        "max_attempts": 100,
    }

    answer = system.ask("POST", TASKS, body, key=system.key("admin"))

    assert answer.status == 201, answer.text
