"""A connection: a configured target of one connector."""

from typing import Annotated, ClassVar

from pydantic import Field, JsonValue
from typing_extensions import override

from signalbox.models.base import NAME_CONSTRAINTS, Name
from signalbox.models.config_resource import (
    CERTIFICATE,
    CONNECTION_SECRETS,
    GRANTS,
    ConfigResource,
    secret_path,
)
from signalbox.models.connection_auth import ConnectionAuth, ConnectionTls
from signalbox.models.delivery_policy import DEFAULT_RETRY, DeliveryOrder, RetryPolicy, SendRate
from signalbox.models.ids import ConnectionId


class Connection(ConfigResource):
    """A configured target of one connector; its secret is stored separately.

    A disabled connection holds its notifications. `retry` is when they are sent again, `rate_limit`
    how many are sent in a time, `order` what waits for earlier ones. The connector's own model
    validates `settings`. With `auth` the secret is for an authorization server, which issues access
    tokens. With `tls.client_certificate` it has a second secret. With `incidents` the connection
    gets the alerts of incidents, except of its own.
    """

    kind: ClassVar = "connection"

    id: Annotated[ConnectionId, NAME_CONSTRAINTS]
    connector: Name
    enabled: bool = True
    incidents: bool = False
    retry: RetryPolicy = DEFAULT_RETRY
    rate_limit: SendRate | None = None
    order: DeliveryOrder = Field(default=DeliveryOrder.NONE, strict=False)
    auth: ConnectionAuth | None = None
    tls: ConnectionTls = ConnectionTls.model_construct()
    settings: dict[str, JsonValue] = Field(default_factory=dict)

    @property
    @override
    def key(self) -> str:
        return self.id

    @property
    @override
    def secret_name(self) -> str:
        return secret_path(CONNECTION_SECRETS, self.id)

    @property
    def certificate_name(self) -> str:
        """Return the name of its client certificate, with the private key."""
        return secret_path(CONNECTION_SECRETS, self.id, CERTIFICATE)

    @property
    def grants_name(self) -> str:
        """Return the name of the current tokens of its grants, which its connector writes."""
        return secret_path(GRANTS, self.connector, self.id)

    @property
    @override
    def secret_names(self) -> tuple[str, ...]:
        return (self.secret_name, self.certificate_name, self.grants_name)


class ReplyConnection(Connection):
    """A source as a connection, by which its tasks answer. It is never stored.

    `settings` are those of the source; its connector has those of a connection for them.
    """

    id: ConnectionId
    token: str

    @property
    @override
    def secret_name(self) -> str:
        return self.token
