"""Register instances of configured services, as far as these allow it."""

from signalbox.models.errors import ConfigInvalid, Conflict, NotFound
from signalbox.models.frozen import frozen
from signalbox.models.instance_url import instance_url_fault, is_https
from signalbox.models.manifest import ManifestError
from signalbox.models.service import Service
from signalbox.models.service_tls import ServiceTls
from signalbox.models.upstream import Instance
from signalbox.services.gateway.live_instances import balanced_name
from signalbox.services.gateway.registration import (
    DeregisterInstance,
    RegisterInstance,
    RegisterResult,
)
from signalbox.services.ports.config import ConfigWriter


@frozen
class ManageRegistrations:
    """Register instances, and deregister them."""

    config: ConfigWriter
    register_instance: RegisterInstance
    deregister_instance: DeregisterInstance

    def register(
        self, service: str, version: str | None, instance: Instance, ttl_seconds: int
    ) -> RegisterResult:
        """Register an instance of a service, or extend its registration.

        Raises:
            NotFound: There is no such service, or not this version.
            Conflict: The service takes no registrations, has a configured instance of this id, or
                as many registered ones as it may have.
            ConfigInvalid: The URL may not be called.
            WriteConflict: Others changed the registration each time.
            Unavailable: The store did not answer.
        """
        found = self._service(service, version)
        if not found.self_registration:
            raise Conflict(f"instances of {service} may not register: it lacks self_registration")
        if instance.id in {each.id for each in found.instances_of(version)}:
            raise Conflict(f"the instance {instance.id} is configured")
        fault = instance_url_fault(instance.url)
        if not fault and found.tls != ServiceTls() and not is_https(instance.url):
            fault = "expects https, as the service has tls"
        if fault:
            raise ConfigInvalid([ManifestError(path="url", reason=fault)])
        return self.register_instance(balanced_name(service, version), instance, ttl_seconds)

    def deregister(self, service: str, version: str | None, instance: str) -> None:
        """End the registration of an instance, also when the service takes none any more.

        Raises:
            NotFound: There is no such service, version or registration.
            WriteConflict: Others changed the registration each time.
            Unavailable: The store did not answer.
        """
        self._service(service, version)
        self.deregister_instance(balanced_name(service, version), instance)

    def _service(self, name: str, version: str | None) -> Service:
        """Return the service as it was read last; an answer that is an error is a fresh one."""
        service = self._cached(name)
        if not service or not service.self_registration or version not in service.all_versions:
            self.config.invalidate()
            service = self._cached(name)
        if not service:
            raise NotFound("there is no such service")
        if version not in service.all_versions:
            raise NotFound(f"the service {name} has no such version")
        return service

    def _cached(self, name: str) -> Service | None:
        return next((each for each in self.config.all(Service) if each.name == name), None)
