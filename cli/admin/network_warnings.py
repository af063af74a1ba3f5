"""Warn of networks that are not known yet."""

from collections.abc import Iterator

from signalbox.models.networks import presets_in
from signalbox.models.source import Source
from signalbox.services.ports.config import ConfigStore


def network_warnings(source: Source, config: ConfigStore) -> Iterator[str]:
    """Yield a warning for each preset of a source whose networks were not fetched yet."""
    for preset in presets_in(source.networks):
        published = config.published_networks(preset)
        if published is None or published.fetched_at is None:
            yield (
                f"source {source.key} answers 503 until the networks of {preset} are fetched,"
                " which is tried every five minutes"
            )
