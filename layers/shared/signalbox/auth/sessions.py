"""Sessions: a random token stands for an API key or a token, in a cookie of a browser.

Only a hash of it is stored. A session has the scopes that its key has now, and ends with the key.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from signalbox.models.errors import Unauthenticated
from signalbox.models.frozen import frozen
from signalbox.models.opaque_token import random_token, token_digest
from signalbox.models.principal import Principal
from signalbox.models.session import SESSION_LIFETIME, Session
from signalbox.services.ports.auth import SessionStore
from signalbox.services.ports.time import Clock

SESSION_PREFIX: Final = "sbs_"


def random_session() -> str:
    """Return a new token of a session."""
    return SESSION_PREFIX + random_token()


@frozen
class NewSession:
    """A new session: `text` is set as a cookie once and never stored."""

    text: str
    stored: Session


@frozen
class ManageSessions:
    """Create, find, list and end sessions.

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
        digest = token_digest(text)
        session = self.store.get(digest, self.clock())
        principal = self.current(session.principal) if session else None
        if session is None or principal is None:
            raise Unauthenticated("the session is not valid or has ended: log in again")
        ends = min(session.expires_at, principal.expires_at or session.expires_at)
        own = principal.model_copy(update={"expires_at": ends, "session": digest})
        return session.model_copy(update={"principal": own, "expires_at": ends})

    def end(self, text: str) -> None:
        """Remove a session, if it exists."""
        self.store.remove(token_digest(text))

    def all(self, principal: str | None = None) -> Sequence[Session]:
        """Return the sessions that have not ended, those of a principal if one is given.

        The newest come first. Those whose credentials are no longer valid are among them.

        Raises:
            Unavailable: The store did not answer.
        """
        found = [session for _, session in self._of(principal)]
        return sorted(found, key=lambda session: session.created_at, reverse=True)

    def end_all(self, principal: str) -> int:
        """Remove all sessions of a principal and return how many there were.

        Raises:
            Unavailable: The store did not answer; some may have been removed.
        """
        digests = [digest for digest, _ in self._of(principal)]
        for digest in digests:
            self.store.remove(digest)
        return len(digests)

    def _of(self, principal: str | None) -> Iterator[tuple[str, Session]]:
        for digest, session in self.store.all(self.clock()):
            if principal in {None, session.principal.name}:
                yield digest, session
