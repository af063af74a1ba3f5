import hashlib

import pytest

from signalbox.ingress.delivery_key import delivery_key, delivery_key_in_body, delivery_key_of
from tests.samples import request_of


@pytest.mark.parametrize("given", ["1", "a" * 128, "72d3162e-cc78-11e3-81ab-4c9367dc0958"])
def test_the_id_of_the_provider_is_the_key(given: str) -> None:
    request = request_of("acme", {"X-Acme-Delivery": given}, b"{}")

    assert delivery_key(request, "x-acme-delivery") == given


def test_the_first_header_with_a_usable_id_has_the_key() -> None:
    request = request_of("acme", {"X-First": "two words", "X-Second": "2", "X-Third": "3"}, b"{}")

    assert delivery_key(request, "x-missing", "x-first", "x-second", "x-third") == "2"


@pytest.mark.parametrize("given", ["", "a" * 129, "two words", "é", "\t"])
def test_without_a_usable_id_the_key_is_a_hash_of_the_body(given: str) -> None:
    request = request_of("acme", {"X-Acme-Delivery": given}, b"{}")

    key = delivery_key(request, "x-acme-delivery")

    assert key == f"sha256:{hashlib.sha256(b'{}').hexdigest()}"


@pytest.mark.parametrize(
    ("body", "key"),
    [(b'{"action":{"id":"51f9"}}', "51f9"), (b'{"action":{"id":7}}', "7")],
)
def test_an_id_in_the_body_is_the_key(body: bytes, key: str) -> None:
    assert delivery_key_in_body(request_of("acme", {}, body), "action", "id") == key


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"action":[]}',
        b'{"action":null}',
        b'{"action":{"id":null}}',
        b'{"action":{"id":true}}',
        b'{"action":{"id":1.5}}',
        b'{"action":{"id":"two words"}}',
        b'{"action":{"id":{}}}',
        b'{"action":{"id":' + b"9" * 4_000 + b"}}",
    ],
)
def test_without_a_usable_id_in_the_body_the_key_is_a_hash_of_it(body: bytes) -> None:
    key = delivery_key_in_body(request_of("acme", {}, body), "action", "id")

    assert key == f"sha256:{hashlib.sha256(body).hexdigest()}"


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("evt_1", "evt_1"),
        ("two words", f"sha256:{hashlib.sha256(b'two words').hexdigest()}"),
        ("a" * 129, f"sha256:{hashlib.sha256(b'a' * 129).hexdigest()}"),
        ("\ud800", "sha256:" + hashlib.sha256(b"\xed\xa0\x80").hexdigest()),
        ("", f"sha256:{hashlib.sha256(b'{}').hexdigest()}"),
        (None, f"sha256:{hashlib.sha256(b'{}').hexdigest()}"),
    ],
)
def test_an_id_of_any_form_is_a_key_or_is_hashed(given: str | None, key: str) -> None:
    assert delivery_key_of(given, request_of("acme", {}, b"{}")) == key
