"""Request and response bodies of audit."""

from typing import Final

from signalbox.models.audit import AuditRecord, Tampering
from signalbox.models.base import Model

AUDIT: Final = "/api/v1/audit"


class AuditList(Model):
    """Rows of the log, newest first. `unreadable` names rows that somebody has spoilt."""

    items: tuple[AuditRecord, ...]
    unreadable: tuple[str, ...]
    next: str | None = None


class VerifyAuditResponse(Model):
    """Whether a day is as it was written; `breach` is the first row that is not."""

    day: str
    intact: bool
    breach: Tampering | None = None
