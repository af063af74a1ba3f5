"""Writes the audit log, shows it, and finds out whether anybody has touched it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from time import sleep
from typing import Final

from pydantic import ValidationError

from signalbox.models.audit import (
    MAX_GAP_DAYS,
    AuditEvent,
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
from signalbox.services.ports.auth import AuditStore
from signalbox.services.ports.time import Clock, Sleep

_TRIES: Final = 8
_PAUSE: Final = 0.01
_DAYS_A_PAGE: Final = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAudit:
    """Appends to the chain of today.

    One write where nobody else writes; whoever loses the race for a number reads the end again.
    """

    store: AuditStore
    clock: Clock
    random: Random
    sleep: Sleep = sleep
    _last: dict[str, ChainHead] = field(default_factory=dict)

    def __call__(self, entry: AuditEvent) -> AuditRecord:
        """The row that was kept. Raises Unavailable, also where too many write at once."""
        day = day_of(self.clock())
        last = self._last.get(day) or self._end(day)
        for attempt in range(_TRIES):
            row = append_to_chain(entry, day, last)
            if self.store.append(row):
                self._remember(row.end)
                return row
            self.sleep(self.random.uniform(0, _PAUSE * 2**attempt))
            last = self._end(day)
        self._last.clear()
        raise Unavailable("too many write to the audit log at once")

    def _end(self, day: str) -> ChainHead | None:
        """The last row of the day, or of the last day before it that has any."""
        for step in range(MAX_GAP_DAYS + 1):
            earlier = add_days(day, -step)
            for kept in self.store.newest(earlier):
                return chain_head(earlier, kept)
        return None

    def _remember(self, end: ChainHead) -> None:
        self._last.clear()
        self._last[end.day] = end


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Some rows, and the position after which the next ones stand, None at the end.

    `unreadable` are positions of rows that somebody has made unreadable. A page may be short, or
    empty, and still not be the last: it looks at a month at the most.
    """

    rows: Sequence[AuditRecord]
    unreadable: Sequence[str]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAudit:
    """Shows the audit log, newest first."""

    store: AuditStore
    clock: Clock

    def __call__(self, *, since: str, limit: int, after: str | None = None) -> AuditPage:
        """One page of at most `limit` rows, none of a day before `since`.

        `after` is a position that a page gave out: `<day>/<number>`, or a day.
        """
        start, _, number = (after or day_of(self.clock())).partition("/")
        rows: list[AuditRecord] = []
        unreadable: list[str] = []
        last = after
        for seen, (position, kept) in enumerate(self._newest(start, number, since, limit + 1)):
            if seen == limit:
                return AuditPage(rows=rows, unreadable=unreadable, after=last)
            last = position
            try:
                rows.append(AuditRecord.model_validate_json(kept.document))
            except ValidationError:
                unreadable.append(position)
        rest = add_days(start, -_DAYS_A_PAGE)
        return AuditPage(rows=rows, unreadable=unreadable, after=rest if rest >= since else None)

    def _newest(
        self, start: str, number: str, since: str, chunk: int
    ) -> Iterator[tuple[str, StoredRecord]]:
        for step in range(_DAYS_A_PAGE):
            day = add_days(start, -step)
            if day < since:
                return
            before = number if number and step == 0 else None
            for kept in self.store.newest(day, before=before, chunk=chunk):
                yield f"{day}/{kept.number}", kept


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyAudit:
    """Finds out whether anybody has touched the audit log.

    The end of a day is known from the first row of a later day; until there is one, rows that were
    cut off at the end are not missed.
    """

    store: AuditStore

    def __call__(self, day: str) -> Tampering | None:
        """The first row of the day that was changed, put in or taken out, None where none was."""
        try:
            self._walk(day, self._known_end(day))
        except ChainInvalid as broken:
            return broken.breach
        return None

    def _walk(self, day: str, end: ChainHead | None) -> None:
        last: ChainHead | None = None
        for kept in self.store.oldest(day):
            last = verify_next(day, last, kept)
            if end and end.number == last.number and end.hash != last.hash:
                raise ChainInvalid(day, kept.number, "was changed")
        there = last.number if last else 0
        if end and there < end.number:
            raise ChainInvalid(day, record_number(there + 1), "is missing")

    def _known_end(self, day: str) -> ChainHead | None:
        """A row of this day that a later day carries on, None where no later day says."""
        for step in range(1, MAX_GAP_DAYS + 1):
            for kept in self.store.oldest(add_days(day, step), chunk=1):
                try:
                    carried_on = AuditRecord.model_validate_json(kept.document).after
                except ValidationError:
                    return None
                return carried_on if carried_on and carried_on.day == day else None
        return None
