"""Sessions in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from signalbox.models.session import Session
from signalbox.services.ports.auth import SessionStore


@dataclass
class FakeSessions(SessionStore):
    kept: dict[str, Session] = field(default_factory=dict)

    def put(self, digest: str, session: Session) -> None:
        self.kept[digest] = session

    def get(self, digest: str, now: datetime) -> Session | None:
        found = self.kept.get(digest)
        return found if found and now < found.expires_at else None

    def all(self, now: datetime) -> Iterator[tuple[str, Session]]:
        for digest, session in tuple(self.kept.items()):
            if now < session.expires_at:
                yield digest, session

    def remove(self, digest: str) -> None:
        self.kept.pop(digest, None)
