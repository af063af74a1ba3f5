"""Record rejected requests, since that is where a setup fails.

Anybody can cause rejections. So a process writes the first twenty of a source and then at most one
per second, counts the ones in between in memory, and records nothing for sources that do not exist.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from signalbox.models.errors import (
    AddressRefused,
    NetworksMissing,
    PayloadInvalid,
    PayloadTooLarge,
    SecretMissing,
    SignalboxError,
    SourceMisconfigured,
    Unauthenticated,
)
from signalbox.models.frozen import frozen
from signalbox.models.rejection import MAX_REJECTIONS, Rejection
from signalbox.models.source import DEFAULT_SOURCE
from signalbox.services.ports.config import ConfigStore
from signalbox.services.ports.deliveries import RejectionStore
from signalbox.services.ports.time import Clock

_RECORDED_ERRORS: Final = (
    *(AddressRefused, NetworksMissing, PayloadInvalid, PayloadTooLarge, SecretMissing),
    *(SourceMisconfigured, Unauthenticated),
)
_WRITE_INTERVAL: Final = timedelta(seconds=1)
_BURST: Final = _WRITE_INTERVAL * (MAX_REJECTIONS - 1)
_RETRY_AFTER: Final = timedelta(seconds=30)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, eq=False, repr=False)
class _Unwritten:
    """The counts of a source that are not written yet.

    They may be written from `free_at - _BURST` on.
    """

    counts: Counter[str] = field(default_factory=Counter)
    free_at: datetime = _NEVER


@frozen
class RecordRejection:
    """Record rejections of the requests of one provider."""

    provider: str
    config: ConfigStore
    store: RejectionStore
    clock: Clock
    _unwritten: dict[str, _Unwritten] = field(default_factory=dict)

    def wants(self, error: SignalboxError) -> bool:
        """Return whether rejections for this reason are recorded."""
        return isinstance(error, _RECORDED_ERRORS)

    def code(self, error: SignalboxError) -> str:
        """Return the code under which rejections for this reason are counted."""
        match error:
            case SecretMissing():
                return "secret_missing"
            case NetworksMissing():
                return "networks_missing"
            case SourceMisconfigured():
                return "source_misconfigured"
        return error.code

    def __call__(self, source: str, rejection: Rejection) -> None:
        """Record the rejection, now or later, if the source exists. Errors are ignored."""
        try:
            if source == DEFAULT_SOURCE or self.config.source(self.provider, source):
                self._record(source, rejection)
        except SignalboxError:
            return

    def _record(self, source: str, rejection: Rejection) -> None:
        unwritten = self._unwritten.setdefault(source, _Unwritten())
        unwritten.counts[rejection.code] += 1
        now = self.clock()
        before = max(unwritten.free_at, now)
        if before > now + _BURST:
            return
        unwritten.free_at = now + _BURST + _RETRY_AFTER
        self.store.add(self.provider, source, unwritten.counts, rejection)
        unwritten.counts.clear()
        unwritten.free_at = before + _WRITE_INTERVAL
