import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta

import pytest
from pydantic import JsonValue

from signalbox.models.errors import SecretMissing, SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.providers.generic.provider import Generic
from tests.builders import NOW
from tests.fakes.clock import FakeClock
from tests.samples import request_of

BODY = b'{"type":"build"}'


def provider(verify: JsonValue) -> Generic:
    return Generic(clock=FakeClock()).with_settings({"preset": "plain", "verify": verify})


def request(headers: Mapping[str, str] | None = None, query: str = "") -> InboundRequest:
    return InboundRequest(
        method="POST", path="/", headers=dict(headers or {}), body=BODY, query=query
    )


@pytest.mark.parametrize(
    ("verify", "headers", "secret"),
    [
        ({"type": "bearer"}, {"authorization": "Bearer abc"}, "abc"),
        ({"type": "bearer"}, {"authorization": "bearer abc"}, "abc"),
        (
            {"type": "basic"},
            {"authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
            "Aladdin:open sesame",
        ),
        ({"type": "header", "header": "x-token"}, {"x-token": "abc"}, "abc"),
    ],
)
def test_a_token_is_compared_with_the_secrets(
    verify: JsonValue, headers: dict[str, str], secret: str
) -> None:
    assert provider(verify).verify(request(headers), ["other", secret]) == 1


@pytest.mark.parametrize("given", ["", "abc", "Basic abc", "Bearer", "Bearer ", "Bearer  abc"])
def test_a_token_of_another_scheme_is_refused(given: str) -> None:
    with pytest.raises(SignatureInvalid):
        provider({"type": "bearer"}).verify(request({"authorization": given}), ["abc"])


@pytest.mark.parametrize("query", ["", "token=", "token=ab", "other=abc", "token=abc&token=abc"])
def test_a_query_without_the_one_right_token_is_refused(query: str) -> None:
    verify: JsonValue = {"type": "query", "parameter": "token"}

    with pytest.raises(SignatureInvalid):
        provider(verify).verify(request(query=query), ["abc"])


@pytest.mark.parametrize("query", ["token=a%2Fb+c", "x=1&token=a%2Fb%20c"])
def test_a_token_in_the_query_is_decoded(query: str) -> None:
    verify: JsonValue = {"type": "query", "parameter": "token"}

    assert provider(verify).verify(request(query=query), ["a/b c"]) == 0


def test_a_query_of_very_many_parameters_is_refused() -> None:
    query = "&".join(["token=abc", *("a=1" for _ in range(50))])

    with pytest.raises(SignatureInvalid):
        provider({"type": "query", "parameter": "token"}).verify(request(query=query), ["abc"])


@pytest.mark.parametrize("type_", ["bearer", "basic"])
def test_without_a_secret_no_token_is_right(type_: str) -> None:
    with pytest.raises(SecretMissing):
        provider({"type": type_}).verify(request({"authorization": "Bearer "}), [""])


@pytest.mark.parametrize(
    "verify",
    [
        {"type": "bearer"},
        {"type": "basic"},
        {"type": "header", "header": "x-token"},
        {"type": "query", "parameter": "token"},
        {"type": "standard-webhooks", "headers": "svix"},
        {"type": "hmac", "header": "x-sign", "prefix": "sha256=", "algorithm": "sha512"},
    ],
)
def test_what_is_signed_for_a_source_is_accepted(verify: JsonValue) -> None:
    subject = provider(verify)

    signed = subject.sign(request({"svix-id": "msg_1"}), "user:päss word")

    assert subject.verify(signed, ["user:päss word"]) == 0


def test_a_scheme_is_configured_piece_by_piece() -> None:
    settings: JsonValue = {
        "type": "hmac",
        "header": "x-sign",
        "algorithm": "sha1",
        "encoding": "base64",
        "prefix": "v2:",
        "separator": ";",
        "signed": "{x-id}|{timestamp}|{body}",
        "timestamp": {"header": "x-sign", "item": "at:", "separator": ";"},
        "tolerance": 60,
    }
    at = int(NOW.timestamp())
    digest = hmac.digest(b"secret", b"id7|%d|%s" % (at - 60, BODY), hashlib.sha1)
    signature = f"at:{at - 60};v1:x;v2:{base64.b64encode(digest).decode()}"
    signed = request({"x-sign": signature, "x-id": "id7"})
    subject = provider(settings)

    assert subject.verify(signed, ["secret"]) == 0
    with pytest.raises(SignatureInvalid):
        Generic(clock=FakeClock(NOW + timedelta(seconds=1))).with_settings(
            {"preset": "plain", "verify": settings}
        ).verify(signed, ["secret"])


@pytest.mark.parametrize(
    ("time", "right"),
    [
        ("2026-03-01T12:00:00Z", True),
        ("2026-03-01T11:55:00Z", True),
        ("2026-03-01T12:05:00.000Z", True),
        ("2026-03-01T11:54:59Z", False),
        ("2026-03-01T12:05:01Z", False),
        ("2026-03-01T12:00:00", False),
        ("2026-03-01T12:00:00+00:00", False),
        ("2026-13-01T12:00:00Z", False),
        ("1772366400", False),
        ("", False),
        ("2026-03-01T12:00:00Z{", False),
    ],
)
def test_the_time_of_zendesk_is_near(time: str, *, right: bool) -> None:
    digest = hmac.digest(b"secret", time.encode() + BODY, hashlib.sha256)
    headers = {
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": time,
    }
    subject = Generic(clock=FakeClock()).with_settings({"preset": "zendesk"})
    signed = request_of("generic", headers, BODY)

    if right:
        assert subject.verify(signed, ["secret"]) == 0
    else:
        with pytest.raises(SignatureInvalid):
            subject.verify(signed, ["secret"])
