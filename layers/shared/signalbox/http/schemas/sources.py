"""Request and response bodies of sources."""

from signalbox.models.base import Model
from signalbox.models.config import Source


class SourceList(Model):
    """Every source that is configured. The default source of a provider is there without it."""

    items: tuple[Source, ...]
