"""Check the secrets of connections before they are stored."""

import re
from typing import Final

from signalbox.models.connection import Connection
from signalbox.models.connection_auth import RefreshTokenGrant, parse_refresh_secret
from signalbox.models.errors import Conflict
from signalbox.services.ports.notifications import Connector

_CLIENT_SECRET: Final = re.compile(r"[ -~]{1,2000}")
_REFRESH_FORM: Final = (
    'the secret is not a JSON object such as {"client_secret": "…", "refresh_token": "…"},'
    " with ASCII characters; client_secret may be missing, and nothing else may be there"
)


def check_connection_secret(connector: Connector, connection: Connection, secret: str) -> None:
    """Check that a connection can use a secret, which is for the token endpoint if it has one.

    Raises:
        Conflict: It cannot.
    """
    if connection.auth is None:
        connector.check_secret(connection, secret)
    elif isinstance(connection.auth, RefreshTokenGrant):
        if parse_refresh_secret(secret) is None:
            raise Conflict(_REFRESH_FORM)
    elif not _CLIENT_SECRET.fullmatch(secret):
        raise Conflict("the secret is not a client secret, which has 1 to 2000 ASCII characters")
