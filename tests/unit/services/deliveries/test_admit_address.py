"""From which addresses a source accepts requests."""

import pytest
from pydantic import ValidationError

from signalbox.models.errors import AddressRefused, NetworksMissing
from signalbox.models.networks import NetworkPreset, PublishedNetworks
from signalbox.models.source import Source
from tests.builders import NOW
from tests.unit.services.receiving import SourceOfGitHub

ADDRESS = "198.51.100.7"


def published(*networks: str) -> PublishedNetworks:
    return PublishedNetworks(
        service=NetworkPreset.GITHUB, networks=networks, fetched_at=NOW, checked_at=NOW
    )


@pytest.mark.parametrize(
    "networks", [(), ("198.51.100.0/24",), ("preset:github",), ("192.0.2.0/24", "preset:github")]
)
def test_an_address_in_a_network_or_in_a_preset_is_accepted(networks: tuple[str, ...]) -> None:
    source = SourceOfGitHub(published("198.51.100.0/28"), networks=networks)

    assert source.receive(address=ADDRESS).tasks


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::1", "", "nonsense"])
def test_another_address_is_refused(address: str) -> None:
    source = SourceOfGitHub(published("198.51.100.0/28"), networks=("preset:github",))

    with pytest.raises(AddressRefused):
        source.receive(address=address)


@pytest.mark.parametrize(
    "resources",
    [
        (),
        (PublishedNetworks(service=NetworkPreset.GITHUB, checked_at=NOW, reason="down"),),
    ],
)
def test_before_the_first_fetch_nothing_is_accepted_by_a_preset(
    resources: tuple[PublishedNetworks, ...],
) -> None:
    source = SourceOfGitHub(*resources, networks=("preset:github", "preset:stripe", "192.0.2.0/24"))

    with pytest.raises(NetworksMissing, match="the networks of github, stripe were not fetched"):
        source.receive(address=ADDRESS)

    assert source.receive(address="192.0.2.7").tasks


def test_the_networks_of_one_preset_suffice_while_another_is_missing() -> None:
    networks = ("preset:stripe", "preset:github")
    source = SourceOfGitHub(published("198.51.100.0/28"), networks=networks)

    assert source.receive(address=ADDRESS).tasks


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        ("preset:gitlab", "is no preset; there are preset:atlassian, preset:github"),
        ("preset:", "is no preset"),
        ("preset:GitHub", "is no preset"),
        ("github", "expects a network"),
    ],
)
def test_what_is_no_preset_is_refused(network: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Source(provider="github", networks=(network,))
