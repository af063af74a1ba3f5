"""Record in the audit log what the command line changes without the API."""

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
"""A context manager around a change, with its action and its object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAudit:
    """The audit of one command. `record` stores an event, `who` returns the actor."""

    record: Callable[[AuditEvent], AuditRecord]
    who: Callable[[], str]
    clock: Clock
    command: RequestId = field(default_factory=random_request_id)

    @contextmanager
    def __call__(self, action: str, object_name: str) -> Iterator[None]:
        """Record the change made inside, also if it is unknown whether it was made.

        Raises:
            CommandError: The change was made but could not be recorded.
        """
        event = AuditEvent(
            at=self.clock(),
            actor=f"cli:{self.who()}",
            action=action,
            object=object_name,
            result=AuditResult.ALLOWED,
            request_id=self.command,
            source_ip="",
        )
        try:
            yield
        except Unavailable:
            with suppress(Unavailable):
                self.record(event.model_copy(update={"result": AuditResult.FAILED}))
            raise
        try:
            self.record(event)
        except Unavailable as lost:
            why = redacted(f"{lost.reason}: {lost.__cause__}" if lost.__cause__ else lost.reason)
            problem = (
                f"{action} {object_name} is done, but the audit log does not tell of it: {why}"
            )
            raise CommandError(problem) from lost


def command_audit(stack: Stack) -> CommandAudit:
    """Return the audit of a command that changes this stack."""
    record = RecordAudit(store=stack.audit, clock=utc_now, random=SystemRandom())
    return CommandAudit(record=record, who=lambda: stack.caller, clock=utc_now)
