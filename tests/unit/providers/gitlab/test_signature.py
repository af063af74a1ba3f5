from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.models.errors import Conflict, SecretMissing, SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.providers.gitlab.provider import GitLab
from tests.fakes.clock import FakeClock
from tests.samples import request_of

_AT: Final = 1_614_265_330
_PUBLISHED: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_SIGNATURE: Final = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
_SIGNING: Final = "whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q="
_TOKEN: Final = "a-secret-token"
_BODY: Final = b'{"test": 2432232314}'


def gitlab(seconds: int = 0) -> GitLab:
    return GitLab(clock=FakeClock(datetime.fromtimestamp(_AT + seconds, UTC)))


def a_request(headers: dict[str, str] | None = None, body: bytes = _BODY) -> InboundRequest:
    return request_of("gitlab", headers or {}, body)


def published(headers: dict[str, str] | None = None, body: bytes = _BODY) -> InboundRequest:
    """The example of https://www.standardwebhooks.com."""
    signed = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": str(_AT),
        "webhook-signature": _SIGNATURE,
    }
    return a_request({**signed, **(headers or {})}, body)


def test_a_published_signature_is_accepted() -> None:
    assert gitlab().verify(published(), [_PUBLISHED]) == 0


def test_one_of_several_signatures_must_be_right() -> None:
    several = {"webhook-signature": f"v1a,unknown v1,wrong {_SIGNATURE}"}

    assert gitlab().verify(published(several), [_PUBLISHED]) == 0


def test_the_index_counts_secrets_of_both_forms() -> None:
    token = a_request({"X-Gitlab-Token": _TOKEN})

    assert gitlab().verify(published(), [_TOKEN, "", _SIGNING, _PUBLISHED]) == 3
    assert gitlab().verify(token, [_PUBLISHED, "another", _TOKEN]) == 2


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_that_is_not_recent_is_refused(seconds: int) -> None:
    with pytest.raises(SignatureInvalid, match="timestamp"):
        gitlab(seconds).verify(published(), [_PUBLISHED])


@pytest.mark.parametrize(
    "spoiled",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": _SIGNATURE.removeprefix("v1,")},
        {"webhook-signature": f"{_SIGNATURE},{_SIGNATURE}"},
        {"webhook-id": "msg_another"},
        {"webhook-id": ""},
        {"webhook-id": "a.b"},
        {"webhook-timestamp": str(_AT + 1)},
        {"webhook-timestamp": "1e400"},
        {"webhook-timestamp": ""},
    ],
)
def test_a_spoiled_signature_is_refused(spoiled: dict[str, str]) -> None:
    with pytest.raises(SignatureInvalid):
        gitlab().verify(published(spoiled), [_PUBLISHED])


@pytest.mark.parametrize("body", [b"", _BODY + b" ", b"\xff\xfe"])
def test_the_signature_of_another_body_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        gitlab().verify(published(body=body), [_PUBLISHED])


def test_a_signing_token_is_no_secret_token() -> None:
    """A signing token is never sent; whoever sends it has seen it elsewhere."""
    with pytest.raises(SignatureInvalid):
        gitlab().verify(a_request({"X-Gitlab-Token": _PUBLISHED}), [_PUBLISHED])


def test_a_secret_token_signs_nothing() -> None:
    scheme_of_text = published({"webhook-signature": _SIGNATURE, "X-Gitlab-Token": ""})

    with pytest.raises(SignatureInvalid):
        gitlab().verify(scheme_of_text, [_PUBLISHED.removeprefix("whsec_")])


def test_the_right_token_is_enough_whatever_the_signature() -> None:
    """GitLab sends both while one of the two is being replaced by the other."""
    both = published({"webhook-signature": "v1,wrong", "X-Gitlab-Token": _TOKEN})

    assert gitlab().verify(both, [_PUBLISHED, _TOKEN]) == 1


@pytest.mark.parametrize("secrets", [[], ["", "changeme"], ["whsec_"]])
def test_without_a_secret_nothing_is_verified(secrets: list[str]) -> None:
    with pytest.raises(SecretMissing):
        gitlab().verify(published({"X-Gitlab-Token": "changeme"}), secrets)


@given(
    header=st.sampled_from(
        ["x-gitlab-token", "webhook-id", "webhook-timestamp", "webhook-signature"]
    ),
    text=st.text(st.characters(codec=None, exclude_categories=())),
)
def test_any_header_is_refused_in_our_words(header: str, text: str) -> None:
    with pytest.raises(SignatureInvalid):
        gitlab().verify(published({"webhook-signature": "", header: text}), [_PUBLISHED, _TOKEN])


def test_a_sample_is_signed_as_its_secret_says() -> None:
    sample = a_request({"Idempotency-Key": "a3cb769e-b1f7"})

    token, signed = (gitlab().sign(sample, secret) for secret in (_TOKEN, _SIGNING))

    assert token.header("x-gitlab-token") == _TOKEN
    assert token.header("webhook-signature") == ""
    assert signed.header("x-gitlab-token") == ""
    assert signed.header("webhook-id") == "a3cb769e-b1f7"
    assert gitlab().verify(signed, [_TOKEN, _SIGNING]) == 1


@pytest.mark.parametrize("secret", [_TOKEN, _SIGNING])
def test_a_secret_of_either_form_can_be_stored(secret: str) -> None:
    gitlab().check_secret(secret)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_my-own-words", _PUBLISHED, f"{_SIGNING}="])
def test_a_signing_token_that_gitlab_cannot_have_made_is_refused(secret: str) -> None:
    with pytest.raises(Conflict, match="32 bytes"):
        gitlab().check_secret(secret)
