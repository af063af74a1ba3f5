import json
from datetime import timedelta

import pytest

from signalbox.models.errors import SecretMissing, SignatureInvalid
from signalbox.providers.linear.provider import Linear
from signalbox.providers.linear.signature import SCHEME
from tests.builders import NOW, SECRET
from tests.fakes.clock import FakeClock
from tests.samples import request_of, sample

_NOW_MS = int(NOW.timestamp()) * 1_000


def verify(body: bytes, *, seconds: float = 0, secret: str = SECRET) -> int:
    request = request_of("linear", {}, body)
    signed = request.with_headers({"linear-signature": SCHEME.signature(SECRET, request)})
    return Linear(clock=FakeClock(NOW + timedelta(seconds=seconds))).verify(signed, [secret])


@pytest.mark.parametrize("written", [f"{_NOW_MS}", f"{_NOW_MS}.0", f"{_NOW_MS - 0.5}"])
def test_the_time_in_the_body_is_a_number_of_milliseconds(written: str) -> None:
    assert verify(b'{"webhookTimestamp":%s}' % written.encode()) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b'{"webhookTimestamp":null}',
        b'{"webhookTimestamp":"%d"}' % _NOW_MS,
        b'{"webhookTimestamp":true}',
        b'{"webhookTimestamp":NaN}',
        b'{"webhookTimestamp":1e400}',
        b'{"webhookTimestamp":[%d]}' % _NOW_MS,
        b'{"data":{"webhookTimestamp":%d}}' % _NOW_MS,
        b'{"webhookTimestamp":%d}' % (_NOW_MS // 1_000),
    ],
)
def test_a_body_without_a_recent_time_is_refused_though_the_signature_is_right(
    body: bytes,
) -> None:
    with pytest.raises(SignatureInvalid, match="webhookTimestamp"):
        verify(body)


def test_the_header_with_the_time_is_not_signed_and_never_read() -> None:
    request = request_of("linear", {"Linear-Timestamp": str(_NOW_MS)}, b"{}")
    signed = request.with_headers({"linear-signature": SCHEME.signature(SECRET, request)})

    with pytest.raises(SignatureInvalid):
        Linear(clock=FakeClock()).verify(signed, [SECRET])


def test_a_replay_is_refused_after_a_minute() -> None:
    body = b'{"webhookTimestamp":%d}' % _NOW_MS

    assert verify(body, seconds=60) == 0
    with pytest.raises(SignatureInvalid, match="0:01:00"):
        verify(body, seconds=60.001)


def test_without_a_secret_nothing_is_verified() -> None:
    with pytest.raises(SecretMissing):
        verify(b"{}", secret="")


@pytest.mark.parametrize("days", [0, 400])
def test_a_sample_is_signed_with_the_current_time(days: int) -> None:
    recorded = sample("linear", "comment.create")
    provider = Linear(clock=FakeClock(NOW + timedelta(days=days)))

    signed = provider.sign(request_of("linear", recorded.headers, recorded.raw), SECRET)

    assert provider.verify(signed, [SECRET]) == 0
    assert json.loads(signed.body) == {
        **recorded.body,
        "webhookTimestamp": _NOW_MS + days * 86_400_000,
    }


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff"])
def test_a_body_that_is_no_object_is_signed_as_it_is(body: bytes) -> None:
    assert Linear().sign(request_of("linear", {}, body), SECRET).body == body
