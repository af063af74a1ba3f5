from urllib.parse import urlencode

import pytest

from signalbox.models.errors import SignatureInvalid
from signalbox.models.request import InboundRequest
from signalbox.providers.gitea.provider import Gitea
from tests.samples import request_of

_SECRET = "IsWishesWereHorsesWedAllBeEatingSteak!"
_BODY = b'{"action":"created"}'
_SIGNATURE = "a3f2b0387584bab33b46e2ec51f73a3ac90d71a0bdba81b96dfb28f08d2b6882"
_FORM = "application/x-www-form-urlencoded"


def form(body: bytes, signature: str = _SIGNATURE) -> InboundRequest:
    return request_of("gitea", {"Content-Type": _FORM, "X-Gitea-Signature": signature}, body)


def test_the_json_is_signed_as_openssl_signs_it() -> None:
    request = request_of("gitea", {"X-Gitea-Signature": _SIGNATURE}, _BODY)

    assert Gitea().verify(request, [_SECRET]) == 0


def test_a_form_has_the_signature_of_its_json() -> None:
    assert Gitea().verify(form(urlencode({"payload": _BODY}).encode()), [_SECRET]) == 0


def test_the_signature_of_the_form_itself_is_refused() -> None:
    body = urlencode({"payload": _BODY}).encode()
    signature = Gitea.scheme.signature(_SECRET, request_of("gitea", {}, body))

    with pytest.raises(SignatureInvalid):
        Gitea().verify(form(body, signature), [_SECRET])


@pytest.mark.parametrize("more", [b"&payload=%7B%7D", b"&payload=", b"&payload"])
def test_a_form_with_several_payloads_is_refused_though_one_is_signed(more: bytes) -> None:
    body = urlencode({"payload": _BODY}).encode() + more

    with pytest.raises(SignatureInvalid, match="or several"):
        Gitea().verify(form(body), [_SECRET])


def test_a_form_is_signed_as_gitea_would() -> None:
    body = urlencode({"payload": _BODY}).encode()

    assert Gitea().sign(form(body, ""), _SECRET).header("x-gitea-signature") == _SIGNATURE


def test_the_headers_of_other_services_are_not_looked_at() -> None:
    headers = {
        "X-Gitea-Signature": "",
        "X-Gogs-Signature": _SIGNATURE,
        "X-Hub-Signature-256": f"sha256={_SIGNATURE}",
    }

    with pytest.raises(SignatureInvalid):
        Gitea().verify(request_of("gitea", headers, _BODY), [_SECRET])
