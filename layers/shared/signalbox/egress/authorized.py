"""A connector whose connections may authenticate themselves by OAuth 2.0."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from typing_extensions import override

from signalbox.egress.access_tokens import AccessTokens
from signalbox.egress.responses import SecretRefused, try_secrets
from signalbox.models.base import JsonObject
from signalbox.models.config import Connection
from signalbox.models.connection_auth import ClientCredentials
from signalbox.models.errors import SendDelayed, SendPostponed, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.redaction import redacted
from signalbox.services.ports.notifications import Connector


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizedConnector(Connector):
    """A connector that gets access tokens as secrets where a connection has client credentials."""

    connector: Connector
    tokens: AccessTokens

    @property
    @override
    def name(self) -> str:
        return self.connector.name

    @override
    def uses_secret(self, connection: Connection) -> bool:
        return self.connector.uses_secret(connection)

    @override
    def check(self, connection: Connection) -> None:
        self.connector.check(connection)

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        self.connector.check_secret(connection, secret)

    @override
    def reply_settings(self, source: JsonObject) -> JsonObject:
        return self.connector.reply_settings(source)

    @override
    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        client = connection.auth
        if client is None:
            return self.connector.send(notification, connection, secrets)
        return try_secrets(
            secrets, lambda secret: self._send_as(client, secret, notification, connection)
        )

    def _send_as(
        self,
        client: ClientCredentials,
        secret: str,
        notification: Notification,
        connection: Connection,
    ) -> None:
        """Send with a token, and once more with a new one if the target refuses a cached one."""
        begin = self.tokens.clock()
        token = self.tokens.token(client, secret)
        try:
            return self._send(notification, connection, token.value)
        except SecretRefused:
            if token.issued_at >= begin:
                raise
        token = self.tokens.token(client, secret, refused=token)
        return self._send(notification, connection, token.value)

    def _send(self, notification: Notification, connection: Connection, token: str) -> None:
        with _masking(token):
            self.connector.send(notification, connection, [token])


@contextmanager
def _masking(token: str) -> Iterator[None]:
    """Mask a token in the errors of an attempt."""
    try:
        yield
    except SendPostponed:
        raise
    except SecretRefused as error:
        raise SecretRefused(redacted(error.reason, [token])) from None
    except SendRefused as error:
        raise SendRefused(redacted(error.reason, [token])) from None
    except SendDelayed as error:
        raise SendDelayed(redacted(error.reason, [token]), error.after) from None
