"""Dead letters: what has no attempts left, and giving it new ones."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import Field

from signalbox.auth.cursors import Cursors
from signalbox.http.lists import LIMIT, At, Cursor, Cut, DryRun, Limit, Word
from signalbox.http.routing import Route, Routes, said
from signalbox.models.base import Model, Written
from signalbox.models.dead_letter import DeadLetter, Kind
from signalbox.models.errors import Conflict
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.principal import Scope
from signalbox.models.task import Priority
from signalbox.services.redrive import DeadFilter, ListDeadLetters, Named, RedriveDead, Redriven

_DEAD = "/api/v1/queue/dead-letters"
_REDRIVE = "/api/v1/queue/redrive"
_TAG = "queue"

Short = Annotated[str, Field(min_length=1, max_length=128)]


class DeadLetterList(Model):
    """A page of dead letters. `next` is the cursor of the page behind it.

    A page may be short, or empty, and still have one behind it.
    """

    items: tuple[DeadLetter, ...]
    next: str | None = None


class RedriveWanted(Model):
    """What is to be tried again: all dead letters of a kind, as the other members narrow it down.

    `task_id` names one task, or the notifications of one task, `notification_id` one of these; what
    is named may have failed for any reason.
    """

    kind: Annotated[Kind, Field(strict=False)]
    task_id: Short | None = None
    notification_id: Short | None = None
    priority: Annotated[Priority | None, Field(strict=False)] = None
    provider: Short | None = None
    connection: Short | None = None
    since: Written | None = None
    until: Written | None = None
    limit: int = Field(default=100, ge=1, le=200)
    cursor: str | None = Field(
        default=None, max_length=500, description="`next` of the page before"
    )


class RedriveRefused(Model):
    """What was not tried again, and why."""

    letter: DeadLetter
    reason: str


class RedriveAnswer(Model):
    """A page of what was given new attempts, or would be. `next` is the cursor of the page behind.

    A page may be short, or empty, and still have one behind it.
    """

    dry_run: bool
    redriven: tuple[DeadLetter, ...]
    refused: tuple[RedriveRefused, ...] = ()
    next: str | None = None


def add_dead_letters(
    routes: Routes, *, browse: ListDeadLetters, redrive: RedriveDead, cursors: Cursors
) -> None:
    """Adds the routes."""

    @routes.add(
        Route(
            method="GET",
            path=_DEAD,
            scope=Scope.QUEUE_READ,
            tag=_TAG,
            summary="List tasks and notifications that have no attempts left",
            answers=DeadLetterList,
        )
    )
    def list_dead_letters(
        kind: Annotated[Kind | None, Query()] = None,
        priority: Annotated[Priority | None, Query()] = None,
        provider: Word = None,
        connection: Word = None,
        since: At = None,
        until: At = None,
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> Response[str]:
        wanted = DeadFilter(
            kind=kind,
            priority=priority,
            provider=provider,
            connection=ConnectionId(connection) if connection else None,
            since=since,
            until=until,
        )
        cut = Cut(cursors=cursors, path=_DEAD, wanted=wanted, limit=limit)
        page = browse(wanted, limit=limit, after=cut.after(cursor))
        return said(DeadLetterList(items=tuple(page.items), next=cut.following(page.after)))

    @routes.add(
        Route(
            method="POST",
            path=_REDRIVE,
            scope=Scope.QUEUE_WRITE,
            tag=_TAG,
            summary="Give dead letters new attempts: one, or many of a kind",
            answers=RedriveAnswer,
            refuses=(404, 409),
        )
    )
    def redrive_dead(
        body: Annotated[RedriveWanted, Body()],
        dry_run: DryRun = False,  # noqa: FBT002  as queries are
    ) -> Response[str]:
        wanted, named = _filter(body), _named(body)
        cut = Cut(cursors=cursors, path=_REDRIVE, wanted=(wanted, named), limit=body.limit)
        found = redrive(
            wanted,
            named,
            limit=body.limit,
            after=cut.after(body.cursor),
            by=routes.call().caller.name,
            dry_run=dry_run,
        )
        return said(_answer(found, cut.following(found.after), dry_run=dry_run))


def _named(body: RedriveWanted) -> Named | None:
    note = body.notification_id
    if note and (body.task_id is None or body.kind is Kind.TASK):
        raise Conflict("a notification is named by its own kind and the task that it belongs to")
    if body.task_id is None:
        return None
    return Named(task=TaskId(body.task_id), notification=NotificationId(note) if note else None)


def _filter(body: RedriveWanted) -> DeadFilter:
    return DeadFilter(
        kind=body.kind,
        priority=body.priority,
        provider=body.provider,
        connection=ConnectionId(body.connection) if body.connection else None,
        since=body.since,
        until=body.until,
    )


def _answer(redriven: Redriven, following: str | None, *, dry_run: bool) -> RedriveAnswer:
    return RedriveAnswer(
        dry_run=dry_run,
        redriven=tuple(redriven.letters),
        refused=tuple(
            RedriveRefused(letter=letter, reason=reason) for letter, reason in redriven.refused
        ),
        next=following,
    )
