"""Build the client that calls instances of services."""

from typing import TYPE_CHECKING

from signalbox.egress.tls_contexts import TlsContexts
from signalbox.egress.upstream_client import UpstreamClient
from signalbox.runtime.telemetry import logger
from signalbox.runtime.wiring import Wiring

if TYPE_CHECKING:
    from signalbox.egress.upstream_stream import StreamingClient


def tls_contexts(wired: Wiring) -> TlsContexts:
    """Return what makes contexts of TLS from the secrets of services."""
    log = logger()

    def report(reason: str) -> None:
        log.error("service TLS", extra={"reason": reason})

    return TlsContexts(secrets=lambda: wired.secrets, report=report)


def streaming_client(wired: Wiring) -> "StreamingClient":
    """Return the client of an event loop."""
    from signalbox.egress.upstream_stream import StreamingClient  # noqa: PLC0415  not on Lambda

    return StreamingClient(networks=wired.settings.networks, contexts=tls_contexts(wired))


def upstream_client(wired: Wiring, max_body: int) -> UpstreamClient:
    """Return the client. Answers may have `max_body` bytes."""
    return UpstreamClient(
        networks=wired.settings.networks, max_body=max_body, contexts=tls_contexts(wired)
    )
