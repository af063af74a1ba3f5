"""What the principal of an open connection may do now."""

from dataclasses import field
from datetime import datetime
from typing import Final

from signalbox.auth.api_keys import KEY_CACHE_TTL, KEY_PRINCIPAL, KeyAuthenticator
from signalbox.models.frozen import frozen
from signalbox.models.principal import Principal
from signalbox.services.ports.auth import SessionStore
from signalbox.services.ports.time import Clock

_CACHE_SIZE: Final = 1_000


@frozen
class CurrentAccess:
    """Return a principal with its scopes of now, at most 30 seconds old.

    Those of a key are looked up, as is the session of who called by one. A token cannot be revoked,
    so its principal stays the same until the token expires or the session ends.
    """

    keys: KeyAuthenticator
    sessions: SessionStore
    clock: Clock
    _active: dict[str, datetime] = field(default_factory=dict)

    def __call__(self, principal: Principal) -> Principal | None:
        """Return the principal, None if its credentials or its session are no longer valid.

        Raises:
            Unavailable: The keys, the sessions or the roles cannot be read.
        """
        now = self.clock()
        if principal.expires_at is not None and principal.expires_at <= now:
            return None
        if principal.session is not None and not self._is_active(principal.session, now):
            return None
        if not principal.name.startswith(KEY_PRINCIPAL):
            return principal
        current = self.keys.current(principal)
        if current is None:
            return None
        ends = [end for end in (principal.expires_at, current.expires_at) if end]
        kept = {"session": principal.session, "expires_at": min(ends, default=None)}
        return current.model_copy(update=kept)

    def _is_active(self, session: str, now: datetime) -> bool:
        looked_up = self._active.get(session)
        if looked_up and now - looked_up < KEY_CACHE_TTL:
            return True
        if self.sessions.get(session, now) is None:
            self._active.pop(session, None)
            return False
        if len(self._active) >= _CACHE_SIZE:
            self._active.clear()
        self._active[session] = now
        return True
