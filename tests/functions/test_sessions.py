"""Logging in to the dashboard: an API key is exchanged for a cookie."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from pydantic import JsonValue

from signalbox.models.principal import BUILT_IN_ROLES
from signalbox.models.rate_limits import RateLimit
from signalbox.runtime.tickets import ticket_manager
from tests.functions.system import ApiResponse, Context, System, as_response, event

SESSIONS = "/api/v1/sessions"
CURRENT = f"{SESSIONS}/current"
UNSAFE = {"x-signalbox-request": "1"}


def log_in(system: System, key: str) -> str:
    """The cookie of a new session, as a browser sends it."""
    created = system.ask("POST", SESSIONS, headers={"authorization": f"Bearer {key}"})
    assert created.status == 201, created.text
    return created.headers["set-cookie"].partition(";")[0]


def ask(system: System, method: str, path: str, cookie: str, **headers: str) -> ApiResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    more = UNSAFE if method != "GET" else {}
    return system.ask(method, path, headers={"cookie": cookie, **more, **sent})


def test_a_key_is_exchanged_for_a_cookie_of_eight_hours(system: System) -> None:
    key = system.key("viewer")

    created = system.ask("POST", SESSIONS, headers={"authorization": f"Bearer {key}"})

    name, _, attributes = created.headers["set-cookie"].partition("=")
    body = created.json_body
    assert created.status == 201
    assert (body["name"], str(body["principal"])[:4]) == ("test", "key:")
    assert body["scopes"] == sorted(BUILT_IN_ROLES["viewer"])
    assert name == "__Host-signalbox"
    assert attributes.partition("; ")[2] == (
        "HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=28800"
    )
    assert key not in created.text


def test_the_cookie_takes_the_place_of_the_key_on_every_route(system: System) -> None:
    cookie = log_in(system, system.key("operator"))

    listed = ask(system, "GET", "/api/v1/tasks", cookie)
    current = ask(system, "GET", CURRENT, cookie)
    made = system.ask(
        "POST", "/api/v1/tasks", {"title": "Tidy up"}, headers={"cookie": cookie, **UNSAFE}
    )
    forbidden = ask(system, "GET", "/api/v1/keys", cookie)

    assert (listed.status, current.status, made.status) == (200, 200, 201)
    assert "keys:read" not in str(current.json_body["scopes"])
    assert forbidden.status == 403


def test_a_request_that_another_page_could_send_is_refused(system: System) -> None:
    cookie = log_in(system, system.key("operator"))
    tasks = "/api/v1/tasks"
    body: JsonValue = {"title": "Tidy up"}

    without = system.ask("POST", tasks, body, headers={"cookie": cookie})
    foreign = system.ask(
        "POST", tasks, body, headers={"cookie": cookie, **UNSAFE, "origin": "https://evil.example"}
    )

    assert (without.status, foreign.status) == (403, 403)
    assert without.headers["content-type"] == "application/problem+json"
    assert system.ask("GET", tasks, headers={"cookie": cookie}).items == []


def test_refused_forgeries_are_in_the_audit_log_a_few_a_minute(system: System) -> None:
    system.limited(refused=RateLimit(count=3, burst=3))
    system.restart()
    cookie, admin = log_in(system, system.key("operator")), system.key("admin")
    actor = ask(system, "GET", CURRENT, cookie).word("principal")
    evil = {"cookie": cookie, **UNSAFE, "origin": "https://evil.example"}

    sent = [
        system.ask("DELETE", "/api/v1/keys/KeyThatIsNone", headers=evil),
        system.ask("POST", "/mcp", {}, headers={"cookie": cookie}),
        *(system.ask("POST", "/api/v1/tasks", {}, headers=evil) for _ in range(5)),
    ]
    own = system.ask("POST", "/api/v1/tasks", {"title": "Own"}, headers=evil | {"origin": ""})

    audit = system.ask("GET", "/api/v1/audit?result=denied", key=admin)
    entries = [entry for item in audit.items if isinstance(entry := item["entry"], dict)]
    assert [answer.status for answer in sent] == [403] * 3 + [429] * 4
    assert [(entry["actor"], entry["action"], entry["object"]) for entry in entries] == [
        (actor, "POST /api/v1/tasks (CSRF refused)", "/api/v1/tasks"),
        (actor, "POST /mcp (CSRF refused)", "/mcp"),
        (actor, "DELETE /api/v1/keys/<key_id> (CSRF refused)", "/api/v1/keys/KeyThatIsNone"),
    ]
    assert own.status == 201, own.text


def test_a_key_in_a_header_takes_precedence_of_the_cookie(system: System) -> None:
    cookie = log_in(system, system.key("admin"))
    viewer = system.key("viewer")

    narrow = ask(system, "GET", "/api/v1/keys", cookie, x_api_key=viewer)
    wrong = ask(system, "GET", "/api/v1/tasks", cookie, authorization="Bearer nonsense")
    basic = ask(system, "GET", "/api/v1/tasks", cookie, authorization="Basic YTpi")
    no_session = ask(system, "GET", CURRENT, cookie, x_api_key=viewer)

    assert (narrow.status, wrong.status, basic.status) == (403, 401, 401)
    assert no_session.status == 401


def test_logging_out_ends_the_session_and_clears_the_cookie(system: System) -> None:
    key = system.key("viewer")
    cookie, other = log_in(system, key), log_in(system, key)

    ended = ask(system, "DELETE", CURRENT, cookie)

    assert (ended.status, ended.text) == (204, "")
    assert ended.headers["set-cookie"].startswith("__Host-signalbox=; ")
    assert ended.headers["set-cookie"].endswith("Max-Age=0")
    assert ask(system, "GET", CURRENT, cookie).status == 401
    assert ask(system, "GET", CURRENT, other).status == 200


def test_somebody_logs_out_everywhere(system: System) -> None:
    key = system.key("viewer")
    cookie, elsewhere, other = (log_in(system, each) for each in (key, key, system.key("viewer")))

    ended = ask(system, "DELETE", SESSIONS, cookie)

    assert (ended.status, ended.json_body) == (200, {"ended": 2})
    assert ended.headers["set-cookie"].startswith("__Host-signalbox=; ")
    assert [ask(system, "GET", CURRENT, each).status for each in (cookie, elsewhere, other)] == [
        401,
        401,
        200,
    ]
    assert system.ask("GET", "/api/v1/tasks", key=key).status == 200, "the key stays valid"


def test_an_admin_ends_the_sessions_of_somebody_else_and_keeps_its_own(system: System) -> None:
    cookie = log_in(system, system.key("viewer"))
    principal = ask(system, "GET", CURRENT, cookie).word("principal")
    admin = log_in(system, system.key("admin"))

    listed = ask(system, "GET", f"{SESSIONS}?principal={principal}", admin)
    ended = ask(system, "DELETE", f"{SESSIONS}?principal={principal}", admin)

    assert [item["principal"] for item in listed.items] == [principal]
    assert listed.json_body["total"] == 1
    assert (ended.json_body, "set-cookie" in ended.headers) == ({"ended": 1}, False)
    assert ask(system, "GET", CURRENT, cookie).status == 401
    assert ask(system, "GET", CURRENT, admin).status == 200
    (entry,) = (
        item["entry"]
        for item in ask(system, "GET", "/api/v1/audit?action=DELETE", admin).items
        if isinstance(item["entry"], dict)
    )
    assert (entry["object"], entry["result"]) == (f"{SESSIONS}?principal={principal}", "allowed")


def test_only_who_manages_keys_ends_the_sessions_of_others(system: System) -> None:
    cookie = log_in(system, system.key("viewer"))
    principal = ask(system, "GET", CURRENT, cookie).word("principal")

    refused = system.ask("DELETE", f"{SESSIONS}?principal={principal}", key=system.key("operator"))

    denied = system.ask("GET", "/api/v1/audit?result=denied", key=system.key("admin"))
    assert refused.status == 403
    assert principal in denied.text
    assert ask(system, "GET", CURRENT, cookie).status == 200


@pytest.mark.parametrize(
    "principal", ["", "abc", "key:", "key:a b", "anonymous", "key:" + "a" * 300]
)
def test_a_principal_that_is_none_has_no_sessions_to_end(system: System, principal: str) -> None:
    answer = system.ask(
        "DELETE", f"{SESSIONS}?{urlencode({'principal': principal})}", key=system.key("admin")
    )

    assert answer.status == 422, answer.text


def test_a_revoked_key_ends_its_sessions_at_once(system: System) -> None:
    key = system.key("viewer")
    cookie = log_in(system, key)
    assert ask(system, "GET", "/api/v1/tasks", cookie).status == 200

    admin = system.key("admin")
    found = ask(system, "GET", CURRENT, cookie).word("principal").removeprefix("key:")
    system.ask("DELETE", f"/api/v1/keys/{found}", key=admin)

    assert ask(system, "GET", "/api/v1/tasks", cookie).status == 401
    assert ask(system, "GET", CURRENT, cookie).status == 401


def test_an_expired_session_is_refused(system: System) -> None:
    cookie = log_in(system, system.key("viewer"))

    system.clock.advance(seconds=8 * 3_600)

    assert ask(system, "GET", "/api/v1/tasks", cookie).status == 401


@pytest.mark.parametrize("token", ["", "sbs_made-up", "sbx_live_x", "a" * 5_000])
def test_a_wrong_cookie_is_refused(system: System, token: str) -> None:
    wrong = ask(system, "GET", "/api/v1/tasks", f"__Host-signalbox={token}")

    assert wrong.status == 401
    assert wrong.headers["content-type"] == "application/problem+json"


def test_a_session_does_not_make_another_one(system: System) -> None:
    cookie = log_in(system, system.key("admin"))

    assert ask(system, "POST", SESSIONS, cookie).status == 401


def test_attempts_to_log_in_are_limited_as_wrong_keys_are(system: System) -> None:
    system.limited(refused=RateLimit(count=2, burst=2))
    system.restart()

    wrong = [
        system.ask("POST", SESSIONS, headers={"authorization": f"Bearer sbx_live_{number}"}).status
        for number in range(4)
    ]

    assert wrong == [401, 401, 429, 429]


def test_sessions_are_in_the_audit_log_and_their_tokens_are_not(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    key, admin = system.key("viewer"), system.key("admin")
    cookie = log_in(system, key)
    ask(system, "DELETE", CURRENT, cookie)

    audit = system.ask("GET", "/api/v1/audit", key=admin)

    token = cookie.partition("=")[2]
    entries = [entry for item in audit.items if isinstance(entry := item["entry"], dict)]
    assert [entry["action"] for entry in entries] == [f"DELETE {CURRENT}", f"POST {SESSIONS}"]
    assert {str(entry["actor"])[:4] for entry in entries} == {"key:"}
    assert token not in audit.text + capsys.readouterr().out


def test_a_socket_of_a_session_ends_with_it(system: System) -> None:
    cookie = log_in(system, system.key("viewer"))

    issued = ask(system, "POST", "/api/v1/realtime/tickets", cookie)

    assert issued.status == 201
    holder = ticket_manager(system.wiring).redeem(issued.word("ticket"))
    assert holder.expires_at == system.clock() + timedelta(hours=8)


def test_an_agent_by_mcp_does_not_act_by_the_cookie_of_a_browser_unasked(system: System) -> None:
    cookie = log_in(system, system.key("admin"))
    message: JsonValue = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}

    answer = system.ask(
        "POST", "/mcp", message, headers={"cookie": cookie, "accept": "application/json"}
    )

    assert answer.status == 403


def test_api_gateway_hands_over_cookies_apart_from_the_headers(system: System) -> None:
    name, _, token = log_in(system, system.key("viewer")).partition("=")
    sent = event("GET", CURRENT, {}, b"") | {"cookies": ["theme=dark", f"{name}={token}"]}

    assert as_response(system.api(sent, Context())).status == 200
