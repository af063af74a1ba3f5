from collections.abc import Callable
from typing import NoReturn

import pytest

from signalbox.http.mcp.access import authenticated, check_origin
from signalbox.http.mounts import MountCall
from signalbox.models.errors import Forbidden, Unauthenticated, Unavailable
from signalbox.models.request import InboundRequest


def request(**headers: str) -> InboundRequest:
    return InboundRequest(method="POST", path="/mcp", base_path="/hooks", headers=headers, body=b"")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("", "api.example.com"),
        ("https://app.example.com", "api.example.com"),
        ("http://localhost:5173", "127.0.0.1:4600"),
        ("http://[::1]:5173", "localhost:4600"),
    ],
)
def test_clients_without_a_page_and_listed_pages_may_call(origin: str, host: str) -> None:
    check_origin(request(origin=origin, host=host), frozenset({"https://app.example.com"}))


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://evil.example", "api.example.com"),
        ("http://evil.example:4600", "evil.example:4600"),
        ("http://localhost:5173", "api.example.com"),
        ("http://localhost.evil.example", "127.0.0.1:4600"),
        ("http://127.0.0.1@evil.example", "127.0.0.1:4600"),
        ("null", "127.0.0.1:4600"),
        ("http://[", "127.0.0.1:4600"),
    ],
)
def test_other_pages_may_not_even_if_their_name_leads_here(origin: str, host: str) -> None:
    with pytest.raises(Forbidden):
        check_origin(request(origin=origin, host=host), frozenset({"https://app.example.com"}))


def challenge(has_issuers: Callable[[], bool], **headers: str) -> str:
    def authenticate() -> NoReturn:
        raise Unauthenticated("no")

    call = MountCall(
        request=request(**headers),
        authenticate=authenticate,
        perform=lambda _: pytest.fail("nothing is performed"),
    )
    response = authenticated(call, has_issuers)
    assert isinstance(response, dict)
    assert response["statusCode"] == 401
    return response["headers"]["www-authenticate"]


def test_a_client_without_credentials_learns_where_the_metadata_is() -> None:
    assert challenge(lambda: True, host="api.example.com") == (
        'Bearer resource_metadata="https://api.example.com/hooks'
        '/.well-known/oauth-protected-resource"'
    )


def test_a_client_with_wrong_credentials_learns_that_they_are() -> None:
    said = challenge(lambda: False, host="api.example.com", authorization="Bearer x")

    assert said == 'Bearer error="invalid_token"'


def test_a_host_cannot_break_out_of_the_challenge() -> None:
    said = challenge(lambda: True, host='evil", error="x')

    assert said == 'Bearer resource_metadata="/hooks/.well-known/oauth-protected-resource"'


def test_without_an_answer_of_the_configuration_the_challenge_is_plain() -> None:
    def away() -> bool:
        raise Unavailable("the table does not answer")

    assert challenge(away) == "Bearer"
