"""Instances that register themselves, for a time that heartbeats extend."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from signalbox.models.base import Model, UtcDatetime
from signalbox.models.upstream import Instance

DEFAULT_TTL: Final = 30
"""The seconds for which an instance is registered unless it says otherwise."""

RegistrationTtl = Annotated[int, Field(ge=10, le=3_600)]
"""A time in seconds; an instance should send a heartbeat three times as often."""


class Registration(Model):
    """An instance that registered itself, until `expires_at`.

    `version` counts the writes, `registered_at` is the time since which it is registered without
    a gap.
    """

    version: int = 0
    instance: Instance
    ttl_seconds: RegistrationTtl
    registered_at: UtcDatetime
    expires_at: UtcDatetime

    def is_live(self, now: datetime) -> bool:
        """Return whether it has not expired, whether or not it is still stored."""
        return now < self.expires_at


def new_registration(instance: Instance, ttl_seconds: int, now: datetime) -> Registration:
    """Return the registration of an instance from now on."""
    return Registration(
        instance=instance,
        ttl_seconds=ttl_seconds,
        registered_at=now,
        expires_at=now + timedelta(seconds=ttl_seconds),
    )


def extend_registration(
    registration: Registration, instance: Instance, ttl_seconds: int, now: datetime
) -> Registration:
    """Return the registration after a heartbeat, which may also change the instance.

    One that has expired begins anew.
    """
    after = new_registration(instance, ttl_seconds, now)
    start = registration.registered_at if registration.is_live(now) else now
    return after.model_copy(update={"version": registration.version, "registered_at": start})


def live_registrations(
    registrations: Iterable[Registration], now: datetime
) -> Sequence[Registration]:
    """Return those that have not expired."""
    return [each for each in registrations if each.is_live(now)]


def with_registered(
    instances: Iterable[Instance], registrations: Iterable[Registration]
) -> Sequence[Instance]:
    """Return the configured instances and the registered ones; of equal ids the configured one."""
    registered = {each.instance.id: each.instance for each in registrations}
    return tuple((registered | {each.id: each for each in instances}).values())
