"""Request and response bodies of connections."""

from signalbox.models.base import Model
from signalbox.models.config import Connection

CONNECTIONS = "/api/v1/connections"


class ConnectionList(Model):
    """Every connection; their secrets are stored apart and never shown."""

    items: tuple[Connection, ...]
