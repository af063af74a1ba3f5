"""Lists deliveries: newest first, page by page, of one source or of all that are known."""

import heapq
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from signalbox.models.base import list_position
from signalbox.models.delivery import Delivery, DeliveryStatus
from signalbox.services.deliveries.receive import DEFAULT_SOURCE
from signalbox.services.pagination import Page, Window, collect_page
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.deliveries import DeliveryStore


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilter:
    """Which deliveries to list; None takes all.

    Of a source that is not configured any more they are listed where it is named.
    """

    provider: str | None = None
    source: str | None = None
    status: DeliveryStatus | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDeliveries:
    """Lists deliveries. `providers` are the names of those that this installation has."""

    deliveries: DeliveryStore
    config: ConfigStore
    providers: Collection[str]

    def __call__(
        self, wanted: DeliveryFilter, *, limit: int, after: str | None = None
    ) -> Page[Delivery]:
        """One page of at most `limit` deliveries behind the position `after`."""
        window = Window(since=wanted.since, until=wanted.until, after=after, chunk=limit + 1)
        return collect_page(self._rows(wanted, window), limit)

    def _rows(
        self, wanted: DeliveryFilter, window: Window
    ) -> Iterator[tuple[str, Delivery | None]]:
        partitions = [
            self.deliveries.newest(provider, source, window)
            for provider, source in known_sources(self.config, self.providers)
            | _named(wanted.provider, wanted.source)
            if wanted.provider in {None, provider} and wanted.source in {None, source}
        ]
        for delivery in heapq.merge(*partitions, key=_place, reverse=True):
            fits = wanted.status in {None, delivery.status}
            yield _place(delivery), delivery if fits else None


def known_sources(config: ConfigStore, providers: Collection[str]) -> set[tuple[str, str]]:
    """Provider and name of every source, also of the default ones that nobody configured."""
    configured = {(source.provider, source.name) for source in config.sources()}
    return configured | {(provider, DEFAULT_SOURCE) for provider in providers}


def _named(provider: str | None, source: str | None) -> set[tuple[str, str]]:
    return {(provider, source)} if provider and source else set()


def _place(delivery: Delivery) -> str:
    return list_position(delivery.received_at, delivery.id)
