"""The TLS of calls of instances: the public authorities, or the secrets of their service."""

import ssl
from functools import cached_property

from signalbox.egress.sockets import UrlOrigin
from signalbox.egress.tls import public_tls
from signalbox.egress.tls_contexts import TlsContexts
from signalbox.egress.upstream_rules import ALPN
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.models.service_tls import PUBLIC_TLS, UpstreamTls


class CallTls:
    """Chooses the context of each call; `given` stands in for that of the public authorities."""

    def __init__(self, given: ssl.SSLContext | None, contexts: TlsContexts | None) -> None:
        self._given = given
        self._contexts = contexts

    @cached_property
    def _public(self) -> ssl.SSLContext:
        return self._given or public_tls()

    def reads_secrets(self, tls: UpstreamTls) -> bool:
        """Return whether `context` reads secrets, which an event loop leaves to a thread."""
        return self._contexts is not None and bool(tls.ca or tls.certificate)

    def context(self, origin: UrlOrigin, tls: UpstreamTls) -> ssl.SSLContext | None:
        """Return the context for a call, None for plain HTTP.

        Raises:
            AttemptFailed: A secret of the service cannot be used, or it has TLS and the URL not.
        """
        if origin.scheme != "https":
            if tls == PUBLIC_TLS:
                return None
            raise AttemptFailed("the service is called by https alone", UpstreamFault.REFUSED)
        own = self._contexts(tls) if self._contexts and self.reads_secrets(tls) else None
        context = own or self._public
        context.set_alpn_protocols([ALPN])
        return context

    def is_refusal(self, failure: Exception | None) -> bool:
        """Return whether secrets may have been replaced since they were read."""
        return isinstance(failure, ssl.SSLError) and self._contexts is not None

    def refresh(self, tls: UpstreamTls) -> None:
        """Read the secrets of a service again, after a refusal."""
        if self._contexts:
            self._contexts.refresh(tls)
