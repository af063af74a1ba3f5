import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Final

import pytest
from pydantic import JsonValue

from signalbox.models.errors import SecretMissing, SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.providers.jira.provider import Jira
from tests.fakes.clock import FakeClock

_SECRET: Final = "a shared secret"
_AT: Final = 1_700_000_000
_ATLASSIAN: Final = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiIxZjNhNmM1ZS1jbGllbnQta2V5IiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDAxODAsInFzaCI6"
    "IjAzZTNjYWNhN2JmNGFjZGY5NDg1NWI5MWJjNDZiNWY4ZDg5NWFmMzMxNzQ5NTFmZmI3NzBmMTg5NWM0NDY2YzEifQ."
    "zAkfamdoDntUU6i0RcwCFPfdkJ1H3UQdqh9olDryr-A"
)
"""Made by the package atlassian-jwt 2.0.3 for a POST to our path."""


def encoded(part: JsonValue | bytes) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(
    claims: JsonValue | bytes,
    *,
    header: JsonValue | bytes = b'{"typ":"JWT","alg":"HS256"}',
    secret: str = _SECRET,
) -> str:
    signed = f"{encoded(header)}.{encoded(claims)}"
    return f"{signed}.{encoded(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def request(
    authorization: str | None, *, query: str = "", base_path: str = "", method: str = "POST"
) -> InboundRequest:
    return InboundRequest(
        method=method,
        path="/api/v1/webhooks/jira",
        base_path=base_path,
        query=query,
        headers={} if authorization is None else {"authorization": authorization},
        body=b"{}",
    )


def verify(called: InboundRequest, *secrets: str, seconds: float = 0) -> int:
    clock = FakeClock(datetime.fromtimestamp(_AT + seconds, UTC))
    return Jira(clock=clock).verify(called, secrets or [_SECRET])


def refused(authorization: str | None, **rest: str) -> str:
    with pytest.raises(SignatureInvalid) as refusal:
        verify(request(authorization, **rest))
    return refusal.value.reason


def hash_of(canonical: str) -> dict[str, JsonValue]:
    return {"exp": _AT + 60, "qsh": hashlib.sha256(canonical.encode()).hexdigest()}


@pytest.mark.parametrize("scheme", ["JWT", "Bearer", "bearer", "jwt "])
def test_a_token_of_atlassian_is_accepted(scheme: str) -> None:
    assert verify(request(f"{scheme} {_ATLASSIAN}"), "another secret", _SECRET) == 1


def test_a_signature_is_verified_and_no_token_where_both_are_sent() -> None:
    both = request(f"JWT {_ATLASSIAN}").with_headers({"x-hub-signature": ""})

    with pytest.raises(SignatureInvalid):
        verify(both)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "JWT",
        "JWT ",
        f"Basic {_ATLASSIAN}",
        _ATLASSIAN,
        f"JWT {_ATLASSIAN} ",
        f"JWT {_ATLASSIAN}=",
        f"JWT {_ATLASSIAN}, JWT {_ATLASSIAN}",
        f"JWT {_ATLASSIAN[:-1]}é",
        f"JWT {_ATLASSIAN[:-1]}\ud800",
        f"JWT {_ATLASSIAN[:-1]}B",
        f"JWT {_ATLASSIAN[:-44]}",
        f"JWT {_ATLASSIAN[:-44]}.",
        f"JWT x{_ATLASSIAN}",
        "JWT a.b.c",
        "JWT " + "a." * 4_000,
    ],
)
def test_what_is_no_token_of_ours_is_refused(authorization: str | None) -> None:
    assert refused(authorization)


def test_a_token_of_another_secret_is_refused() -> None:
    assert refused(f"JWT {token({'exp': _AT + 60}, secret='another')}")


