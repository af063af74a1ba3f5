import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Lock

import pytest
from pydantic import ValidationError

from signalbox.egress import token_cache
from signalbox.egress.access_tokens import AccessTokens
from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.responses import DEFAULT_RETRY_WAIT, SecretRefused
from signalbox.models.errors import SendDelayed, SendRefused
from tests.fakes.clock import FakeClock
from tests.fakes.token_endpoint import TOKEN_URL, FakeTokenEndpoint, a_client, issued

CANARY = "Ca2Na3Ry4Zz5Qq6Ww7"


def tokens_of(endpoint: FakeTokenEndpoint, clock: FakeClock | None = None) -> AccessTokens:
    return AccessTokens(http=endpoint, clock=clock or FakeClock())


def error_after(answer: HttpResponse | Exception) -> SendRefused | SendDelayed:
    with pytest.raises((SendRefused, SendDelayed)) as error:
        tokens_of(FakeTokenEndpoint(answer)).token(a_client(), CANARY)
    assert isinstance(error.value, SendRefused | SendDelayed)
    return error.value


def refusal(status: int, body: bytes, **headers: timedelta) -> HttpResponse:
    return HttpResponse(status=status, body=body, retry_after=headers.get("retry_after"))


def test_a_token_is_requested_by_basic_authentication() -> None:
    endpoint = FakeTokenEndpoint()

    token = tokens_of(endpoint).token(a_client(scope="a b", audience="https://api"), "s3 cret:+é%")

    assert token.value == "token-1"
    [request] = endpoint.received
    assert (request.method, request.url) == ("POST", TOKEN_URL)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert endpoint.credentials == ["signalbox:s3+cret%3A%2B%C3%A9%25"]
    assert endpoint.forms == [
        {"grant_type": "client_credentials", "scope": "a b", "audience": "https://api"}
    ]


def test_a_client_may_authenticate_itself_in_the_body() -> None:
    endpoint = FakeTokenEndpoint()
    client = a_client(token_endpoint_auth_method="client_secret_post")

    tokens_of(endpoint).token(client, "a&b=c")

    assert "Authorization" not in endpoint.received[0].headers
    assert endpoint.forms == [
        {
            "grant_type": "client_credentials",
            "client_id": "signalbox",
            "client_secret": "a&b=c",
        }
    ]


@pytest.mark.parametrize(
    ("expires_in", "used_for"),
    [
        (3600, 3540),
        ("3600", 3540),
        (90, 45),
        (None, 240),
        (10**30, 86_340),
        ("Infinity", 86_340),
    ],
)
def test_a_token_is_used_until_shortly_before_its_end(expires_in: object, used_for: int) -> None:
    clock, endpoint = FakeClock(), FakeTokenEndpoint(issued("first", expires_in=expires_in))
    tokens = tokens_of(endpoint, clock)

    values = [tokens.token(a_client(), "s").value]
    clock.advance(seconds=used_for - 1)
    values.append(tokens.token(a_client(), "s").value)
    clock.advance(seconds=1)
    values.append(tokens.token(a_client(), "s").value)

    assert values == ["first", "first", "token-2"]


@pytest.mark.parametrize("expires_in", [0, -5, "NaN"])
def test_a_token_without_a_lifetime_is_used_once(expires_in: object) -> None:
    endpoint = FakeTokenEndpoint(issued("first", expires_in=expires_in))
    tokens = tokens_of(endpoint)

    assert [tokens.token(a_client(), "s").value for _ in range(2)] == ["first", "token-2"]


def test_clients_and_secrets_have_tokens_of_their_own() -> None:
    tokens = tokens_of(FakeTokenEndpoint())

    issued_tokens = [
        tokens.token(client, secret).value
        for client, secret in (
            (a_client(), "one"),
            (a_client(), "two"),
            (a_client(scope="write"), "one"),
            (a_client(), "one"),
        )
    ]

    assert issued_tokens == ["token-1", "token-2", "token-3", "token-1"]


def test_a_refused_token_is_replaced_once() -> None:
    endpoint = FakeTokenEndpoint()
    tokens = tokens_of(endpoint)
    first = tokens.token(a_client(), "s")

    again = [tokens.token(a_client(), "s", refused=first).value for _ in range(2)]

    assert again == ["token-2", "token-2"]
    assert len(endpoint.received) == 2


def test_a_token_that_was_fetched_after_a_failure_is_used() -> None:
    tokens = tokens_of(FakeTokenEndpoint(HttpResponse(status=503)))

    with pytest.raises(SendDelayed):
        tokens.token(a_client(), "s")

    assert tokens.token(a_client(), "s").value == "token-2"


