"""Fetch the networks that services publish, for the presets that sources name."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final, Protocol

from signalbox.models.config_resource import ConfigResource
from signalbox.models.errors import SendDelayed, SendRefused, WriteConflict
from signalbox.models.frozen import frozen
from signalbox.models.networks import MAX_PUBLISHED, NetworkPreset, PublishedNetworks, presets_in
from signalbox.models.source import Source
from signalbox.services.ports.time import Clock

FetchNetworks = Callable[[NetworkPreset], Sequence[str]]
"""Return the networks that a service publishes. Raises SendDelayed or SendRefused."""

_REFRESH_AFTER: Final = timedelta(hours=6)
_RETRY_AFTER: Final = timedelta(minutes=4)


class NetworksStore(Protocol):
    """Stores the networks of services."""

    def published_networks(self, service: NetworkPreset) -> PublishedNetworks | None:
        """Return the networks of a service, None if nobody tried to fetch them."""

    def replace(self, before: ConfigResource | None, after: ConfigResource | None) -> None:
        """Replace `before` by `after`. Raises WriteConflict if it is not what is stored."""


@frozen
class RefreshNetworks:
    """Fetch networks that are missing or older than six hours."""

    store: NetworksStore
    fetch: FetchNetworks
    clock: Clock

    def __call__(self, sources: Iterable[Source]) -> Sequence[PublishedNetworks]:
        """Return what was fetched for these sources, or why it could not be.

        Raises:
            Unavailable: The store did not answer.
        """
        networks = [text for source in sources if source.enabled for text in source.networks]
        refreshed = []
        for service in presets_in(networks):
            before = self.store.published_networks(service)
            if self._is_fresh(before):
                continue
            after = self._refreshed(service, before)
            with suppress(WriteConflict):  # another process was faster
                self.store.replace(before, after)
                refreshed.append(after)
        return refreshed

    def _is_fresh(self, before: PublishedNetworks | None) -> bool:
        if before is None:
            return False
        wait = _RETRY_AFTER if before.reason else _REFRESH_AFTER
        return self.clock() - before.checked_at < wait

    def _refreshed(
        self, service: NetworkPreset, before: PublishedNetworks | None
    ) -> PublishedNetworks:
        """Return the networks as they are now; the last ones if they cannot be fetched."""
        now = self.clock()
        last = before or PublishedNetworks(service=service, checked_at=now)
        try:
            networks = _collapsed(self.fetch(service))
        except (SendDelayed, SendRefused) as failure:
            return last.model_copy(update={"checked_at": now, "reason": failure.reason})
        return PublishedNetworks(service=service, networks=networks, fetched_at=now, checked_at=now)


def _collapsed(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the networks without those that are in others.

    Raises:
        SendRefused: There are none or too many, or one is none.
    """
    try:
        networks = [ip_network(text) for text in texts]
    except ValueError:
        raise SendRefused("the list has something else than networks") from None
    version_4 = (network for network in networks if isinstance(network, IPv4Network))
    version_6 = (network for network in networks if isinstance(network, IPv6Network))
    collapsed = [*map(str, collapse_addresses(version_4)), *map(str, collapse_addresses(version_6))]
    if any(text.endswith("/0") for text in collapsed):
        raise SendRefused("the list has a network of every address")
    if not 0 < len(collapsed) <= MAX_PUBLISHED:
        raise SendRefused(f"the list has {len(collapsed)} networks, and not 1 to {MAX_PUBLISHED:,}")
    return tuple(collapsed)
