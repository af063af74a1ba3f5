"""Notes requests that were refused, since that is where a setup fails.

Anybody can have requests refused. So a process writes the first twenty of a source, then one a
second at the most, counts in memory what comes between, and notes nothing of sources that do not
exist.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from signalbox.models.errors import (
    PayloadInvalid,
    PayloadTooLarge,
    SecretMissing,
    SignalboxError,
    Unauthenticated,
)
from signalbox.models.rejection import MAX_REJECTIONS, Rejection
from signalbox.services.deliveries.receive import DEFAULT_SOURCE
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.deliveries import RejectionStore
from signalbox.services.ports.time import Clock

_NOTED: Final = (PayloadInvalid, PayloadTooLarge, SecretMissing, Unauthenticated)
_PAUSE: Final = timedelta(seconds=1)
_BURST: Final = _PAUSE * (MAX_REJECTIONS - 1)
_REST: Final = timedelta(seconds=30)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Unwritten:
    """What was counted of a source and is not written; not before `free_at - _BURST` may it be."""

    counts: Counter[str] = field(default_factory=Counter)
    free_at: datetime = _NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRejection:
    """Notes rejections of one provider's requests."""

    provider: str
    config: ConfigStore
    store: RejectionStore
    clock: Clock
    _unwritten: dict[str, _Unwritten] = field(default_factory=dict)

    def wants(self, error: SignalboxError) -> bool:
        """Whether a request refused for this reason is noted at all."""
        return isinstance(error, _NOTED)

    def code(self, error: SignalboxError) -> str:
        """The word that rejections for this reason are counted under."""
        return "secret_missing" if isinstance(error, SecretMissing) else error.code

    def __call__(self, source: str, rejection: Rejection) -> None:
        """Notes it, at once or later, if there is such a source; where it cannot, it does not."""
        try:
            if source == DEFAULT_SOURCE or self.config.source(self.provider, source):
                self._note(source, rejection)
        except SignalboxError:
            return

    def _note(self, source: str, rejection: Rejection) -> None:
        unwritten = self._unwritten.setdefault(source, _Unwritten())
        unwritten.counts[rejection.code] += 1
        now = self.clock()
        before = max(unwritten.free_at, now)
        if before > now + _BURST:
            return
        unwritten.free_at = now + _BURST + _REST
        self.store.add(self.provider, source, unwritten.counts, rejection)
        unwritten.counts.clear()
        unwritten.free_at = before + _PAUSE
