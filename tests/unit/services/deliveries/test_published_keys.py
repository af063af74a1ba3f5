from collections.abc import Sequence
from datetime import timedelta

import pytest

from signalbox.models.errors import Unavailable
from signalbox.services.deliveries.published_keys import PublishedKeyCache, no_published_keys
from tests.fakes.clock import FakeClock

URL = "https://keys.example.com/1"
OTHER = "https://keys.example.com/2"


class FakePublisher:
    """A FindPublishedKeys. While `down` it raises Unavailable."""

    def __init__(self, keys: Sequence[str] = ("a key",)) -> None:
        self.keys = keys
        self.fetched: list[str] = []
        self.down = False

    def __call__(self, url: str) -> Sequence[str]:
        self.fetched.append(url)
        if self.down:
            raise Unavailable("down")
        return self.keys


def a_cache(publisher: FakePublisher, clock: FakeClock) -> PublishedKeyCache:
    return PublishedKeyCache(fetch=publisher, clock=clock)


def test_keys_are_fetched_once_a_day() -> None:
    publisher, clock = FakePublisher(), FakeClock()
    find = a_cache(publisher, clock)

    found = [find(URL), find(URL)]
    clock.advance(timedelta(hours=24))
    publisher.keys = ("a newer key",)

    assert found == [("a key",), ("a key",)]
    assert find(URL) == ("a newer key",)
    assert publisher.fetched == [URL, URL]


def test_the_last_keys_are_valid_while_they_cannot_be_fetched() -> None:
    publisher, clock = FakePublisher(), FakeClock()
    find = a_cache(publisher, clock)
    find(URL)
    publisher.down = True
    clock.advance(timedelta(hours=30))

    assert (find(URL), find(URL)) == (("a key",), ("a key",))
    assert publisher.fetched == [URL, URL]


def test_after_a_fetch_without_success_the_next_one_has_to_wait() -> None:
    publisher, clock = FakePublisher(keys=()), FakeClock()
    find = a_cache(publisher, clock)

    assert find(URL) == ()
    with pytest.raises(Unavailable, match="just now"):
        find(OTHER)
    clock.advance(seconds=1)
    publisher.keys = ("a key",)
    assert find(OTHER) == ("a key",)
    assert find(URL) == ("a key",)
    assert publisher.fetched == [URL, OTHER, URL]


def test_a_service_that_does_not_answer_is_unavailable_and_asked_again_later() -> None:
    publisher, clock = FakePublisher(), FakeClock()
    publisher.down = True
    find = a_cache(publisher, clock)

    for _ in range(2):
        with pytest.raises(Unavailable):
            find(URL)
    clock.advance(seconds=1)
    publisher.down = False

    assert find(URL) == ("a key",)
    assert publisher.fetched == [URL, URL]


def test_the_cache_does_not_grow_without_limit() -> None:
    publisher = FakePublisher()
    find = a_cache(publisher, FakeClock())

    for number in range(33):
        find(f"{URL}/{number}")
    find(f"{URL}/32")
    find(f"{URL}/0")

    assert len(publisher.fetched) == 34


def test_where_nothing_can_be_fetched_there_are_no_keys() -> None:
    assert no_published_keys(URL) == ()
