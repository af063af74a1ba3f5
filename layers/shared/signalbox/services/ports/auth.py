"""What guarding the API needs from outside; apart from other ports, as webhooks do without it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from signalbox.models.audit import AuditRecord, StoredRecord
from signalbox.models.rate_limits import RateLimitPolicy, RateLimitQuota


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedJwks:
    """What an issuer of tokens answered: its key set, and how long it may be kept."""

    body: bytes
    max_age: timedelta | None = None


FetchJwks = Callable[[str], FetchedJwks]
"""Asks for the key set at this address. Raises Unavailable."""


class RateLimitBuckets(Protocol):
    """Who has asked how often lately."""

    def take(self, key: str, policy: RateLimitPolicy, now: datetime) -> RateLimitQuota:
        """Counts a request against the limit. Raises OverLimit, Unavailable."""


class AuditStore(Protocol):
    """Where the audit log is kept, a chain of rows for each day; nothing is ever changed."""

    def append(self, row: AuditRecord) -> bool:
        """Keeps a new row; False where one of its number is there already."""

    def newest(
        self, day: str, *, before: str | None = None, chunk: int = 1
    ) -> Iterator[StoredRecord]:
        """The rows of a day, newest first, read `chunk` at a time as they are consumed."""

    def oldest(self, day: str, *, chunk: int | None = None) -> Iterator[StoredRecord]:
        """Everything that is kept of a day, oldest first, read as it is consumed."""
