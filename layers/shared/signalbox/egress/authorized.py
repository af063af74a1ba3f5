"""A connector whose connections may authenticate themselves by OAuth 2.0."""

from collections.abc import Callable, Sequence

from typing_extensions import override

from signalbox.egress.access_tokens import AccessTokens
from signalbox.egress.refreshed_tokens import RefreshedTokens
from signalbox.egress.responses import SecretRefused, try_secrets
from signalbox.egress.token_endpoint import AccessToken
from signalbox.egress.wrapped import WrappedConnector
from signalbox.models.connection import Connection
from signalbox.models.connection_auth import ClientCredentials, ConnectionAuth
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.services.notifications.masked_errors import masked_errors


@frozen
class AuthorizedConnector(WrappedConnector):
    """A connector that gets access tokens as secrets where a connection has `auth`."""

    tokens: AccessTokens
    refreshed: RefreshedTokens

    @override
    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        auth = connection.auth
        if auth is None:
            return self.connector.send(notification, connection, secrets)
        return try_secrets(
            secrets,
            lambda secret: self._send_with(
                self._issuer(connection, auth, secret), notification, connection
            ),
        )

    def _issuer(
        self, connection: Connection, auth: ConnectionAuth, secret: str
    ) -> Callable[[AccessToken | None], AccessToken]:
        """Return what returns a token, another one than that which was refused."""
        if isinstance(auth, ClientCredentials):
            return lambda refused: self.tokens.token(auth, secret, refused=refused)
        return lambda refused: self.refreshed.token(connection, auth, secret, refused=refused)

    def _send_with(
        self,
        issue: Callable[[AccessToken | None], AccessToken],
        notification: Notification,
        connection: Connection,
    ) -> None:
        """Send with a token, and once more with a new one if the target refuses an older one."""
        begin = self.tokens.clock()
        token = issue(None)
        try:
            return self._send(notification, connection, token.value)
        except SecretRefused:
            if token.issued_at >= begin:
                raise
            newer = issue(token)
            if newer == token:
                raise
        return self._send(notification, connection, newer.value)

    def _send(self, notification: Notification, connection: Connection, token: str) -> None:
        with masked_errors([token]):
            self.connector.send(notification, connection, [token])
