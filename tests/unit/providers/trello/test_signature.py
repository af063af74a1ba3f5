from dataclasses import replace

import pytest

from signalbox.models.errors import SignatureInvalid
from signalbox.models.event import Answer
from signalbox.models.request import InboundRequest
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.providers.trello.provider import Trello
from tests.samples import request_of

_SECRET = "client-secret"
_BODY = b'{ "some": "data", "value": 3 }'
_PUBLISHED = "/qKoB9Rf4446ZFqRNhV5uDojdas="
"""The signature of this body with this secret and the callback URL https://something."""


def called(host: str, *, path: str = "/api/v1/webhooks/trello", query: str = "") -> InboundRequest:
    request = replace(request_of("trello", {"Host": host}, _BODY), path=path, query=query)
    return request.with_headers({"x-trello-webhook": _PUBLISHED})


def with_callback(url: str) -> Trello:
    return Trello().with_settings({"callback_url": url})


def test_the_signature_is_the_one_of_the_documentation() -> None:
    assert Trello().verify(called("something", path=""), [_SECRET]) == 0


def test_a_callback_url_in_the_settings_is_signed_instead_of_the_url_that_was_called() -> None:
    request = called("internal.example.com", query="a=1")

    assert with_callback("https://something").verify(request, ["another", _SECRET]) == 1
    with pytest.raises(SignatureInvalid):
        Trello().verify(request, [_SECRET])


@pytest.mark.parametrize("url", ["https://something/", "https://Something", "https://something:1"])
def test_a_callback_url_is_signed_to_the_letter(url: str) -> None:
    with pytest.raises(SignatureInvalid):
        with_callback(url).verify(called("something", path=""), [_SECRET])


def test_a_callback_url_may_have_a_path_and_a_query() -> None:
    proxied = with_callback("https://hooks.example.com/trello?board=1&x=")
    direct = called("hooks.example.com", path="/trello", query="board=1&x=")

    signed = proxied.sign(called("internal.example.com"), _SECRET)

    assert proxied.verify(signed, [_SECRET]) == 0
    assert signed.header("host") == "internal.example.com"
    assert signed.header("x-trello-webhook") == Trello().sign(direct, _SECRET).header(
        "x-trello-webhook"
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "something",
        "http://something",
        "https://",
        "https:///path",
        "https://some thing",
        "https://something/#top",
        "https://something/" + "x" * 2_000,
    ],
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="callback_url"):
        with_callback(url)


def test_the_test_of_a_callback_url_needs_no_signature() -> None:
    head = replace(request_of("trello", {}, b""), method="HEAD")

    assert Trello().answer_unsigned(head) == Answer()


@pytest.mark.parametrize("method", ["POST", "GET", "PUT"])
def test_nothing_else_is_answered_without_a_signature(method: str) -> None:
    request = replace(request_of("trello", {}, b""), method=method)

    assert Trello().answer_unsigned(request) is None
    with pytest.raises(SignatureInvalid):
        Trello().verify(request, [_SECRET])
