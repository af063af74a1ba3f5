"""A connector whose connections may show a client certificate to their target."""

import ssl
from collections.abc import Callable, Sequence
from dataclasses import field
from hashlib import sha256

from typing_extensions import override

from signalbox.egress.client_certificates import client_tls
from signalbox.egress.wrapped import WrappedConnector
from signalbox.models.connection import Connection
from signalbox.models.errors import SendRefused
from signalbox.models.frozen import frozen
from signalbox.models.ids import ConnectionId
from signalbox.models.notification import Notification
from signalbox.services.ports.config import SecretStore
from signalbox.services.ports.notifications import Connector


@frozen
class CertifiedConnector(WrappedConnector):
    """A connector with an HTTP client of its own for each connection with a certificate.

    `make` creates one whose client uses a context of TLS.
    """

    make: Callable[[ssl.SSLContext], Connector]
    secrets: SecretStore
    _made: dict[ConnectionId, tuple[str, Connector]] = field(
        default_factory=dict, init=False, repr=False
    )

    @override
    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        if not connection.tls.client_certificate:
            return self.connector.send(notification, connection, secrets)
        name = connection.certificate_name
        stored = self.secrets.secrets(name)
        try:
            return self._certified(connection, stored).send(notification, connection, secrets)
        except SendRefused:
            refreshed = self.secrets.refresh(name)
            if list(refreshed) == list(stored):
                raise
        return self._certified(connection, refreshed).send(notification, connection, secrets)

    def _certified(self, connection: Connection, stored: Sequence[str]) -> Connector:
        """Return the connector that shows the current certificate.

        Raises:
            SendRefused: There is none that can be used.
        """
        if not stored:
            raise SendRefused(f"the connection has no client certificate: {_remedy(connection)}")
        fingerprint = sha256(stored[0].encode()).hexdigest()
        made = self._made.get(connection.id)
        if made is None or made[0] != fingerprint:
            try:
                made = (fingerprint, self.make(client_tls(stored[0])))
            except ssl.SSLError:
                problem = f"the client certificate cannot be read: {_remedy(connection)}"
                raise SendRefused(problem) from None
            self._made[connection.id] = made
        return made[1]


def _remedy(connection: Connection) -> str:
    return f"signalbox secrets set {connection.certificate_name}"
