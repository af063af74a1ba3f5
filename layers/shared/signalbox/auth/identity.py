"""Who calls, as a signed token for the service that is called: a JWT of one minute (RFC 7519).

joserfc is imported when the first token is signed.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Final

from signalbox.auth.identity_keys import parse_identity_keys, published_keys, signing_key
from signalbox.models.frozen import frozen
from signalbox.models.principal import Principal
from signalbox.services.ports.time import Clock

if TYPE_CHECKING:
    from joserfc.jwk import ECKey

IDENTITY_KEY_NAME: Final = "keys/identity"
"""The secret with the keys."""

IDENTITY_SECONDS: Final = 60
_ALGORITHM: Final = "ES256"
_CURVE: Final = "P-256"


@frozen
class IdentitySigner:
    """Sign tokens with the current one of the stored `keys`; `issuer` is `iss`."""

    keys: Callable[[], Sequence[str]]
    issuer: str
    clock: Clock
    _parsed: dict[str, "ECKey"] = field(default_factory=dict)

    def __call__(self, caller: Principal, service: str, request_id: str) -> str:
        """Return a token of the caller for a service.

        Raises:
            Unavailable: The key cannot be read.
        """
        from joserfc import jwt  # noqa: PLC0415  see above

        at = self.clock()
        current = signing_key(parse_identity_keys(self.keys()), at)
        key, now = self._key(current.jwk), int(at.timestamp())
        claims = {
            "iss": self.issuer,
            "sub": caller.name,
            "aud": service,
            "iat": now,
            "exp": now + IDENTITY_SECONDS,
            "jti": request_id,
            "roles": list(caller.roles),
        }
        header = {"alg": _ALGORITHM, "typ": "JWT", "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[_ALGORITHM])

    def jwks(self) -> str:
        """Return the public keys that are valid now or soon, as a JWK set in JSON (RFC 7517).

        Raises:
            Unavailable: The keys cannot be read.
        """
        more = {"alg": _ALGORITHM, "use": "sig"}
        keys = published_keys(parse_identity_keys(self.keys()), self.clock())
        public = [{**self._key(key.jwk).as_dict(private=False), **more} for key in keys]
        return json.dumps({"keys": public})

    def _key(self, text: str) -> "ECKey":
        from joserfc.jwk import ECKey  # noqa: PLC0415  see above

        if text not in self._parsed:
            self._parsed[text] = ECKey.import_key(json.loads(text))
        return self._parsed[text]


def new_identity_key() -> str:
    """Return a new private key for tokens, as a JWK in JSON."""
    from joserfc.jwk import ECKey  # noqa: PLC0415  see above

    key = ECKey.generate_key(_CURVE, private=True, auto_kid=True)
    return json.dumps(key.as_dict(private=True))
