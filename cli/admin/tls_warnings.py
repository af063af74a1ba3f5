"""Warn of services whose TLS lacks a secret, or has one that cannot be used."""

from collections.abc import Iterator

from signalbox.egress.client_certificates import check_authorities, check_certificate
from signalbox.models.config_resource import is_authorities
from signalbox.models.errors import Conflict
from signalbox.models.service import Service
from signalbox.services.ports.config import SecretStore
from signalbox.services.ports.time import utc_now


def tls_warnings(service: Service, secrets: SecretStore) -> Iterator[str]:
    """Yield a warning for each secret of a service that is missing or cannot be used."""
    for name in service.secret_names:
        stored = secrets.refresh(name)
        if not stored:
            yield f"{name} has no secret; `signalbox secrets set {name}` gives it one"
            continue
        try:
            check_tls_secret(name, stored[0])
        except Conflict as conflict:
            yield f"{name}: {conflict.reason}"


def check_tls_secret(name: str, secret: str) -> None:
    """Check that a secret of this name has what TLS needs.

    Raises:
        Conflict: It has not.
    """
    if is_authorities(name):
        check_authorities(secret)
    else:
        check_certificate(secret, utc_now())
