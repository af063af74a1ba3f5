"""Request and response bodies of audit."""

from typing import Final

from signalbox.models.audit import AuditRecord, Tampering
from signalbox.models.base import Model

AUDIT: Final = "/api/v1/audit"


class AuditList(Model):
    """Records of the audit log, newest first. `unreadable` has the positions of damaged records."""

    items: tuple[AuditRecord, ...]
    unreadable: tuple[str, ...]
    next: str | None = None


class VerifyAuditResponse(Model):
    """Whether a day is intact; `breach` is the first record that was tampered with."""

    day: str
    intact: bool
    breach: Tampering | None = None
