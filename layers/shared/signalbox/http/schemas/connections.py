"""Request and response bodies of connections."""

from signalbox.models.base import Model
from signalbox.models.connection import Connection

CONNECTIONS = "/api/v1/connections"


class ConnectionList(Model):
    """Every connection. Their secrets are stored separately and never shown."""

    items: tuple[Connection, ...]
