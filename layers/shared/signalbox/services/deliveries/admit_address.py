"""Decide whether a source accepts requests from an address."""

from signalbox.models.errors import AddressRefused, NetworksMissing
from signalbox.models.networks import contains_address, presets_in
from signalbox.models.source import Source
from signalbox.services.ports.config import ConfigStore


def admit_address(source: Source, address: str, config: ConfigStore) -> None:
    """Return if the source accepts requests from an address.

    Raises:
        AddressRefused: It does not.
        NetworksMissing: It may do so by the networks of a service, which were not fetched yet.
    """
    if not source.networks or contains_address(source.networks, address):
        return
    missing = []
    for preset in presets_in(source.networks):
        published = config.published_networks(preset)
        if published is None or published.fetched_at is None:
            missing.append(preset)
        elif contains_address(published.networks, address):
            return
    if missing:
        names = ", ".join(missing)
        raise NetworksMissing(f"the networks of {names} were not fetched yet; retry in minutes")
    raise AddressRefused("the source does not admit this address")
