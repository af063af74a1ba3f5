"""The audit log in memory."""

from collections.abc import Iterator

from signalbox.models.audit import AuditEvent, AuditRecord, AuditResult, StoredRecord, record_number
from tests.builders import NOW


def an_entry(**changes: object) -> AuditEvent:
    facts = {
        "at": NOW,
        "actor": "key:0123456789ab",
        "action": "tasks.create",
        "object": "tsk_one",
        "result": AuditResult.ALLOWED,
        "request_id": "req_one",
        "source_ip": "203.0.113.7",
    }
    return AuditEvent.model_validate(facts | changes)


class FakeAuditStore:
    """An AuditStore that anybody may tamper with. `rivals` write just before somebody else does."""

    def __init__(self) -> None:
        self.days: dict[str, dict[str, str]] = {}
        self.rivals: list[AuditRecord] = []
        self.reads = 0
        self.writes = 0

    def append(self, row: AuditRecord) -> bool:
        self.writes += 1
        if self.rivals:
            self._keep(self.rivals.pop(0))
        return self._keep(row)

    def newest(
        self, day: str, *, before: str | None = None, chunk: int = 1
    ) -> Iterator[StoredRecord]:
        assert chunk > 0
        self.reads += 1
        rows = sorted(self.days.get(day, {}).items(), reverse=True)
        return (StoredRecord(number=n, document=d) for n, d in rows if n < (before or ":"))

    def oldest(self, day: str, *, chunk: int | None = None) -> Iterator[StoredRecord]:
        assert chunk is None or chunk > 0
        self.reads += 1
        rows = sorted(self.days.get(day, {}).items())
        return (StoredRecord(number=number, document=document) for number, document in rows)

    def _keep(self, row: AuditRecord) -> bool:
        rows = self.days.setdefault(row.day, {})
        if record_number(row.number) in rows:
            return False
        rows[record_number(row.number)] = row.model_dump_json()
        return True