class _MeetingEndpoint(FakeTokenEndpoint):
    """An endpoint that lets another thread ask for the token before it answers."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__(answer)
        self.asked, self.go = Event(), Event()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.set()
        assert self.go.wait(5)
        return super().__call__(request)


class _OpeningLock:
    """A lock that opens the endpoint as soon as a second thread waits for it."""

    def __init__(self, endpoint: _MeetingEndpoint) -> None:
        self._lock, self._endpoint = Lock(), endpoint

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._endpoint.go.set()
            assert self._lock.acquire(timeout=5)

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@pytest.mark.parametrize("answer", [issued("one"), HttpResponse(status=503)])
def test_threads_share_one_request_and_its_outcome(
    answer: HttpResponse, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = _MeetingEndpoint(answer)
    monkeypatch.setattr(token_cache, "Lock", lambda: _OpeningLock(endpoint))
    tokens = tokens_of(endpoint)

    def ask() -> str:
        try:
            return tokens.token(a_client(), "s").value
        except SendDelayed as error:
            return error.reason

    with ThreadPoolExecutor(2) as pool:
        leader = pool.submit(ask)
        assert endpoint.asked.wait(5)
        follower = pool.submit(ask)
        outcomes = {leader.result(5), follower.result(5)}

    assert len(endpoint.received) == 1
    assert len(outcomes) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (401, b'{"error": "invalid_client"}', SecretRefused, "401 invalid_client"),
        (400, b'{"error": "invalid_client"}', SecretRefused, "400 invalid_client"),
        (401, b"", SecretRefused, "401"),
        (403, b"<html>", SecretRefused, "403"),
        (400, b'{"error": "invalid_scope"}', SendRefused, "400 invalid_scope"),
        (400, b"[" * 100_000, SendRefused, "400"),
        (404, b"[1]", SendRefused, "404"),
        (201, b"{}", SendRefused, "201"),
        (400, b'{"error": "temporarily_unavailable"}', SendDelayed, "temporarily_unavailable"),
        (500, b'{"error": "server_error"}', SendDelayed, "500 server_error"),
        (503, b"", SendDelayed, "503"),
        (408, b"", SendDelayed, "408"),
    ],
)
def test_an_error_of_the_token_endpoint_says_whether_it_may_pass(
    status: int, body: bytes, kind: type[Exception], reason: str
) -> None:
    error = error_after(refusal(status, body))

    assert type(error) is kind
    assert error.reason.endswith(reason)


@pytest.mark.parametrize(
    ("wait", "after"), [(timedelta(seconds=7), timedelta(seconds=7)), (None, DEFAULT_RETRY_WAIT)]
)
def test_too_many_requests_for_tokens_are_waited_for(
    wait: timedelta | None, after: timedelta
) -> None:
    error = error_after(HttpResponse(status=429, retry_after=wait))

    assert isinstance(error, SendDelayed)
    assert error.after == after


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(status=200, body=b""),
        HttpResponse(status=200, body=b"[]"),
        HttpResponse(status=200, body=b'{"token_type": "bearer"}'),
        issued(f"{CANARY}\r\nX-Evil: 1"),
        issued(f"{CANARY} {CANARY}"),
        issued(""),
        issued("é"),
        issued(CANARY, token_type="mac"),
        issued(CANARY, expires_in="soon"),
    ],
)
def test_an_answer_without_a_usable_token_is_refused(answer: HttpResponse) -> None:
    assert type(error_after(answer)) is SendRefused


@pytest.mark.parametrize(
    "answer",
    [
        issued(f"{CANARY}\n"),
        refusal(400, f'{{"error": "{CANARY}"}}'.encode()),
        refusal(401, f'{{"error": "invalid_client", "error_description": "{CANARY}"}}'.encode()),
        refusal(500, CANARY.encode()),
        SendDelayed("the connection failed"),
        SendRefused("redirects are not followed: 302"),
    ],
)
def test_no_error_shows_a_secret_or_a_token(answer: HttpResponse | Exception) -> None:
    error = error_after(answer)

    assert "token endpoint" in error.reason
    assert CANARY not in "".join(traceback.format_exception(error)) + repr(error)


def test_neither_a_token_nor_its_request_is_printed() -> None:
    endpoint = FakeTokenEndpoint(issued(CANARY))
    tokens = tokens_of(endpoint)

    token = tokens.token(a_client(), CANARY)

    assert CANARY not in f"{token!r} {tokens!r} {endpoint.received!r}"


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "basic"},
        {"token_url": "ftp://id.example.com/"},
        {"token_url": "https://id.example.com/#part"},
        {"token_url": "https://id example.com/"},
        {"client_id": ""},
        {"client_id": "a\nb"},
        {"scope": ""},
        {"scope": "a  b"},
        {"scope": 'a"b'},
        {"audience": ""},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"secret": "x"},
    ],
)
def test_client_credentials_are_checked(changes: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        a_client(**changes)
