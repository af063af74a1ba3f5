"""The networks of services, fetched for the presets that sources name."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from signalbox.models.errors import SendDelayed
from signalbox.models.networks import NetworkPreset, PublishedNetworks
from signalbox.models.source import Source
from signalbox.services.config.refresh_networks import RefreshNetworks
from tests.builders import NOW, a_source
from tests.fakes.clock import FakeClock
from tests.fakes.config import FakeConfigStore

GITHUB = a_source(networks=("preset:github", "192.0.2.0/24"))


class Refreshes:
    """A refresh over fakes. `published` is what the service answers, or its failure."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOW)
        self.config = FakeConfigStore()
        self.published: Sequence[str] | Exception = ("198.51.100.0/24",)
        self.fetched: list[NetworkPreset] = []
        self.refresh = RefreshNetworks(store=self.config, fetch=self._fetch, clock=self.clock)

    def _fetch(self, service: NetworkPreset) -> Sequence[str]:
        self.fetched.append(service)
        if isinstance(self.published, Exception):
            raise self.published
        return self.published

    def stored(self) -> PublishedNetworks:
        found = self.config.published_networks(NetworkPreset.GITHUB)
        assert found is not None
        return found


def test_the_networks_of_a_preset_are_fetched_and_stored_once() -> None:
    box = Refreshes()

    first, second = box.refresh([GITHUB, GITHUB]), box.refresh([GITHUB])

    assert (list(first), list(second)) == ([box.stored()], [])
    assert box.stored().networks == ("198.51.100.0/24",)
    assert (box.stored().fetched_at, box.stored().reason) == (NOW, None)
    assert box.fetched == [NetworkPreset.GITHUB]


@pytest.mark.parametrize(
    "source",
    [
        a_source(),
        a_source(networks=("192.0.2.0/24",)),
        GITHUB.model_copy(update={"enabled": False}),
    ],
)
def test_without_a_preset_nothing_is_fetched_or_read(source: Source) -> None:
    box = Refreshes()

    assert list(box.refresh([source])) == []
    assert box.fetched == []


def test_networks_are_fetched_again_after_six_hours() -> None:
    box = Refreshes()
    box.refresh([GITHUB])
    box.published = ("203.0.113.0/24",)
    box.clock.advance(timedelta(hours=5, minutes=59))
    assert list(box.refresh([GITHUB])) == []
    box.clock.advance(timedelta(minutes=1))

    box.refresh([GITHUB])

    assert box.stored().networks == ("203.0.113.0/24",)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (SendDelayed("it answers 500"), "it answers 500"),
        ((), "the list has 0 networks, and not 1 to 5,000"),
        (("198.51.100.0/24", "nonsense"), "the list has something else than networks"),
        (("0.0.0.0/1", "128.0.0.0/1"), "the list has a network of every address"),
        (
            [f"10.{a}.{b}.0/28" for a in range(20) for b in range(251)],
            "the list has 5020 networks, and not 1 to 5,000",
        ),
    ],
)
def test_a_failed_refresh_keeps_the_last_networks_with_the_reason(answer: Any, reason: str) -> None:
    box = Refreshes()
    box.refresh([GITHUB])
    box.clock.advance(timedelta(hours=6))
    box.published = answer

    (failed,) = box.refresh([GITHUB])

    assert failed == box.stored()
    assert (failed.networks, failed.fetched_at) == (("198.51.100.0/24",), NOW)
    assert (failed.reason, failed.checked_at) == (reason, NOW + timedelta(hours=6))


def test_after_a_failure_it_is_tried_again_in_the_next_run() -> None:
    box = Refreshes()
    box.published = SendDelayed("down")
    box.refresh([GITHUB])
    box.published = ("198.51.100.0/24",)
    box.clock.advance(timedelta(minutes=5))

    box.refresh([GITHUB])

    assert (box.stored().networks, box.stored().reason) == (("198.51.100.0/24",), None)


def test_networks_within_others_are_stored_once() -> None:
    box = Refreshes()
    box.published = ("198.51.100.0/25", "198.51.100.128/25", "198.51.100.7", "2001:db8::/32")

    box.refresh([GITHUB])

    assert box.stored().networks == ("198.51.100.0/24", "2001:db8::/32")


def test_of_two_refreshes_at_once_the_faster_one_counts() -> None:
    box = Refreshes()
    fetch = box._fetch

    def overtaken(service: NetworkPreset) -> Sequence[str]:
        box.config.put(
            PublishedNetworks(service=service, networks=("203.0.113.0/24",), checked_at=NOW)
        )
        return fetch(service)

    refresh = RefreshNetworks(store=box.config, fetch=overtaken, clock=box.clock)

    assert list(refresh([GITHUB])) == []
    assert box.stored().networks == ("203.0.113.0/24",)
