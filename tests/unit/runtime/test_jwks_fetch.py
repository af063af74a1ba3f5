import pytest

from signalbox.auth.jwks import MAX_JWKS_BYTES, parse_jwks
from signalbox.models.errors import Unavailable
from signalbox.runtime.jwks_fetch import jwks_fetcher
from tests.fakes.http_server import FakeHttpServer, Reply
from tests.fakes.tokens import key_set, public, rsa

ONE = public(rsa(), kid="first")


@pytest.mark.parametrize("size", [1_000, 100_000, MAX_JWKS_BYTES - 2_000])
def test_a_set_is_read_whole_up_to_what_may_be_trusted(size: int) -> None:
    body = key_set(ONE | {"x5c": ["A" * size]})

    with FakeHttpServer().running() as server:
        server.replies(Reply(body=body))
        fetched = jwks_fetcher([server.url])(server.url)

    assert [key.kid for key in parse_jwks(fetched.body)] == ["first"]


def test_a_set_that_is_larger_is_not_trusted() -> None:
    with FakeHttpServer().running() as server:
        server.replies(Reply(body=key_set(ONE) + b" " * MAX_JWKS_BYTES))
        fetched = jwks_fetcher([server.url])(server.url)

    with pytest.raises(Unavailable):
        parse_jwks(fetched.body)
