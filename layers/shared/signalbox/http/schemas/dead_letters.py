"""Request and response bodies of dead letters."""

from typing import Annotated

from pydantic import Field

from signalbox.models.base import Model, Rfc3339
from signalbox.models.dead_letter import DeadLetter, DeadLetterKind
from signalbox.models.task import Priority

ShortText = Annotated[str, Field(min_length=1, max_length=128)]


class DeadLetterList(Model):
    """A page of dead letters. `next` is the cursor of the next page, null at the end.

    A page may be short or empty without being the last.
    """

    items: tuple[DeadLetter, ...]
    next: str | None = None


class RedriveRequest(Model):
    """Which dead letters to redrive: all of a kind that match the other fields.

    `task_id` selects one task, or the notifications of one task; `notification_id` selects one of
    these. A selected task or notification may have failed for any reason.
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
    """A dead letter that was not redriven, and the reason."""

    letter: DeadLetter
    reason: str


class RedriveResponse(Model):
    """A page of redriven dead letters. `next` is the cursor of the next page, null at the end.

    A page may be short or empty without being the last.
    """

    dry_run: bool
    redriven: tuple[DeadLetter, ...]
    refused: tuple[RedriveRejection, ...] = ()
    next: str | None = None
