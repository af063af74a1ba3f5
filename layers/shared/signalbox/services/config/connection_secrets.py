"""Check the secrets of connections before they are stored."""

import re
from typing import Final

from signalbox.models.config import Connection
from signalbox.models.errors import Conflict
from signalbox.services.ports.notifications import Connector

_CLIENT_SECRET: Final = re.compile(r"[ -~]{1,2000}")


def check_connection_secret(connector: Connector, connection: Connection, secret: str) -> None:
    """Check that a connection can use a secret, which is its client secret if it uses OAuth.

    Raises:
        Conflict: It cannot.
    """
    if connection.auth is None:
        connector.check_secret(connection, secret)
    elif not _CLIENT_SECRET.fullmatch(secret):
        raise Conflict("the secret is not a client secret, which has 1 to 2000 ASCII characters")
