import hashlib

import pytest

from signalbox.ingress.delivery_key import delivery_key
from tests.samples import request_of


@pytest.mark.parametrize("given", ["1", "a" * 128, "72d3162e-cc78-11e3-81ab-4c9367dc0958"])
def test_the_id_of_the_provider_is_the_key(given: str) -> None:
    request = request_of("acme", {"X-Acme-Delivery": given}, b"{}")

    assert delivery_key(request, "x-acme-delivery") == given


@pytest.mark.parametrize("given", ["", "a" * 129, "two words", "é", "\t"])
def test_without_a_usable_id_the_key_is_a_hash_of_the_body(given: str) -> None:
    request = request_of("acme", {"X-Acme-Delivery": given}, b"{}")

    key = delivery_key(request, "x-acme-delivery")

    assert key == f"sha256:{hashlib.sha256(b'{}').hexdigest()}"
