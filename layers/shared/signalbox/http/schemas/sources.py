"""Request and response bodies of sources."""

from signalbox.models.base import Model
from signalbox.models.config import Source


class SourceList(Model):
    """Every configured source. The default source of a provider exists without configuration."""

    items: tuple[Source, ...]
