"""The audit log in memory."""

from collections.abc import Iterator

from signalbox.models.audit import Entry, Kept, Result, Row, numbered
from tests.builders import NOW


def an_entry(**changes: object) -> Entry:
    facts = {
        "at": NOW,
        "actor": "key:0123456789ab",
        "action": "tasks.create",
        "object": "tsk_one",
        "result": Result.ALLOWED,
        "request_id": "req_one",
        "source_ip": "203.0.113.7",
    }
    return Entry.model_validate(facts | changes)


class FakeAuditStore:
    """An AuditStore that anybody may tamper with. `rivals` write just before somebody else does."""

    def __init__(self) -> None:
        self.days: dict[str, dict[str, str]] = {}
        self.rivals: list[Row] = []
        self.reads = 0
        self.writes = 0

    def append(self, row: Row) -> bool:
        self.writes += 1
        if self.rivals:
            self._keep(self.rivals.pop(0))
        return self._keep(row)

    def newest(self, day: str, *, before: str | None = None, chunk: int = 1) -> Iterator[Kept]:
        assert chunk > 0
        self.reads += 1
        rows = sorted(self.days.get(day, {}).items(), reverse=True)
        return (Kept(number=n, document=d) for n, d in rows if n < (before or ":"))

    def oldest(self, day: str, *, chunk: int | None = None) -> Iterator[Kept]:
        assert chunk is None or chunk > 0
        self.reads += 1
        rows = sorted(self.days.get(day, {}).items())
        return (Kept(number=number, document=document) for number, document in rows)

    def _keep(self, row: Row) -> bool:
        rows = self.days.setdefault(row.day, {})
        if numbered(row.number) in rows:
            return False
        rows[numbered(row.number)] = row.model_dump_json()
        return True
