"""List deliveries, newest first, of one source or of all sources."""

import heapq
from collections.abc import Collection, Iterator
from datetime import datetime

from signalbox.models.base import list_position
from signalbox.models.delivery import Delivery, DeliveryStatus
from signalbox.models.frozen import frozen
from signalbox.models.source import DEFAULT_SOURCE
from signalbox.services.pagination import Page, Window, collect_page
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.deliveries import DeliveryStore


@frozen
class DeliveryFilter:
    """Which deliveries to list; None matches all.

    Deliveries of a source that is no longer configured are listed only if the filter names it.
    """

    provider: str | None = None
    source: str | None = None
    status: DeliveryStatus | None = None
    since: datetime | None = None
    until: datetime | None = None


@frozen
class ListDeliveries:
    """List deliveries. `providers` are the names of the installed providers."""

    deliveries: DeliveryStore
    config: ConfigStore
    providers: Collection[str]

    def __call__(
        self, filters: DeliveryFilter, *, limit: int, after: str | None = None
    ) -> Page[Delivery]:
        """Return a page of at most `limit` deliveries after the position `after`."""
        window = Window(since=filters.since, until=filters.until, after=after, chunk=limit + 1)
        return collect_page(self._rows(filters, window), limit)

    def _rows(
        self, filters: DeliveryFilter, window: Window
    ) -> Iterator[tuple[str, Delivery | None]]:
        partitions = [
            self.deliveries.newest(provider, source, window)
            for provider, source in known_sources(self.config, self.providers)
            | _named_source(filters.provider, filters.source)
            if filters.provider in {None, provider} and filters.source in {None, source}
        ]
        for delivery in heapq.merge(*partitions, key=_position, reverse=True):
            fits = filters.status in {None, delivery.status}
            yield _position(delivery), delivery if fits else None


def known_sources(config: ConfigStore, providers: Collection[str]) -> set[tuple[str, str]]:
    """Return provider and name of every source, including default sources without configuration."""
    configured = {(source.provider, source.name) for source in config.sources()}
    return configured | {(provider, DEFAULT_SOURCE) for provider in providers}


def _named_source(provider: str | None, source: str | None) -> set[tuple[str, str]]:
    return {(provider, source)} if provider and source else set()


def _position(delivery: Delivery) -> str:
    return list_position(delivery.received_at, delivery.id)
