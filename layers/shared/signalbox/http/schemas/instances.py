"""Request and response bodies of the instances of services."""

from pydantic import Field

from signalbox.models.base import Model, Name, UtcDatetime
from signalbox.models.registration import DEFAULT_TTL, Registration, RegistrationTtl
from signalbox.models.service import VersionName
from signalbox.models.upstream import Instance, InstanceMetadata, InstanceUrl, InstanceWeight


class RegisterInstanceRequest(Model):
    """An instance that registers itself for the next `ttl_seconds`."""

    url: InstanceUrl
    weight: InstanceWeight = 1
    zone: Name | None = None
    metadata: InstanceMetadata = Field(default_factory=dict, max_length=20)
    ttl_seconds: RegistrationTtl = DEFAULT_TTL

    def instance(self, instance_id: str) -> Instance:
        """Return the instance with this id."""
        return Instance(
            id=instance_id,
            url=self.url,
            weight=self.weight,
            zone=self.zone,
            metadata=self.metadata,
        )


class RegisterInstanceResponse(Model):
    """A registration: since when there is one without a gap, and when it ends."""

    id: Name
    version: VersionName | None
    url: InstanceUrl
    weight: int
    zone: Name | None
    metadata: InstanceMetadata
    ttl_seconds: int
    registered_at: UtcDatetime
    expires_at: UtcDatetime

    @classmethod
    def of(cls, registration: Registration, version: str | None) -> "RegisterInstanceResponse":
        """Return the response with a registration."""
        return cls(
            **registration.instance.model_dump(),
            version=version,
            ttl_seconds=registration.ttl_seconds,
            registered_at=registration.registered_at,
            expires_at=registration.expires_at,
        )
