import pytest

from signalbox.auth.jwks import MAX_SET, read_keys
from signalbox.models.errors import Unavailable
from signalbox.runtime.keysets import fetch
from tests.fakes.http_server import FakeHttpServer, Reply
from tests.fakes.tokens import key_set, public, rsa

ONE = public(rsa(), kid="first")


@pytest.mark.parametrize("size", [1_000, 100_000, MAX_SET - 2_000])
def test_a_set_is_read_whole_up_to_what_may_be_trusted(size: int) -> None:
    body = key_set(ONE | {"x5c": ["A" * size]})

    with FakeHttpServer().running() as server:
        server.replies(Reply(body=body))
        fetched = fetch([server.url])(server.url)

    assert [key.kid for key in read_keys(fetched.body)] == ["first"]


def test_a_set_that_is_larger_is_not_trusted() -> None:
    with FakeHttpServer().running() as server:
        server.replies(Reply(body=key_set(ONE) + b" " * MAX_SET))
        fetched = fetch([server.url])(server.url)

    with pytest.raises(Unavailable):
        read_keys(fetched.body)
