from types import MappingProxyType

import pytest

from signalbox.ingress.provider import HmacProvider
from signalbox.models.errors import SignatureInvalid
from signalbox.providers.sentry.provider import Sentry
from tests.contract.hmac_providers import HmacProviderContract
from tests.contract.providers import Vector
from tests.samples import request_of

SECRET = "e2a4b8d91c7f4e5ab6d3f0219c8e7a6b"
EMPTY = "2939734e6f3a2e7293ada6952f87ed632b9cc97fa5d0bcb8a37ceab3f40b991d"


class TestSentry(HmacProviderContract):
    signature_header = "sentry-hook-signature"
    allowed = frozenset({"the prefix twice"})  # there is none
    headers = MappingProxyType(
        {"content-type": "application/json", "sentry-hook-resource": "comment"}
    )
    vectors = (  # by OpenSSL, as Sentry publishes none
        Vector(
            secret=SECRET,
            body=b'{"action":"created","data":{"comment":"/run"}}',
            signature="ab67def4c6f000ba5ed18cae1c821f1fd28a56af6fa23667f721e7deb6c630f5",
        ),
        Vector(secret=SECRET, body=b"", signature=EMPTY),
        Vector(
            secret="mysecret",
            body=b'{"foo":"bar"}',
            signature="4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3",
        ),
    )

    def provider(self) -> HmacProvider:
        return Sentry()

    def test_the_header_of_ui_components_is_accepted_where_the_usual_one_is_missing(self) -> None:
        request = request_of("sentry", {"Sentry-App-Signature": EMPTY}, b"")

        assert self.provider().verify(request, [SECRET]) == 0

    @pytest.mark.parametrize("usual", ["", "0" * 64])
    def test_the_header_of_ui_components_does_not_mend_a_wrong_signature(self, usual: str) -> None:
        headers = {"Sentry-App-Signature": EMPTY, "Sentry-Hook-Signature": usual}

        with pytest.raises(SignatureInvalid):
            self.provider().verify(request_of("sentry", headers, b""), [SECRET])

    def test_no_signature_is_stored(self) -> None:
        assert "sentry-app-signature" not in self.provider().recorded_headers

    def test_attempts_of_one_delivery_have_the_same_key_although_their_ids_differ(self) -> None:
        first, second = (
            self.signed(b"{}", headers={"request-id": attempt}) for attempt in ("a", "b")
        )

        assert self.provider().delivery_key(first) == self.provider().delivery_key(second)
