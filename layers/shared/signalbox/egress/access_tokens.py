"""Access tokens of OAuth 2.0 by client credentials, fetched and cached in the process.

https://www.rfc-editor.org/rfc/rfc6749#section-4.4
"""

from collections.abc import Callable
from dataclasses import field
from typing import Final

from signalbox.egress.http_client import HttpRequest, HttpResponse
from signalbox.egress.token_cache import TokenCache
from signalbox.egress.token_endpoint import AccessToken, request_tokens, token_request
from signalbox.models.connection_auth import ClientCredentials
from signalbox.models.frozen import frozen
from signalbox.services.ports.time import Clock

_GRANT: Final = {"grant_type": "client_credentials"}


@frozen
class AccessTokens:
    """Tokens by client and client secret, for the life of the process."""

    http: Callable[[HttpRequest], HttpResponse]
    clock: Clock
    _cache: TokenCache = field(default_factory=TokenCache, init=False, repr=False)

    def token(
        self, client: ClientCredentials, secret: str, *, refused: AccessToken | None = None
    ) -> AccessToken:
        """Return a valid token, another one than that which the target has refused.

        Raises:
            SendDelayed: The token endpoint does not answer now.
            SecretRefused: It does not accept the client secret, but may accept another.
            SendRefused: It will never issue such a token.
        """
        return self._cache.token(
            (client, secret),
            lambda: self._issued(client, secret),
            refused=refused,
            clock=self.clock,
        )

    def _issued(self, client: ClientCredentials, secret: str) -> AccessToken:
        form = _GRANT | ({"audience": client.audience} if client.audience else {})
        request = token_request(client, secret, form)
        return request_tokens(self.http, request, self.clock()).access
