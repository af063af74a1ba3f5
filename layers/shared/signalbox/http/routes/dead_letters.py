"""Dead letters: list and redrive."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from signalbox.auth.cursors import Cursors
from signalbox.http.pagination import (
    DEFAULT_PAGE_SIZE,
    CursorQuery,
    DryRunQuery,
    LimitQuery,
    Pagination,
    TextQuery,
    TimeQuery,
)
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.dead_letters import (
    DeadLetterList,
    RedriveRejection,
    RedriveRequest,
    RedriveResponse,
)
from signalbox.models.dead_letter import DeadLetterKind
from signalbox.models.errors import Conflict
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.principal import Scope
from signalbox.models.task import Priority
from signalbox.services.queues.redrive import (
    DeadLetterFilter,
    DeadLetterRef,
    ListDeadLetters,
    RedriveDeadLetters,
    RedriveResult,
)

_DEAD = "/api/v1/queue/dead-letters"
_REDRIVE = "/api/v1/queue/redrive"
_TAG = "queue"


def add_dead_letters(
    routes: Routes, *, browse: ListDeadLetters, redrive: RedriveDeadLetters, cursors: Cursors
) -> None:
    """Add the routes."""

    @routes.add(
        Route(
            method="GET",
            path=_DEAD,
            scope=Scope.QUEUE_READ,
            tag=_TAG,
            summary="List tasks and notifications that have no attempts left",
            response_model=DeadLetterList,
        )
    )
    def list_dead_letters(
        kind: Annotated[DeadLetterKind | None, Query()] = None,
        priority: Annotated[Priority | None, Query()] = None,
        provider: TextQuery = None,
        connection: TextQuery = None,
        since: TimeQuery = None,
        until: TimeQuery = None,
        limit: LimitQuery = DEFAULT_PAGE_SIZE,
        cursor: CursorQuery = None,
    ) -> Response[str]:
        filters = DeadLetterFilter(
            kind=kind,
            priority=priority,
            provider=provider,
            connection=ConnectionId(connection) if connection else None,
            since=since,
            until=until,
        )
        pagination = Pagination(cursors=cursors, path=_DEAD, filters=filters, limit=limit)
        page = browse(filters, limit=limit, after=pagination.after(cursor))
        return json_response(
            DeadLetterList(items=tuple(page.items), next=pagination.following(page.after))
        )

    @routes.add(
        Route(
            method="POST",
            path=_REDRIVE,
            scope=Scope.QUEUE_WRITE,
            tag=_TAG,
            summary="Redrive dead letters: one, or many of a kind",
            response_model=RedriveResponse,
            problems=(404, 409),
        )
    )
    def redrive_dead(
        body: Annotated[RedriveRequest, Body()],
        dry_run: DryRunQuery = False,  # noqa: FBT002  as queries are
    ) -> Response[str]:
        filters, named = _filter(body), _named(body)
        pagination = Pagination(
            cursors=cursors, path=_REDRIVE, filters=(filters, named), limit=body.limit
        )
        found = redrive(
            filters,
            named,
            limit=body.limit,
            after=pagination.after(body.cursor),
            by=routes.call().caller.name,
            dry_run=dry_run,
        )
        return json_response(_answer(found, pagination.following(found.after), dry_run=dry_run))


def _named(body: RedriveRequest) -> DeadLetterRef | None:
    note = body.notification_id
    if note and (body.task_id is None or body.kind is DeadLetterKind.TASK):
        raise Conflict("a notification is named by its own kind and the task that it belongs to")
    if body.task_id is None:
        return None
    return DeadLetterRef(
        task=TaskId(body.task_id), notification=NotificationId(note) if note else None
    )


def _filter(body: RedriveRequest) -> DeadLetterFilter:
    return DeadLetterFilter(
        kind=body.kind,
        priority=body.priority,
        provider=body.provider,
        connection=ConnectionId(body.connection) if body.connection else None,
        since=body.since,
        until=body.until,
    )


def _answer(redriven: RedriveResult, following: str | None, *, dry_run: bool) -> RedriveResponse:
    return RedriveResponse(
        dry_run=dry_run,
        redriven=tuple(redriven.letters),
        refused=tuple(
            RedriveRejection(letter=letter, reason=reason) for letter, reason in redriven.refused
        ),
        next=following,
    )
