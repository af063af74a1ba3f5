"""What the principal of an open connection may do now."""

from dataclasses import dataclass

from signalbox.auth.api_keys import KEY_PRINCIPAL, KeyAuthenticator
from signalbox.models.principal import Principal
from signalbox.services.ports.time import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentAccess:
    """Return a principal with its scopes of now, at most 30 seconds old.

    Those of a key are looked up. A token cannot be revoked, so its principal stays the same until
    the token expires.
    """

    keys: KeyAuthenticator
    clock: Clock

    def __call__(self, principal: Principal) -> Principal | None:
        """Return the principal, None if its credentials are no longer valid.

        Raises:
            Unavailable: The keys or the roles cannot be read.
        """
        if principal.expires_at is not None and principal.expires_at <= self.clock():
            return None
        if principal.name.startswith(KEY_PRINCIPAL):
            return self.keys.current(principal)
        return principal
