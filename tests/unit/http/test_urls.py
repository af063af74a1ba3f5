import pytest

from signalbox.http.urls import public_url, request_origin
from signalbox.models.request import InboundRequest


def request_to(host: str) -> InboundRequest:
    return InboundRequest(
        method="GET", path="/health", headers={"host": host}, body=b"", base_path="/v1"
    )


@pytest.mark.parametrize("host", ["api.example.com", "api.example.com:8443", "[2001:db8::1]:443"])
def test_the_origin_has_the_host_that_the_client_asked_for(host: str) -> None:
    assert request_origin(request_to(host), "http") == f"http://{host}/v1"
    assert public_url(request_to(host)) == f"https://{host}/v1"


@pytest.mark.parametrize("host", ["127.0.0.1:4600", "localhost", "[::1]:4600"])
def test_this_machine_is_reached_without_tls(host: str) -> None:
    assert public_url(request_to(host)) == f"http://{host}/v1"


@pytest.mark.parametrize(
    "host", ["", "[", "]", "[]", "[....]", "[::::]", "a b", "a/b", "user@a", "a:b", "a:123456"]
)
def test_an_odd_host_makes_the_url_relative(host: str) -> None:
    assert request_origin(request_to(host), "https") == "/v1"
    assert public_url(request_to(host)) == "/v1"
