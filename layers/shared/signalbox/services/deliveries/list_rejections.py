"""List the rejected requests of each source."""

from collections.abc import Collection, Sequence

from signalbox.models.frozen import frozen
from signalbox.models.rejection import Rejections
from signalbox.services.deliveries.list_deliveries import known_sources
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.deliveries import RejectionStore


@frozen
class ListRejections:
    """List rejections. `providers` are the names of the installed providers."""

    store: RejectionStore
    config: ConfigStore
    providers: Collection[str]

    def __call__(
        self, provider: str | None = None, source: str | None = None
    ) -> Sequence[Rejections]:
        """Return the rejections of each source that has any, sorted by name."""
        return self.store.batch_get(
            each
            for each in known_sources(self.config, self.providers)
            if provider in {None, each[0]} and source in {None, each[1]}
        )
