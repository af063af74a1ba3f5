"""The ports of authentication: JWKS, sessions, rate limits and the audit log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from signalbox.models.frozen import frozen

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from signalbox.models.audit import AuditRecord, StoredRecord
    from signalbox.models.rate_limit_lots import HeldLot
    from signalbox.models.rate_limits import RateLimitPolicy, RateLimitQuota
    from signalbox.models.session import Session


@frozen
class FetchedJwks:
    """The response of an issuer: its key set, and for how long it may be cached."""

    body: bytes
    max_age: timedelta | None = None


FetchJwks = Callable[[str], FetchedJwks]
"""Fetch the key set at a URL. Raises Unavailable."""


class SessionStore(Protocol):
    """Stores sessions by the hash of their token."""

    def put(self, digest: str, session: Session) -> None:
        """Store a session."""

    def get(self, digest: str, now: datetime) -> Session | None:
        """Return the session, None if there is none or it has expired."""

    def all(self, now: datetime) -> Iterator[tuple[str, Session]]:
        """Yield the hash and the session of all that have not expired, in no order."""

    def remove(self, digest: str) -> None:
        """Remove the session, if it exists."""


class RateLimitBuckets(Protocol):
    """The recent requests of each caller."""

    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        """Count a request against the limit.

        Raises:
            OverLimit: The rate limit is exceeded.
            Unavailable: A service that is needed did not answer.
        """


class RateLimitLotBuckets(RateLimitBuckets, Protocol):
    """The recent requests of each caller, and the lots that processes hold of them."""

    def take_lot(
        self, key: str, policy: RateLimitPolicy, now: datetime, *, size: int, used: HeldLot | None
    ) -> tuple[RateLimitQuota, HeldLot | None]:
        """Take a lot, or count one request if too little is left for a lot.

        Args:
            key: The caller.
            policy: Its limit.
            now: The time.
            size: The size of the lot.
            used: The last lot of this process, which it does not use any more.

        Returns:
            What is left, apart from the lot, and the lot, of which one request is this one.

        Raises:
            OverLimit: The rate limit is exceeded.
            Unavailable: A service that is needed did not answer.
        """


class AuditStore(Protocol):
    """Stores the audit log: an append-only chain of records for each day."""

    def append(self, row: AuditRecord) -> bool:
        """Store a new record; return False if its number exists."""

    def newest(
        self, day: str, *, before: str | None = None, chunk: int = 1
    ) -> Iterator[StoredRecord]:
        """Yield the records of a day, newest first, reading `chunk` at a time."""

    def oldest(self, day: str, *, chunk: int | None = None) -> Iterator[StoredRecord]:
        """Yield everything that is stored for a day, oldest first, read lazily."""
