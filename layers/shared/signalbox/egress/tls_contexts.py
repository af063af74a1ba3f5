"""Contexts of TLS for services with authorities or client certificates of their own."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field
from hashlib import sha256

from signalbox.egress.client_certificates import authorities_tls, load_certificate
from signalbox.egress.tls import public_tls
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.models.service_tls import UpstreamTls
from signalbox.services.ports.config import SecretStore

_SecretNames = tuple[str | None, str | None]


@frozen
class TlsContexts:
    """Makes contexts, and uses them until their secrets change. Threads may share it.

    `secrets` is asked for when the first service needs it. `report` gets what is wrong with the
    secrets of a service, once until that changes.
    """

    secrets: Callable[[], SecretStore]
    report: Callable[[str], None] = lambda _reason: None
    _made: dict[_SecretNames, tuple[str, ssl.SSLContext]] = field(default_factory=dict)
    _reported: dict[_SecretNames, str] = field(default_factory=dict)

    def __call__(self, tls: UpstreamTls) -> ssl.SSLContext:
        """Return the context for a call that takes secrets.

        Raises:
            AttemptFailed: A secret is missing, cannot be read, or cannot be used.
        """
        key = (tls.ca, tls.certificate)
        try:
            context = self._context(key, self._stored(tls.ca), self._stored(tls.certificate))
        except Unavailable as unavailable:
            reason = unavailable.reason
        else:
            self._reported.pop(key, None)
            return context
        if self._reported.get(key) != reason:
            self._reported[key] = reason
            self.report(reason)
        raise AttemptFailed(reason, UpstreamFault.REFUSED)

    def refresh(self, tls: UpstreamTls) -> None:
        """Read the secrets again after a failed handshake: they may have been replaced."""
        for name in (tls.ca, tls.certificate):
            if name:
                try:
                    self.secrets().refresh(name)
                except Unavailable:
                    return  # those that were read last stay in use

    def _stored(self, name: str | None) -> str:
        if name is None:
            return ""
        for secret in self.secrets().secrets(name)[:1]:
            return secret
        raise Unavailable(f"{name} has no secret; `signalbox secrets set {name}` gives it one")

    def _context(self, key: _SecretNames, ca: str, certificate: str) -> ssl.SSLContext:
        fingerprint = sha256(f"{ca}\0{certificate}".encode()).hexdigest()
        made = self._made.get(key)
        if made and made[0] == fingerprint:
            return made[1]
        with _readable(key[0]):
            context = authorities_tls(ca) if ca else public_tls()
        if certificate:
            with _readable(key[1]):
                load_certificate(context, certificate)
        self._made[key] = (fingerprint, context)
        return context


@contextmanager
def _readable(name: str | None) -> Iterator[None]:
    """Raise Unavailable if OpenSSL cannot read the secret of this name."""
    try:
        yield
    except ssl.SSLError:
        problem = f"{name} cannot be read; `signalbox secrets set {name}` replaces it"
        raise Unavailable(problem) from None
