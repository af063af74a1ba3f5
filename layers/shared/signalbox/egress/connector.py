"""The bases of connectors: of all, and of those that send one HTTP request for a notification."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Final, Generic, TypeVar

from typing_extensions import override

from signalbox.egress.aws_targets import AwsTargets
from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse
from signalbox.egress.references import References
from signalbox.egress.responses import try_secrets
from signalbox.models.base import JsonObject, Model
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict
from signalbox.models.frozen import frozen
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid, parse_settings

S = TypeVar("S", bound=Model)

_SENDABLE: Final = re.compile(r"[ -~]+")


@frozen
class Clients:
    """What connectors call: the HTTP client, AWS, and the record of what they created."""

    http: HttpClient
    references: References
    aws: AwsTargets


class TargetConnector(ABC, Generic[S]):
    """A connector; what remains to write is its settings, and `deliver`.

    Attributes:
        name: The name of the connector's module, which is in connections and in its queue's name.
        settings_model: The model of a connection's settings.
        takes_access_tokens: Whether the secret may be an access token of OAuth 2.0.
        takes_client_certificates: Whether all its calls are those of its HTTP client.
        http: The client that all requests go through.
        references: The objects of the target that stand for tasks.
        aws: The targets in AWS, which are called with the role of the function.
    """

    name: ClassVar[str]
    settings_model: type[S]
    takes_access_tokens: ClassVar[bool] = False
    takes_client_certificates: ClassVar[bool] = False

    def __init__(self, clients: Clients) -> None:
        self.http = clients.http
        self.references = clients.references
        self.aws = clients.aws

    @abstractmethod
    def deliver(self, notification: Notification, settings: S, secret: str) -> None:
        """Make one attempt with one secret, which is empty if the connection uses none.

        Raises:
            SendDelayed: The target may take it later.
            SecretRefused: It does not accept the secret, but may accept another.
            SendRefused: It will never take it.
        """

    def uses_secret(self, connection: Connection) -> bool:  # noqa: ARG002  for those who need it
        """Return whether the connection needs a secret.

        Raises:
            SettingsInvalid: The settings are not those of this connector.
        """
        return True

    def check(self, connection: Connection) -> None:
        """Check the settings of a connection.

        Raises:
            SettingsInvalid: They are not those of this connector.
        """
        self.settings(connection)
        if connection.tls.client_certificate and not self.takes_client_certificates:
            raise SettingsInvalid(f"tls: the connector {self.name} takes no client certificate")
        if connection.auth is None:
            return
        if not self.takes_access_tokens:
            raise SettingsInvalid(f"auth: the connector {self.name} takes no access tokens")
        self.require_https("auth.token_url", connection.auth.token_url)

    def check_secret(self, connection: Connection, secret: str) -> None:  # noqa: ARG002  as above
        """Check a secret before it is stored.

        Raises:
            Conflict: The connection cannot be used with such a secret.
        """
        if not _SENDABLE.fullmatch(secret):
            raise Conflict("the secret is empty, or has a character that no HTTP header may have")

    def reply_settings(self, source: JsonObject) -> JsonObject:  # noqa: ARG002  as above
        """Return the settings of a connection that answers for a source with these settings.

        Override it if tasks of the provider with the same name answer where they came from.
        """
        return {}

    def send(
        self, notification: Notification, connection: Connection, secrets: Sequence[str]
    ) -> None:
        """Deliver the notification with the first secret that the target accepts.

        Raises:
            SendRefused: It will never be taken.
            SendDelayed: It may be taken later.
        """
        settings = self.settings(connection)
        if self.uses_secret(connection):
            try_secrets(secrets, lambda secret: self.deliver(notification, settings, secret))
        else:
            self.deliver(notification, settings, "")

    def settings(self, connection: Connection) -> S:
        """Return the settings of a connection. Override it to check more than the model does.

        Raises:
            SettingsInvalid: They are not those of this connector.
        """
        return parse_settings(self.settings_model, connection.settings)

    def require_https(self, name: str, url: str) -> None:
        """Check a URL among the settings, which are not secret.

        Raises:
            SettingsInvalid: It is neither https nor at an origin that this installation trusts.
        """
        if not url.startswith("https://") and not self.http.trusts(url):
            raise SettingsInvalid(f"{name} is neither https nor at a trusted origin")


class HttpConnector(TargetConnector[S]):
    """A connector; what remains to write is its settings, `render` and `judge`."""

    takes_client_certificates: ClassVar[bool] = True

    @abstractmethod
    def render(self, notification: Notification, settings: S, secret: str) -> HttpRequest:
        """Return the request that delivers the notification.

        Raises:
            SendRefused: It cannot be delivered with these settings.
            SecretRefused: It cannot be delivered with this secret, but may be with another.
        """

    @abstractmethod
    def judge(self, answer: HttpResponse) -> None:
        """Return if the target has taken the notification.

        Raises:
            SendDelayed: It may take it later.
            SecretRefused: It does not accept the secret, but may accept another.
            SendRefused: It will never take it.
        """

    @override
    def deliver(self, notification: Notification, settings: S, secret: str) -> None:
        self.judge(self.http(self.render(notification, settings, secret)))
