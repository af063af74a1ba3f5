"""Call instances of services: one request, one connection, bytes unchanged.

h11 writes and reads HTTP/1.1 strictly: an answer whose end is not certain is no answer. Private
addresses are called only in networks that the operator allows; link-local ones never.
"""

import ssl
from collections.abc import Iterator, Sequence
from socket import socket
from time import monotonic
from typing import Final

import h11
from typing_extensions import override

from signalbox.egress.call_tls import CallTls
from signalbox.egress.sockets import (
    Deadline,
    OutboundSocket,
    Resolve,
    resolve_host,
)
from signalbox.egress.tls_contexts import TlsContexts
from signalbox.egress.upstream_rules import (
    MAX_INFORMATIONAL,
    check_addresses,
    checked_fields,
    origin_of,
    request_head,
)
from signalbox.models.errors import SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.gateway_errors import AttemptFailed, UpstreamFault
from signalbox.models.service_tls import UpstreamTls
from signalbox.services.gateway.fields import MAX_FIELD_BYTES
from signalbox.services.ports.gateway import GatewayResponse, UpstreamRequest

_CHUNK: Final = 65_536


@frozen
class UpstreamSocket(OutboundSocket):
    """A connection to an instance: to a public address by https, or within `networks`."""

    networks: tuple[str, ...] = ()

    def _addresses(self) -> Sequence[str]:
        addresses = self.resolve(self.origin.host, self.origin.port)
        check_addresses(self.origin, addresses, self.networks)
        return addresses


class CallDeadline(Deadline):
    """The end of a call, which asks for it before each step, so that no thread has to watch."""

    def __init__(self, seconds: float) -> None:
        self._until = monotonic() + seconds

    @property
    def timeout(self) -> float:
        """Return the timeout for the next step on a socket.

        Raises:
            TimeoutError: The deadline has passed.
        """
        left = self.left
        if not left:
            raise TimeoutError
        return left

    @override
    def guard(self, line: socket) -> None:
        line.settimeout(self.timeout)


class UpstreamClient:
    """Send requests to instances. It follows no redirect and reads no setting of proxies.

    `networks` are those in which instances may have private addresses and plain HTTP. Answers may
    have `max_body` bytes.
    """

    def __init__(
        self,
        *,
        networks: tuple[str, ...] = (),
        max_body: int,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve_host,
        contexts: TlsContexts | None = None,
    ) -> None:
        self._networks = networks
        self._max_body = max_body
        self._resolve = resolve
        self._tls = CallTls(tls, contexts)

    def _failed_tls(self, failure: OSError, tls: UpstreamTls) -> None:
        if self._tls.is_refusal(failure):
            self._tls.refresh(tls)

    def __call__(self, request: UpstreamRequest) -> GatewayResponse:
        """Return the answer, whatever its status.

        Raises:
            AttemptFailed: There was no valid answer in time.
        """
        deadline = CallDeadline(request.seconds)
        try:
            with self._connected(request, deadline) as connection:
                return self._exchange(request, connection, deadline)
        except AttemptFailed as failed:
            reason, fault = failed.reason, failed.fault
        except TimeoutError:
            reason, fault = "no answer in time", UpstreamFault.TIMEOUT
        except h11.LocalProtocolError:  # nothing was sent, so it is no fault of the instance
            reason, fault = "the request is not valid", UpstreamFault.REFUSED
        except (OSError, h11.RemoteProtocolError) as failure:
            if isinstance(failure, OSError):  # TLS 1.3 refuses a client after the handshake
                self._failed_tls(failure, request.tls)
            reason, fault = type(failure).__name__, UpstreamFault.BROKEN
        raise AttemptFailed(reason, fault)  # outside of the handler: what was caught has the URL

    def _connected(self, request: UpstreamRequest, deadline: CallDeadline) -> socket:
        try:
            origin = origin_of(request.instance.url)
            context = self._tls.context(origin, request.tls)
            line = UpstreamSocket(
                origin=origin,
                trusted=False,
                resolve=self._resolve,
                timeout=request.connect,
                deadline=deadline,
                networks=self._networks,
            ).open()
        except (SendRefused, ValueError):
            raise AttemptFailed("its address may not be called", UpstreamFault.REFUSED) from None
        except TimeoutError:
            raise AttemptFailed("no connection in time", UpstreamFault.TIMEOUT) from None
        except OSError as failure:
            raise AttemptFailed(type(failure).__name__, UpstreamFault.CONNECT) from None
        try:
            if context:
                name = request.tls.server_name or origin.host
                line = context.wrap_socket(line, server_hostname=name, suppress_ragged_eofs=False)
        except OSError as failure:
            line.close()
            self._failed_tls(failure, request.tls)
            fault = UpstreamFault.CONNECT
            if isinstance(failure, TimeoutError):
                fault = UpstreamFault.TIMEOUT
            raise AttemptFailed(type(failure).__name__, fault) from None
        return line

    def _exchange(
        self, request: UpstreamRequest, line: socket, deadline: CallDeadline
    ) -> GatewayResponse:
        connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_FIELD_BYTES)
        head = connection.send(request_head(request))
        if not isinstance(request.body, bytes):
            raise TypeError("this client sends bytes, not streams")
        body = connection.send(h11.Data(request.body)) if request.body else b""
        connection.send(h11.EndOfMessage())
        line.settimeout(deadline.timeout)
        try:
            line.sendall((head or b"") + (body or b""))
        except TimeoutError:
            raise
        except OSError:
            pass  # who answers early may not read it all
        return self._answer(_events(connection, line, deadline))

    def _answer(self, events: Iterator[h11.Event]) -> GatewayResponse:
        response, body, informational = None, bytearray(), 0
        for event in events:
            match event:
                case h11.InformationalResponse():
                    informational += 1
                    if informational > MAX_INFORMATIONAL:
                        raise AttemptFailed("too many 1xx", UpstreamFault.BROKEN)
                case h11.Response():
                    response = event
                    fields = checked_fields(event)
                case h11.Data():
                    body += event.data
                    if len(body) > self._max_body:
                        raise AttemptFailed("the body is too large", UpstreamFault.TOO_LARGE)
                case h11.EndOfMessage() if response:
                    return GatewayResponse(
                        status=response.status_code, fields=fields, body=bytes(body)
                    )
        raise AttemptFailed("the answer ended too early", UpstreamFault.BROKEN)


def _events(
    connection: h11.Connection, line: socket, deadline: CallDeadline
) -> Iterator[h11.Event]:
    """Yield the events of an answer; there are none after the end of the connection."""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            line.settimeout(deadline.timeout)
            connection.receive_data(line.recv(_CHUNK))
        elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            return
        else:
            yield event  # type: ignore[misc]  # the sentinels are dealt with
