from datetime import timedelta

import pytest

from signalbox.http.authorize import ForgedRequest
from signalbox.http.session_credentials import SessionAuthenticator, SessionCookie
from signalbox.models.errors import Unauthenticated
from signalbox.models.principal import Principal
from signalbox.models.request import InboundRequest
from tests.builders import NOW

HOST = "api.example.com"
PAGE = "https://pages.example.com"
CALLER = Principal(name="key:abc", scopes=frozenset())
COOKIE = "__Host-signalbox=sbs_x"
SECURE, PLAIN = SessionCookie(), SessionCookie(is_secure=False)


def request(method: str = "GET", **headers: str) -> InboundRequest:
    """A request with a session; a name such as `x_api_key` is that of a header."""
    sent = {"host": HOST, "cookie": COOKIE}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return InboundRequest(method=method, path="/api/v1/tasks", headers=sent, body=b"")


def authenticator(cookie: SessionCookie = SECURE) -> SessionAuthenticator:
    return SessionAuthenticator(
        cookie=cookie, authenticate=lambda _: CALLER, origins=frozenset({PAGE})
    )


def test_the_cookie_is_for_this_host_and_no_script() -> None:
    until = NOW + timedelta(hours=8)

    assert SECURE.set_cookie("sbs_x", until=until, now=NOW) == (
        "__Host-signalbox=sbs_x; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=28800"
    )
    assert PLAIN.set_cookie("sbs_x", until=until, now=NOW) == (
        "signalbox-local=sbs_x; HttpOnly; SameSite=Strict; Path=/; Max-Age=28800"
    )
    assert SECURE.clear_cookie() == (
        "__Host-signalbox=; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=0"
    )


@pytest.mark.parametrize(
    ("sent", "token"),
    [
        (COOKIE, "sbs_x"),
        (f"a=1; {COOKIE}; b=2", "sbs_x"),
        (f"a=1;{COOKIE} ;b=2", "sbs_x"),
        ("__Host-signalbox=sbs_x=y", "sbs_x=y"),
        ("signalbox-local=sbs_x", ""),
        ("__host-signalbox=sbs_x", ""),
        ("x__Host-signalbox=sbs_x", ""),
        ("__Host-signalbox", ""),
        ("", ""),
    ],
)
def test_the_cookie_is_found_among_others(sent: str, token: str) -> None:
    assert SECURE.token(request(cookie=sent)) == token


def test_a_stack_with_tls_does_not_accept_the_cookie_of_one_without() -> None:
    local = request(cookie="signalbox-local=sbs_x")

    assert PLAIN.token(local) == "sbs_x"
    assert PLAIN.token(request()) == ""


@pytest.mark.parametrize("header", ["authorization", "x_api_key"])
def test_credentials_in_a_header_take_precedence(header: str) -> None:
    sent = request(**{header: "anything"})

    assert authenticator()(sent) is None
    assert SECURE.token(sent) == ""


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_who_only_reads_needs_the_cookie_alone(method: str) -> None:
    assert authenticator()(request(method, origin="https://evil.example")) == CALLER


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "QUERY"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_signalbox_request": "0"},
        {"x_signalbox_request": ""},
        {"origin": f"https://{HOST}"},
        {"x_signalbox_request": "1", "origin": "https://evil.example"},
        {"x_signalbox_request": "1", "origin": "null"},
        {"x_signalbox_request": "1", "origin": f"http://{HOST}"},
        {"x_signalbox_request": "1", "origin": f"https://{HOST}:8443"},
        {"x_signalbox_request": "1", "origin": f"https://{HOST}.evil.example"},
        {"x_signalbox_request": "1", "origin": f"https://evil.{HOST}"},
        {"x_signalbox_request": "1", "origin": "https://", "host": ""},
    ],
)
def test_what_another_page_could_send_changes_nothing(method: str, headers: dict[str, str]) -> None:
    with pytest.raises(ForgedRequest) as refused:
        authenticator()(request(method, **headers))

    assert refused.value.caller == CALLER


def test_a_request_with_a_session_that_is_not_valid_is_nobodys() -> None:
    def unknown(_: str) -> Principal:
        raise Unauthenticated("unknown")

    admit = SessionAuthenticator(cookie=SECURE, authenticate=unknown)

    with pytest.raises(Unauthenticated):
        admit(request("POST"))


@pytest.mark.parametrize("origin", [None, f"https://{HOST}", "https://API.example.com", PAGE])
def test_our_own_pages_may_change_things(origin: str | None) -> None:
    headers = {"x_signalbox_request": "1"} | ({"origin": origin} if origin else {})

    assert authenticator()(request("POST", **headers)) == CALLER


def test_without_tls_our_own_pages_have_none_either() -> None:
    sent = {"cookie": "signalbox-local=sbs_x", "host": "127.0.0.1:4600", "x_signalbox_request": "1"}
    admit = authenticator(PLAIN)

    assert admit(request("POST", origin="http://127.0.0.1:4600", **sent)) == CALLER
    with pytest.raises(ForgedRequest):
        admit(request("POST", origin="http://127.0.0.1:4601", **sent))
