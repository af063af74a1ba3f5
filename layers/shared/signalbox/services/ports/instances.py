"""The ports of the instances of upstream services: their health."""

from collections.abc import Iterable, Mapping
from typing import Protocol

from signalbox.models.instance_health import ServiceHealth


class InstanceHealthStore(Protocol):
    """Stores the health of the instances of each service."""

    def get(self, service: str) -> ServiceHealth:
        """Return the health, an empty one if none is stored; it is never an old one.

        Raises:
            Unavailable: The store did not answer.
        """

    def batch_get(self, services: Iterable[str]) -> Mapping[str, ServiceHealth]:
        """Return the health of those services that have one; it may be a second old.

        Raises:
            Unavailable: The store did not answer.
        """

    def replace(self, service: str, before: ServiceHealth, after: ServiceHealth) -> ServiceHealth:
        """Replace `before` by `after`, and return that with the next version.

        Raises:
            WriteConflict: `before` is not what is stored.
            Unavailable: The store did not answer.
        """
