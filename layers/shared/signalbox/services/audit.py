"""Write, list and verify the audit log."""

from collections.abc import Iterator, Sequence
from dataclasses import field
from random import Random
from time import sleep
from typing import Final

from pydantic import ValidationError

from signalbox.models.audit import (
    MAX_GAP_DAYS,
    AuditEvent,
    AuditFilter,
    AuditRecord,
    ChainHead,
    ChainInvalid,
    StoredRecord,
    Tampering,
    add_days,
    append_to_chain,
    chain_head,
    day_of,
    record_number,
    verify_next,
)
from signalbox.models.errors import Unavailable
from signalbox.models.frozen import frozen
from signalbox.services.ports.auth import AuditStore
from signalbox.services.ports.time import Clock, Sleep

_MAX_WRITES: Final = 8
_BACKOFF_SECONDS: Final = 0.01
_DAYS_PER_PAGE: Final = 31
_READ_PER_PAGE: Final = 1_000
_NO_FILTER: Final = AuditFilter()


@frozen
class RecordAudit:
    """Append to the chain of the current day.

    It takes one write without contention. After losing a race for a number it reads the head of the
    chain again.
    """

    store: AuditStore
    clock: Clock
    random: Random
    sleep: Sleep = sleep
    _last: dict[str, ChainHead] = field(default_factory=dict)

    def __call__(self, event: AuditEvent) -> AuditRecord:
        """Append the event and return its record.

        Raises:
            Unavailable: The store did not answer, or too many processes write at once.
        """
        day = day_of(self.clock())
        last = self._last.get(day) or self._head(day)
        for attempt in range(_MAX_WRITES):
            record = append_to_chain(event, day, last)
            if self.store.append(record):
                self._remember(record.end)
                return record
            self.sleep(self.random.uniform(0, _BACKOFF_SECONDS * 2**attempt))
            last = self._head(day)
        self._last.clear()
        raise Unavailable("too many processes write to the audit log at once")

    def _head(self, day: str) -> ChainHead | None:
        """Return the last record of the day, or of the last earlier day that has one."""
        for step in range(MAX_GAP_DAYS + 1):
            earlier = add_days(day, -step)
            for stored in self.store.newest(earlier):
                return chain_head(earlier, stored)
        return None

    def _remember(self, head: ChainHead) -> None:
        self._last.clear()
        self._last[head.day] = head


@frozen
class AuditPage:
    """Some records, and the position after which the next page starts, None at the end.

    `unreadable` has the positions of records that were made unreadable. A page may be short or
    empty without being the last: it covers at most a month and 1,000 records.
    """

    records: Sequence[AuditRecord]
    unreadable: Sequence[str]
    after: str | None


@frozen
class ListAudit:
    """List the audit log, newest first."""

    store: AuditStore
    clock: Clock

    def __call__(
        self, *, since: str, limit: int, after: str | None = None, having: AuditFilter = _NO_FILTER
    ) -> AuditPage:
        """Return a page of at most `limit` records, none from a day before `since`.

        `after` is a position of an earlier page, `<day>/<number>`, or a day. Records that cannot be
        read are reported whatever the filter.
        """
        start, _, number = (after or day_of(self.clock())).partition("/")
        records: list[AuditRecord] = []
        unreadable: list[str] = []
        last = after
        chunk = limit + 1 if having == _NO_FILTER else _READ_PER_PAGE
        for index, (position, stored) in enumerate(self._newest(start, number, since, chunk)):
            if index == _READ_PER_PAGE or len(records) + len(unreadable) == limit:
                return AuditPage(records=records, unreadable=unreadable, after=last)
            last = position
            try:
                record = AuditRecord.model_validate_json(stored.document)
            except ValidationError:
                unreadable.append(position)
                continue
            if having.matches(record.entry):
                records.append(record)
        rest = add_days(start, -_DAYS_PER_PAGE)
        return AuditPage(
            records=records, unreadable=unreadable, after=rest if rest >= since else None
        )

    def _newest(
        self, start: str, number: str, since: str, chunk: int
    ) -> Iterator[tuple[str, StoredRecord]]:
        for step in range(_DAYS_PER_PAGE):
            day = add_days(start, -step)
            if day < since:
                return
            before = number if number and step == 0 else None
            for stored in self.store.newest(day, before=before, chunk=chunk):
                yield f"{day}/{stored.number}", stored


@frozen
class VerifyAudit:
    """Verify that nobody has tampered with the audit log.

    The last record of a day is known from the first record of a later day. Until there is one,
    records that were removed from the end are not detected.
    """

    store: AuditStore

    def __call__(self, day: str) -> Tampering | None:
        """Return the first record of the day that was changed, inserted or removed, or None."""
        try:
            self._walk(day, self._expected_head(day))
        except ChainInvalid as broken:
            return broken.breach
        return None

    def _walk(self, day: str, head: ChainHead | None) -> None:
        last: ChainHead | None = None
        for stored in self.store.oldest(day):
            last = verify_next(day, last, stored)
            if head and head.number == last.number and head.hash != last.hash:
                raise ChainInvalid(day, stored.number, "was changed")
        last_number = last.number if last else 0
        if head and last_number < head.number:
            raise ChainInvalid(day, record_number(last_number + 1), "is missing")

    def _expected_head(self, day: str) -> ChainHead | None:
        """Return a record of this day that a later day continues, or None."""
        for step in range(1, MAX_GAP_DAYS + 1):
            for stored in self.store.oldest(add_days(day, step), chunk=1):
                try:
                    continued = AuditRecord.model_validate_json(stored.document).after
                except ValidationError:
                    return None
                return continued if continued and continued.day == day else None
        return None
