"""Find the source that a request or a task names."""

from functools import cache

from signalbox.models.source import DEFAULT_SOURCE, Source
from signalbox.services.ports.config import ConfigStore


def find_source(config: ConfigStore, provider: str, name: str) -> Source | None:
    """Return the source, None if it is disabled or does not exist.

    Each provider has a default source, also where none is configured.

    Raises:
        Unavailable: The store did not answer.
    """
    source = config.source(provider, name)
    if source is None and name == DEFAULT_SOURCE:
        return _default_source(provider)
    return source if source and source.enabled else None


@cache
def _default_source(provider: str) -> Source:
    return Source(provider=provider)
