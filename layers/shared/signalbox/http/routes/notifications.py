"""Notifications: what is owed to connections, how often it was tried, and owing it once more."""

from collections.abc import Sequence
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from signalbox.auth.cursors import Cursors
from signalbox.http.pagination import (
    DEFAULT_PAGE_SIZE,
    CursorQuery,
    IdPath,
    LimitQuery,
    Pagination,
    TextQuery,
    TimeQuery,
)
from signalbox.http.routing import Route, Routes, json_response
from signalbox.http.schemas.notifications import (
    NOTIFICATIONS,
    OF_TASK,
    NotificationList,
    NotificationSummary,
    NotificationView,
)
from signalbox.models.base import Model
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification, NotificationStatus
from signalbox.models.principal import Scope
from signalbox.services.notifications.list_notifications import (
    ListNotifications,
    NotificationFilter,
    RedeliverNotification,
)
from signalbox.services.ports.notifications import NotificationStore
from signalbox.services.ports.tasks import TaskStore

_NOTIFICATION = f"{OF_TASK}/<notification_id>"
_TAG = "notifications"


def add_notifications(
    routes: Routes,
    *,
    browse: ListNotifications,
    store: NotificationStore,
    tasks: TaskStore,
    redeliver: RedeliverNotification,
    cursors: Cursors,
) -> None:
    """Add the routes."""

    @routes.add(_reading(NOTIFICATIONS, "List notifications, newest first", NotificationList))
    def list_notifications(
        status: Annotated[NotificationStatus | None, Query()] = None,
        connection: TextQuery = None,
        since: TimeQuery = None,
        until: TimeQuery = None,
        limit: LimitQuery = DEFAULT_PAGE_SIZE,
        cursor: CursorQuery = None,
    ) -> Response[str]:
        wanted = NotificationFilter(
            status=status,
            connection=ConnectionId(connection) if connection else None,
            since=since,
            until=until,
        )
        cut = Pagination(cursors=cursors, path=NOTIFICATIONS, wanted=wanted, limit=limit)
        page = browse(wanted, limit=limit, after=cut.after(cursor))
        return json_response(_list(page.items, cut.following(page.after)))

    @routes.add(_reading(OF_TASK, "List the notifications of a task", NotificationList))
    def list_of_task(task_id: IdPath) -> Response[str]:
        notes = store.of_task(TaskId(task_id))
        if not notes:  # a test has no task, but then it has a notification
            tasks.get(TaskId(task_id))
        newest_first = sorted(notes, key=lambda note: (note.created_at, note.id), reverse=True)
        return json_response(_list(newest_first, None))

    @routes.add(_reading(_NOTIFICATION, "Show a notification", NotificationView, 404))
    def show_notification(task_id: IdPath, notification_id: IdPath) -> Response[str]:
        return json_response(
            notification_view(store.get(TaskId(task_id), NotificationId(notification_id)))
        )

    @routes.add(
        Route(
            method="POST",
            path=f"{_NOTIFICATION}/redeliver",
            scope=Scope.NOTIFICATIONS_WRITE,
            tag=_TAG,
            summary="Owe a notification once more, with new attempts",
            response_model=NotificationView,
            status=202,
            problems=(404, 409),
        )
    )
    def redeliver_notification(task_id: IdPath, notification_id: IdPath) -> Response[str]:
        note = redeliver(TaskId(task_id), NotificationId(notification_id))
        return json_response(notification_view(note), 202)


def notification_view(note: Notification) -> NotificationView:
    """Return A notification as its readers see it."""
    return NotificationView(
        **_summary(note).__dict__,
        attempts=note.attempts,
        change=note.change,
        request_id=note.request_id,
        expires_at=note.expires_at,
    )


def notification_path(note: Notification) -> str:
    """Return the path of a notification."""
    return f"/api/v1/tasks/{note.task_id}/notifications/{note.id}"


def _reading(path: str, summary: str, answers: type[Model], *refuses: int) -> Route:
    return Route(
        method="GET",
        path=path,
        scope=Scope.NOTIFICATIONS_READ,
        tag=_TAG,
        summary=summary,
        response_model=answers,
        problems=refuses,
    )


def _list(notes: Sequence[Notification], following: str | None) -> NotificationList:
    return NotificationList(items=tuple(_summary(note) for note in notes), next=following)


def _summary(note: Notification) -> NotificationSummary:
    reasons = [attempt.reason for attempt in note.attempts if attempt.reason]
    return NotificationSummary(
        id=note.id,
        task_id=note.task_id,
        status=note.status,
        connection=note.connection,
        connector=note.connector,
        type=note.change.type,
        title=note.change.data.title,
        tries=note.number,
        last_reason=reasons[-1] if reasons else None,
        created_at=note.created_at,
        updated_at=note.updated_at,
        next_at=note.next_at,
    )
