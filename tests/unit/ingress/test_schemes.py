"""Every signature scheme that providers use can be written as an `HmacScheme`."""

import base64
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalbox.ingress.signatures import HmacScheme
from signalbox.models.errors import SecretMissing, SignatureInvalid
from signalbox.models.request import InboundRequest
from tests.unit.ingress.schemes import STANDARD, STRIPE, TRELLO, VECTORS

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


@pytest.mark.parametrize("name", sorted(VECTORS.keys() - LISTED.keys()))
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


def test_the_called_url_holds_the_base_path_of_the_api_and_the_query() -> None:
    request = InboundRequest(
        method="POST",
        path="/api/v1/webhooks/trello",
        base_path="/signalbox",
        query="board=1&x=",
        headers={"host": "api.example.com"},
        body=b"{}",
    )
    plain = HmacScheme(header="x", algorithm="sha1", encoding="base64")
    url = b"https://api.example.com/signalbox/api/v1/webhooks/trello?board=1&x="

    signed = InboundRequest(method="POST", path="", headers={}, body=b"{}" + url)

    assert TRELLO.signature("a secret", request) == plain.signature("a secret", signed)


@pytest.mark.parametrize(
    "body", [b"", b"other={}", b"payload={}&payload={}", b"payload=%ff", b"payload=\xff", b"{}"]
)
def test_a_form_without_one_signed_field_is_refused(body: bytes) -> None:
    vector = VECTORS["gitea form"]

    with pytest.raises(SignatureInvalid, match="nothing is signed"):
        vector.verify(vector.request(body))


def test_the_same_value_may_be_encoded_in_another_way() -> None:
    vector = VECTORS["gitea form"]

    assert vector.verify(vector.request(vector.body.replace(b"+", b"%20"))) == 0


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


@pytest.mark.parametrize("name", VECTORS)
def test_a_signed_request_is_accepted(name: str) -> None:
    vector = VECTORS[name]
    bare = vector.request(headers={vector.scheme.header: ""})

    signed = vector.scheme.sign(bare, vector.secret, vector.clock())

    assert vector.verify(signed) == 0
