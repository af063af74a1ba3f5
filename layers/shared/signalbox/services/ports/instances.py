"""The ports of the instances of upstream services: their health and their registrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from signalbox.models.instance_health import ServiceHealth
    from signalbox.models.registration import Registration


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


class RegistrationStore(Protocol):
    """Stores the registrations of the instances of each service."""

    def get(self, service: str, instance: str) -> Registration | None:
        """Return the registration, which may have expired, or None; it is never an old one.

        Raises:
            Unavailable: The store did not answer.
        """

    def of_service(self, service: str) -> Sequence[Registration]:
        """Return the registrations of a service by id, also expired ones.

        They may be a second old.

        Raises:
            Unavailable: The store did not answer.
        """

    def replace(
        self, service: str, before: Registration | None, after: Registration
    ) -> Registration:
        """Replace `before` by `after`, None if there is none, and return it with the next version.

        Raises:
            WriteConflict: `before` is not what is stored.
            Unavailable: The store did not answer.
        """

    def delete(self, service: str, registration: Registration) -> None:
        """Delete a registration, if it is stored.

        Raises:
            WriteConflict: Another version is stored.
            Unavailable: The store did not answer.
        """
