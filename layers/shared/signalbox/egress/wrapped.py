"""What the connectors share that send by another one."""

from typing_extensions import override

from signalbox.models.base import JsonObject
from signalbox.models.connection import Connection
from signalbox.models.frozen import frozen
from signalbox.services.ports.notifications import Connector


@frozen
class WrappedConnector(Connector):
    """A connector that is like another one, except for how it sends."""

    connector: Connector

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