@pytest.mark.parametrize("secrets", [[""], ["changeme"]])
@pytest.mark.parametrize("authorization", [None, f"JWT {_ATLASSIAN}"])
def test_without_a_secret_no_token_is_verified(
    secrets: list[str], authorization: str | None
) -> None:
    with pytest.raises(SecretMissing):
        verify(request(authorization), *secrets)


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none"}',
        b'{"alg":"HS512"}',
        b'{"alg":"RS256"}',
        b'{"alg":"hs256"}',
        b'{"alg":["HS256"]}',
        b'{"alg":"HS256","crit":["b64"],"b64":false}',
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"{",
    ],
)
def test_another_algorithm_is_refused_though_the_signature_is_right(header: bytes) -> None:
    assert "HS256" in refused(f"JWT {token({'exp': _AT + 60}, header=header)}")


@pytest.mark.parametrize(
    "claims",
    [
        b"{}",
        b'{"exp":null}',
        b'{"exp":"1700000060"}',
        b'{"exp":true}',
        b'{"exp":NaN}',
        b'{"exp":1e999}',
        b'{"exp":[1700000060]}',
        b'{"exp":1700000060,"qsh":7}',
        b'{"exp":1700000060,"nbf":"x"}',
        b'{"exp":%s}' % (b"9" * 5_000),
        b"[]",
        b"\xff\xfe",
        b"[" * 5_000,
    ],
)
def test_claims_without_a_usable_expiry_are_refused(claims: bytes) -> None:
    assert refused(f"JWT {token(claims)}")


@pytest.mark.parametrize(("seconds", "good"), [(-1_000, True), (210, True), (211, False)])
def test_a_token_is_accepted_until_half_a_minute_after_its_expiry(
    seconds: int, *, good: bool
) -> None:
    called = request(f"JWT {_ATLASSIAN}")

    if good:
        assert verify(called, seconds=seconds) == 0
    else:
        with pytest.raises(SignatureInvalid, match="expired"):
            verify(called, seconds=seconds)


def test_a_token_that_is_not_valid_yet_is_refused() -> None:
    early, late = (token({"exp": _AT + 600, "nbf": _AT + after}) for after in (30, 31))

    assert verify(request(f"JWT {early}")) == 0
    assert "not valid yet" in refused(f"JWT {late}")


def test_a_token_need_not_name_the_request() -> None:
    assert verify(request(f"Bearer {token({'exp': _AT + 60.5})}")) == 0


@pytest.mark.parametrize(
    "qsh",
    [
        "72bf2e0ca9754c0c7ee79267d6e6fc2fbff2f6d4d8b9a8bfac614aa391034e32",
        "8fe168b87076ea1faf87e3d80c33ce47c75edb62f12e02c32f9879cc26b7e0ca",
    ],
    ids=["base URL without a path", "base URL with a path"],
)
def test_the_query_and_the_base_url_count_as_atlassian_counts_them(qsh: str) -> None:
    made = token({"exp": _AT + 60, "qsh": qsh})

    assert verify(request(f"JWT {made}", query="user_id=5b10&b=2&b=1&a=x%20y&jwt=zz")) == 0
    assert "another URL" in refused(f"JWT {made}", query="user_id=5b11&b=2&b=1&a=x%20y")


@pytest.mark.parametrize(
    "canonical",
    [
        "POST&/hooks/api/v1/webhooks/jira&",
        "POST&/api/v1/webhooks/jira&",
        "POST&/jira&",
        "POST&/&",
    ],
)
def test_a_path_is_relative_to_the_base_url_of_an_app(canonical: str) -> None:
    called = request(f"JWT {token(hash_of(canonical))}", base_path="/hooks")

    assert verify(called) == 0


@pytest.mark.parametrize(
    "claims",
    [
        hash_of("GET&/api/v1/webhooks/jira&"),
        hash_of("POST&/api/v1/webhooks/trello&"),
        hash_of("POST&/api/v1/webhooks/jira&a=1"),
        {"exp": _AT + 60, "qsh": "context-qsh"},
        {"exp": _AT + 60, "qsh": ""},
    ],
)
def test_a_token_of_another_request_or_of_a_page_is_refused(claims: JsonValue) -> None:
    assert "another URL" in refused(f"JWT {token(claims)}")


def test_a_query_of_any_characters_is_hashed() -> None:
    assert "another URL" in refused(f"JWT {token(hash_of('POST&/'))}", query="a=\ud800&%ff=%zz&&=")
