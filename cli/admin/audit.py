"""Tells the audit log what the command line changes; the API does that for its own callers."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from random import SystemRandom

from cli.errors import CommandError
from cli.stack import Stack
from signalbox.models.audit import AuditEvent, AuditRecord, AuditResult
from signalbox.models.errors import Unavailable
from signalbox.models.ids import RequestId, random_request_id
from signalbox.models.redaction import redacted
from signalbox.services.audit import RecordAudit
from signalbox.services.ports.time import Clock, utc_now

AuditChange = Callable[[str, str], AbstractContextManager[None]]
"""What stands around a change: the action, and what it is done to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAudit:
    """The audit of one command. `record` keeps one entry, `who` says whose it is."""

    record: Callable[[AuditEvent], AuditRecord]
    who: Callable[[], str]
    clock: Clock
    command: RequestId = field(default_factory=random_request_id)

    @contextmanager
    def __call__(self, action: str, thing: str) -> Iterator[None]:
        """Store an entry of the change inside, also where nobody knows whether it was made.

        Raises:
            CommandError: If it was made and the entry is lost.
        """
        entry = AuditEvent(
            at=self.clock(),
            actor=f"cli:{self.who()}",
            action=action,
            object=thing,
            result=AuditResult.ALLOWED,
            request_id=self.command,
            source_ip="",
        )
        try:
            yield
        except Unavailable:
            with suppress(Unavailable):
                self.record(entry.model_copy(update={"result": AuditResult.FAILED}))
            raise
        try:
            self.record(entry)
        except Unavailable as lost:
            why = redacted(f"{lost.reason}: {lost.__cause__}" if lost.__cause__ else lost.reason)
            problem = f"{action} {thing} is done, but the audit log does not tell of it: {why}"
            raise CommandError(problem) from lost


def command_audit(stack: Stack) -> CommandAudit:
    """Return the audit of a command that changes this stack."""
    record = RecordAudit(store=stack.audit, clock=utc_now, random=SystemRandom())
    return CommandAudit(record=record, who=lambda: stack.caller, clock=utc_now)
