"""Sessions: a random token stands for an API key or a token, in a cookie of a browser.

Only a hash of it is stored. A session has the scopes that its key has now, and ends with the key.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from signalbox.models.errors import Unauthenticated
from signalbox.models.opaque_token import random_token, token_digest
from signalbox.models.principal import Principal
from signalbox.models.session import SESSION_LIFETIME, Session
from signalbox.services.ports.auth import SessionStore
from signalbox.services.ports.time import Clock

SESSION_PREFIX: Final = "sbs_"


def random_session() -> str:
    """Return a new token of a session."""
    return SESSION_PREFIX + random_token()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A new session: `text` is set as a cookie once and never stored."""

    text: str
    stored: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageSessions:
    """Create, find and end sessions.

    `current` returns what a principal may do now, None if its credentials are no longer valid.
    """

    store: SessionStore
    current: Callable[[Principal], Principal | None]
    clock: Clock
    random: Callable[[], str] = random_session

    def create(self, principal: Principal, name: str) -> NewSession:
        """Return a new session of a principal, which ends with its credentials at the latest."""
        text, now = self.random(), self.clock()
        end = now + SESSION_LIFETIME
        session = Session(
            principal=principal,
            name=name,
            created_at=now,
            expires_at=min(end, principal.expires_at or end),
        )
        self.store.put(token_digest(text), session)
        return NewSession(text=text, stored=session)

    def find(self, text: str) -> Session:
        """Return a session, its principal with the scopes of now.

        Raises:
            Unauthenticated: There is none, or its credentials are no longer valid.
            Unavailable: The store did not answer.
        """
        session = self.store.get(token_digest(text), self.clock())
        principal = self.current(session.principal) if session else None
        if session is None or principal is None:
            raise Unauthenticated("the session is not valid or has ended: log in again")
        ends = min(session.expires_at, principal.expires_at or session.expires_at)
        own = principal.model_copy(update={"expires_at": ends})
        return session.model_copy(update={"principal": own, "expires_at": ends})

    def end(self, text: str) -> None:
        """Remove a session, if it exists."""
        self.store.remove(token_digest(text))
