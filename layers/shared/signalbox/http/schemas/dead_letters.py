"""Request and response bodies of dead letters."""

from typing import Annotated

from pydantic import Field

from signalbox.models.base import Model, Rfc3339
from signalbox.models.dead_letter import DeadLetter, DeadLetterKind
from signalbox.models.task import Priority

ShortText = Annotated[str, Field(min_length=1, max_length=128)]


class DeadLetterList(Model):
    """A page of dead letters.

    `next` is the cursor of the page behind it.

    A page may be short, or empty, and still have one behind it.
    """

    items: tuple[DeadLetter, ...]
    next: str | None = None


class RedriveRequest(Model):
    """What is to be tried again: all dead letters of a kind, as the other members narrow it down.

    `task_id` names one task, or the notifications of one task, `notification_id` one of these; what
    is named may have failed for any reason.
    """

    kind: Annotated[DeadLetterKind, Field(strict=False)]
    task_id: ShortText | None = None
    notification_id: ShortText | None = None
    priority: Annotated[Priority | None, Field(strict=False)] = None
    provider: ShortText | None = None
    connection: ShortText | None = None
    since: Rfc3339 | None = None
    until: Rfc3339 | None = None
    limit: int = Field(default=100, ge=1, le=200)
    cursor: str | None = Field(
        default=None, max_length=500, description="`next` of the page before"
    )


class RedriveRejection(Model):
    """What was not tried again, and why."""

    letter: DeadLetter
    reason: str


class RedriveResponse(Model):
    """A page of what was given new attempts, or would be.

    `next` is the cursor of the page behind.

    A page may be short, or empty, and still have one behind it.
    """

    dry_run: bool
    redriven: tuple[DeadLetter, ...]
    refused: tuple[RedriveRejection, ...] = ()
    next: str | None = None
