"""Every signature scheme that providers use can be written as an `HmacScheme`."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.ingress.signatures import HmacScheme, header_timestamp, item_timestamp
from signalbox.models.errors import SecretMissing, SignatureInvalid
from signalbox.models.request import InboundRequest
from tests.fakes.clock import FakeClock

GITHUB: Final = HmacScheme(header="x-hub-signature-256", prefix="sha256=")
GITEA: Final = HmacScheme(header="x-gitea-signature")
JIRA: Final = HmacScheme(header="x-hub-signature", prefix="sha256=")
SENTRY: Final = HmacScheme(header="sentry-hook-signature")
SLACK: Final = HmacScheme(
    header="x-slack-signature",
    prefix="v0=",
    signed="v0:{timestamp}:{body}",
    timestamp=header_timestamp("x-slack-request-timestamp"),
)
TRELLO: Final = HmacScheme(
    header="x-trello-webhook", algorithm="sha1", encoding="base64", signed="{body}{url}"
)
STANDARD: Final = HmacScheme(
    header="webhook-signature",
    encoding="base64",
    prefix="v1,",
    separator=" ",
    signed="{webhook-id}.{timestamp}.{body}",
    key="base64",
    timestamp=header_timestamp("webhook-timestamp"),
)
PAGERDUTY: Final = HmacScheme(header="x-pagerduty-signature", prefix="v1=", separator=",")
STRIPE: Final = HmacScheme(
    header="stripe-signature",
    prefix="v1=",
    separator=",",
    signed="{timestamp}.{body}",
    timestamp=item_timestamp("stripe-signature", "t="),
)

SLACK_BODY: Final = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
    b"&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
    b"&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
    b"%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


@dataclass(frozen=True, kw_only=True)
class Vector:
    """A signature that others published, or that OpenSSL made; and when it was made."""

    scheme: HmacScheme
    secret: str
    body: bytes
    signature: str
    headers: dict[str, str] = field(default_factory=dict)
    path: str = ""
    at: int = 1_700_000_000

    def request(
        self, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> InboundRequest:
        return InboundRequest(
            method="POST",
            path=self.path,
            headers={self.scheme.header: self.signature} | self.headers | dict(headers or {}),
            body=self.body if body is None else body,
        )

    def clock(self, seconds: float = 0) -> FakeClock:
        return FakeClock(datetime.fromtimestamp(self.at, UTC) + timedelta(seconds=seconds))

    def verify(self, request: InboundRequest, *secrets: str, seconds: float = 0) -> int:
        return self.scheme.verify(request, secrets or [self.secret], self.clock(seconds))


VECTORS: Final = {
    "github": Vector(
        scheme=GITHUB,
        secret="It's a Secret to Everybody",
        body=b"Hello, World!",
        signature="sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    ),
    "jira": Vector(
        scheme=JIRA,
        secret="It's a Secret to Everybody",
        body=b"Hello World!",
        signature="sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    ),
    "gitea": Vector(
        scheme=GITEA,
        secret="It's a Secret to Everybody",
        body=b"Hello World!",
        signature="a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
    ),
    "sentry": Vector(
        scheme=SENTRY,
        secret="mysecret",
        body=b'{"foo":"bar"}',
        signature="4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3",
    ),
    "slack": Vector(
        scheme=SLACK,
        secret="8f742231b10e8888abcd99yyyzzz85a5",
        body=SLACK_BODY,
        signature="v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        headers={"x-slack-request-timestamp": "1531420618"},
        at=1_531_420_618,
    ),
    "trello": Vector(
        scheme=TRELLO,
        secret="client-secret",
        body=b'{ "some": "data", "value": 3 }',
        signature="/qKoB9Rf4446ZFqRNhV5uDojdas=",
        headers={"host": "something"},
    ),
    "standard": Vector(
        scheme=STANDARD,
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        body=b'{"test": 2432232314}',
        signature="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        headers={
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
        },
        at=1_614_265_330,
    ),
    "pagerduty": Vector(
        scheme=PAGERDUTY,
        secret="mysecret",
        body=b'{"foo":"bar"}',
        signature="v1=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3",
    ),
    "stripe": Vector(
        scheme=STRIPE,
        secret="mysecret",
        body=b'{"foo":"bar"}',
        signature=(
            "t=1700000000,v1=5cc3eaaf4c362af6db3a78af1eeb7e8dbefdb3bbc12f713f123798b4800e1f20"
        ),
        at=1_700_000_000,
    ),
}
TIMED: Final = {name: vector for name, vector in VECTORS.items() if vector.scheme.timestamp}
TIMED_BY_HEADER: Final = {
    "slack": "x-slack-request-timestamp",
    "standard": "webhook-timestamp",
}
LISTED: Final = {name: vector for name, vector in VECTORS.items() if vector.scheme.separator}

anywhere = pytest.mark.parametrize("name", VECTORS)


@anywhere
def test_a_published_signature_is_accepted(name: str) -> None:
    vector = VECTORS[name]

    assert vector.verify(vector.request()) == 0


@anywhere
def test_a_signature_is_made_as_it_was_published(name: str) -> None:
    vector = VECTORS[name]

    made = vector.scheme.signature(vector.secret, vector.request())

    assert made in vector.signature
    assert made.startswith(vector.scheme.prefix)


@anywhere
def test_the_index_of_the_secret_is_returned(name: str) -> None:
    vector = VECTORS[name]

    assert vector.verify(vector.request(), "newer", "", vector.secret) == 2


@anywhere
def test_the_signature_of_another_secret_is_refused(name: str) -> None:
    vector = VECTORS[name]

    with pytest.raises(SignatureInvalid):
        vector.verify(vector.request(), "newer", "older")


@anywhere
@pytest.mark.parametrize("secrets", [["", " "], ["changeme"]])
def test_without_a_secret_nothing_is_verified(name: str, secrets: list[str]) -> None:
    vector = VECTORS[name]

    for request in (vector.request(), vector.request(headers={"webhook-id": ""})):
        with pytest.raises(SecretMissing):
            vector.verify(request, *secrets)


@anywhere
@pytest.mark.parametrize("change", [b" ", b"\xff\xfe"])
def test_the_signature_of_another_body_is_refused(name: str, change: bytes) -> None:
    vector = VECTORS[name]

    for body in (vector.body + change, change, b""):
        with pytest.raises(SignatureInvalid):
            vector.verify(vector.request(body))


@anywhere
def test_a_spoiled_signature_is_refused(name: str) -> None:
    vector = VECTORS[name]
    right, prefix = vector.signature, vector.scheme.prefix
    flipped = right[:-2] + ("A" if right[-2] != "A" else "B") + right[-1]
    without_prefix = right.replace(prefix, "") if prefix else f"sha256={right}"

    spoiled = ["", " ", prefix, flipped, without_prefix, right.upper(), f"{right}0", right[:-1]]
    for signature in [*spoiled, f"{right}é", f"{right}\ud800", f"{right}\x00", "v1,a,b", ",,,"]:
        request = vector.request(headers={vector.scheme.header: signature})
        with pytest.raises(SignatureInvalid):
            vector.verify(request)


@pytest.mark.parametrize("name", VECTORS.keys() - LISTED.keys())
@pytest.mark.parametrize("between", [",", ", ", " "])
def test_two_signatures_are_refused_where_there_is_one(name: str, between: str) -> None:
    vector = VECTORS[name]
    twice = f"{vector.signature}{between}{vector.signature}"

    with pytest.raises(SignatureInvalid):
        vector.verify(vector.request(headers={vector.scheme.header: twice}))


@pytest.mark.parametrize("name", LISTED)
def test_of_several_signatures_one_must_be_right(name: str) -> None:
    vector = VECTORS[name]
    between = vector.scheme.separator
    header = vector.scheme.header

    several = between.join(["v9=unknown", vector.signature, "v1,é"])

    assert vector.verify(vector.request(headers={header: several})) == 0


@pytest.mark.parametrize("name", LISTED)
def test_a_long_list_of_signatures_is_not_read_to_its_end(name: str) -> None:
    vector = VECTORS[name]
    between = vector.scheme.separator
    header = vector.scheme.header

    long = between.join(["wrong"] * 16 + [vector.signature])

    with pytest.raises(SignatureInvalid):
        vector.verify(vector.request(headers={header: long}))


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_a_timestamp_within_the_tolerance_is_accepted(name: str, seconds: int) -> None:
    vector = TIMED[name]

    assert vector.verify(vector.request(), seconds=seconds) == 0


@pytest.mark.parametrize("name", TIMED)
@pytest.mark.parametrize("seconds", [-301, 300.5, 301, 86_400])
def test_a_replay_outside_the_tolerance_is_refused(name: str, seconds: float) -> None:
    vector = TIMED[name]

    with pytest.raises(SignatureInvalid, match="timestamp"):
        vector.verify(vector.request(), seconds=seconds)


@pytest.mark.parametrize("name", TIMED_BY_HEADER)
@pytest.mark.parametrize(
    "text", ["", " ", "abc", "nan", "1e400", "-1", "+1", "1.5", "²", "\ud800", "\u0661", "9" * 5000]
)
def test_a_signed_timestamp_that_is_none_is_refused(name: str, text: str) -> None:
    vector = TIMED[name]
    request = vector.request(headers={TIMED_BY_HEADER[name]: text})
    right = vector.scheme.signature(vector.secret, request)
    signed = vector.request(headers={TIMED_BY_HEADER[name]: text, vector.scheme.header: right})

    with pytest.raises(SignatureInvalid, match="timestamp"):
        vector.verify(signed)


@pytest.mark.parametrize("header", ["v1={}", "t=1700000000,t=1700000000,v1={}", "t=,v1={}"])
def test_a_header_needs_one_timestamp_where_it_stands_among_signatures(header: str) -> None:
    vector = VECTORS["stripe"]
    unsigned = vector.request(headers={"stripe-signature": header})
    right = STRIPE.signature(vector.secret, unsigned).removeprefix("v1=")

    with pytest.raises(SignatureInvalid, match="timestamp"):
        vector.verify(vector.request(headers={"stripe-signature": header.format(right)}))


@pytest.mark.parametrize("value", ["", "a.1614265330", "é", "a b", "\ud800", "a" * 257])
def test_a_header_that_is_signed_must_be_there_and_hold_no_separator(value: str) -> None:
    vector = VECTORS["standard"]

    with pytest.raises(SignatureInvalid, match="webhook-id"):
        vector.verify(vector.request(headers={"webhook-id": value}))


@pytest.mark.parametrize("other", [{"host": "elsewhere"}, {"host": ""}])
def test_the_called_url_is_signed_where_the_scheme_says_so(other: dict[str, str]) -> None:
    vector = VECTORS["trello"]

    with pytest.raises(SignatureInvalid):
        vector.verify(vector.request(headers=other))


def test_the_called_url_holds_the_base_path_of_the_api() -> None:
    request = InboundRequest(
        method="POST",
        path="/api/v1/webhooks/trello",
        base_path="/signalbox",
        headers={"host": "api.example.com"},
        body=b"{}",
    )
    plain = HmacScheme(header="x", algorithm="sha1", encoding="base64")
    url = b"https://api.example.com/signalbox/api/v1/webhooks/trello"

    signed = InboundRequest(method="POST", path="", headers={}, body=b"{}" + url)

    assert TRELLO.signature("a secret", request) == plain.signature("a secret", signed)


@pytest.mark.parametrize("secret", ["whsec_%%%", "no base64", "whsec_a"])
def test_a_secret_that_is_no_base64_is_used_as_text(secret: str) -> None:
    vector = VECTORS["standard"]
    as_text = HmacScheme(
        header=STANDARD.header,
        encoding="base64",
        prefix="v1,",
        signed=STANDARD.signed,
        timestamp=STANDARD.timestamp,
    )

    made = STANDARD.signature(secret, vector.request())

    assert made == as_text.signature(secret, vector.request())


def test_the_prefix_of_a_secret_is_no_secret() -> None:
    vector = VECTORS["standard"]

    with pytest.raises(SecretMissing):
        vector.verify(vector.request(), "whsec_")


def test_a_secret_may_be_base64_without_a_prefix() -> None:
    vector = VECTORS["standard"]

    assert vector.verify(vector.request(), vector.secret.removeprefix("whsec_")) == 0


@given(
    secret=st.text(st.characters(codec=None, exclude_categories=())).filter(lambda text: text),
    header=st.text(st.characters(codec=None, exclude_categories=())),
    body=st.binary(),
)
@pytest.mark.parametrize("name", VECTORS)
def test_any_request_is_refused_in_our_words(
    name: str, secret: str, header: str, body: bytes
) -> None:
    vector = VECTORS[name]
    request = vector.request(body, {vector.scheme.header: header})

    with pytest.raises((SignatureInvalid, SecretMissing)):
        vector.verify(request, secret)


def test_a_digest_is_written_as_the_scheme_says() -> None:
    request = InboundRequest(method="POST", path="", headers={}, body=b"Hello World!")

    made = HmacScheme(header="x", algorithm="sha512", encoding="base64").signature("a", request)

    assert len(base64.b64decode(made, validate=True)) == 64
