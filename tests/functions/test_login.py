"""Logging in to the dashboard at an issuer: from its button to a session, and what goes wrong."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

from tests.fakes.http_server import FakeHttpServer, Reply
from tests.fakes.tokens import an_issuer, claims, rsa, signed
from tests.functions.system import ApiResponse, System

HOST = {"host": "api.example.com"}
SESSIONS = "/api/v1/sessions"
CURRENT = f"{SESSIONS}/current"
CODE = "a-code-of-the-issuer"


@pytest.fixture
def idp() -> Iterator[FakeHttpServer]:
    with FakeHttpServer().running() as server:
        yield server


@pytest.fixture
def system(system: System, idp: FakeHttpServer, monkeypatch: pytest.MonkeyPatch) -> System:
    monkeypatch.setenv("SIGNALBOX_TRUSTED_ORIGINS", idp.url)
    system.restart()
    login = {
        "authorization_url": "https://id.example.com/authorize",
        "token_url": f"{idp.url}/token",
    }
    system.wiring.config.put(an_issuer(login=login))
    return system


def begin(system: System) -> tuple[dict[str, str], str]:
    """Where the browser is sent, and the cookie that it sends when it returns."""
    sent = system.ask("GET", f"{SESSIONS}/login/corp", headers=HOST)
    assert sent.status == 303, sent.text
    query = parse_qs(urlsplit(sent.headers["location"]).query)
    assert "SameSite=Lax" in sent.headers["set-cookie"]
    return {name: value for name, (value,) in query.items()}, sent.headers["set-cookie"].partition(
        ";"
    )[0]


def come_back(system: System, cookie: str, **query: str) -> ApiResponse:
    path = f"{SESSIONS}/callback?{urlencode(query)}"
    return system.ask("GET", path, headers={**HOST, "cookie": cookie})


def answer(idp: FakeHttpServer, **changes: object) -> None:
    """The issuer redeems the next code for an ID token with these claims."""
    token = signed(rsa(), claims(**{"roles": ["admins"], **changes}))
    idp.replies(Reply(body=json.dumps({"id_token": token, "access_token": "x"}).encode()))


def test_a_person_who_logs_in_at_the_issuer_has_a_session(
    system: System, idp: FakeHttpServer
) -> None:
    query, cookie = begin(system)
    answer(idp, nonce=query["nonce"])

    back = come_back(system, cookie, code=CODE, state=query["state"], session_state="s", iss="x")

    session = back.headers["set-cookie"].partition(";")[0]
    current = system.ask("GET", CURRENT, headers={"cookie": session})
    form = dict(parse_qsl(idp.received[0].body.decode()))
    assert (back.status, back.headers["location"]) == (303, "/")
    assert "SameSite=Strict; Path=/; Max-Age=28800" in back.headers["set-cookie"]
    assert (current.word("principal"), current.word("name")) == ("jwt:corp/alice", "alice")
    assert "keys:read" in str(current.json_body["scopes"])
    assert (form["code"], form["redirect_uri"]) == (CODE, query["redirect_uri"])
    assert query["redirect_uri"] == f"https://api.example.com{SESSIONS}/callback"


def test_a_session_outlives_the_id_token_but_not_its_issuer(
    system: System, idp: FakeHttpServer
) -> None:
    query, cookie = begin(system)
    answer(idp, nonce=query["nonce"])
    back = come_back(system, cookie, code=CODE, state=query["state"])
    session = {"cookie": back.headers["set-cookie"].partition(";")[0]}

    system.clock.advance(seconds=7_200)
    later = system.ask("GET", CURRENT, headers=session)
    system.wiring.config.remove(an_issuer())
    system.clock.advance(seconds=31)
    removed = system.ask("GET", CURRENT, headers=session)

    assert (later.status, removed.status) == (200, 401)


def test_a_login_is_in_the_audit_log_and_neither_code_nor_token_anywhere(
    system: System, idp: FakeHttpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    query, cookie = begin(system)
    answer(idp, nonce=query["nonce"])
    back = come_back(system, cookie, code=CODE, state=query["state"])

    audit = system.ask("GET", "/api/v1/audit", key=system.key("admin"))

    session = back.headers["set-cookie"].partition(";")[0].partition("=")[2]
    entries = [entry for item in audit.items if isinstance(entry := item["entry"], dict)]
    assert [(entry["actor"], entry["action"]) for entry in entries] == [
        ("jwt:corp/alice", f"GET {SESSIONS}/callback")
    ]
    printed = audit.text + capsys.readouterr().out
    for secret in (CODE, session, query["state"]):
        assert secret not in printed


@pytest.mark.parametrize("nonce", [None, "another"])
def test_an_id_token_of_another_login_makes_no_session(
    system: System, idp: FakeHttpServer, nonce: str | None
) -> None:
    query, cookie = begin(system)
    answer(idp, nonce=nonce)

    back = come_back(system, cookie, code=CODE, state=query["state"])

    assert back.headers["location"] == "/#/login?error=refused"
    assert "set-cookie" not in back.headers


def test_a_code_that_another_page_brings_is_not_redeemed(
    system: System, idp: FakeHttpServer
) -> None:
    query, cookie = begin(system)

    without = come_back(system, "", code=CODE, state=query["state"])
    foreign = come_back(system, cookie, code=CODE, state="x" * 43)

    assert {back.headers["location"] for back in (without, foreign)} == {"/#/login?error=refused"}
    assert idp.received == []


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(status=400, body=b'{"error": "invalid_grant"}'), "refused"),
        (Reply(body=b'{"access_token": "x"}'), "refused"),
        (Reply(body=b"[" * 10_000), "refused"),
        (Reply(status=503), "unavailable"),
    ],
)
def test_why_the_issuer_does_not_redeem_a_code_is_shown(
    system: System, idp: FakeHttpServer, reply: Reply, why: str
) -> None:
    query, cookie = begin(system)
    idp.replies(reply)

    back = come_back(system, cookie, code=CODE, state=query["state"])

    assert back.headers["location"] == f"/#/login?error={why}"


def test_a_person_who_does_not_log_in_returns_to_the_page(system: System) -> None:
    _, cookie = begin(system)

    back = come_back(system, cookie, error="access_denied", error_description="<b>no</b>")

    assert (back.status, back.headers["location"]) == (303, "/#/login?error=denied")


def test_the_issuers_are_listed_for_the_login_page(system: System) -> None:
    listed = system.ask("GET", f"{SESSIONS}/issuers")

    assert listed.items == [{"name": "corp", "path": f"{SESSIONS}/login/corp"}]
    assert system.ask("GET", f"{SESSIONS}/login/nowhere").status == 404
