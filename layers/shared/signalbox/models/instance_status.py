"""The instances of a service, with their health, their registration and what changed."""

from datetime import datetime
from enum import StrEnum

from signalbox.models.base import Model, Name, UtcDatetime
from signalbox.models.instance_health import HealthEvent, InstanceHealth
from signalbox.models.service import VersionName
from signalbox.models.upstream import InstanceMetadata


class InstanceSource(StrEnum):
    """Where an instance comes from: the configuration, its own registration, or discovery."""

    CONFIGURED = "configured"
    REGISTERED = "registered"
    DISCOVERED = "discovered"


class InstanceState(StrEnum):
    """Whether requests go to an instance. An unhealthy one fails its checks."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    EJECTED = "ejected"


def instance_state(record: InstanceHealth | None, now: datetime) -> InstanceState:
    """Return the state of an instance; one without a record is healthy."""
    if record is None:
        return InstanceState.HEALTHY
    if not record.healthy:
        return InstanceState.UNHEALTHY
    return InstanceState.EJECTED if record.is_ejected(now) else InstanceState.HEALTHY


class InstanceStatus(Model):
    """An instance of a service, or of a `version` of it.

    `since` is when its checks last changed it, null if they never did; `ejected_until` is set while
    it is ejected. Of a discovered one, which is listed once it was checked or ejected, `url` and
    `weight` are null: only the gateway looks it up. What follows is null unless it registered
    itself: `registered_at` is the time since which it is registered, `expires_at` when its
    registration ends without another heartbeat.
    """

    id: Name
    version: VersionName | None
    url: str | None
    weight: int | None
    zone: Name | None
    metadata: InstanceMetadata
    source: InstanceSource
    state: InstanceState
    since: UtcDatetime | None
    ejected_until: UtcDatetime | None
    registered_at: UtcDatetime | None
    expires_at: UtcDatetime | None
    ttl_seconds: int | None


class InstanceEvent(Model):
    """A change of the health of an instance, with its reason if there is one."""

    at: UtcDatetime
    version: VersionName | None
    instance: Name
    event: HealthEvent
    reason: str | None


class InstanceList(Model):
    """The instances of a service and its versions, and the latest changes, newest first."""

    items: tuple[InstanceStatus, ...]
    history: tuple[InstanceEvent, ...]
