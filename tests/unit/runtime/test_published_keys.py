import pytest

from signalbox.models.errors import Unavailable
from signalbox.runtime.published_keys import PublishedKeyFetcher, SubscriptionConfirmer
from tests.fakes.http_server import FakeHttpServer, Fault, Reply


def test_the_document_at_the_url_is_the_key() -> None:
    with FakeHttpServer().running() as server:
        server.replies(Reply(body=b"a certificate"))
        keys = PublishedKeyFetcher(trusted=frozenset({server.url}))(f"{server.url}/key.pem")

    assert keys == ("a certificate",)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_where_there_is_no_document_there_are_no_keys(status: int) -> None:
    with FakeHttpServer().running() as server:
        server.replies(Reply(status=status, body=b"<Error/>"))
        keys = PublishedKeyFetcher(trusted=frozenset({server.url}))(server.url)

    assert keys == ()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=302, headers={"Location": "https://keys.example.com"}),
        Reply(status=408),
        Reply(status=429),
        Reply(status=503),
        Reply(fault=Fault.RESET),
    ],
)
def test_a_service_that_does_not_answer_now_is_unavailable(reply: Reply) -> None:
    with FakeHttpServer().running() as server:
        server.replies(reply, reply)
        trusted = frozenset({server.url})

        for ask in (PublishedKeyFetcher(trusted=trusted), SubscriptionConfirmer(trusted=trusted)):
            with pytest.raises(Unavailable):
                ask(server.url)


def test_a_private_address_is_not_asked() -> None:
    with FakeHttpServer().running() as server, pytest.raises(Unavailable):
        PublishedKeyFetcher(trusted=frozenset())(server.url)


def test_a_subscription_is_confirmed_by_one_request() -> None:
    with FakeHttpServer().running() as server:
        SubscriptionConfirmer(trusted=frozenset({server.url}))(
            f"{server.url}/?Action=Confirm&Token=a"
        )

        received = [(request.method, request.path) for request in server.received]
    assert received == [("GET", "/?Action=Confirm&Token=a")]


def test_a_confirmation_that_is_refused_is_unavailable() -> None:
    with FakeHttpServer().running() as server:
        server.replies(Reply(status=400))

        with pytest.raises(Unavailable, match="400"):
            SubscriptionConfirmer(trusted=frozenset({server.url}))(server.url)
