"""Notifications: list, get and redeliver."""

from collections.abc import Callable, Sequence
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query

from signalbox.auth.cursors import Cursors
from signalbox.http.pagination import (
    DEFAULT_PAGE_SIZE,
    CursorQuery,
    DryRunQuery,
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
    PreviewRequest,
    PreviewResponse,
    RedeliverableStatus,
    RedeliverRejection,
    RedeliverRequest,
    RedeliverResponse,
)
from signalbox.models.base import Model
from signalbox.models.ids import ConnectionId, NotificationId, TaskId
from signalbox.models.notification import Notification
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.principal import Scope
from signalbox.services.notifications.list_notifications import (
    ListNotifications,
    NotificationFilter,
    RedeliverNotifications,
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
    redeliver: RedeliverNotifications,
    preview: Callable[[PreviewRequest], str],
    explain_wait: Callable[[Notification], str | None],
    cursors: Cursors,
) -> None:
    """Add the routes."""
    _add_preview(routes, preview)
    _add_redelivery(routes, redeliver, cursors)

    @routes.add(_reading(NOTIFICATIONS, "List notifications, newest first", NotificationList))
    def list_notifications(
        status: Annotated[NotificationStatus | None, Query()] = None,
        connection: TextQuery = None,
        connector: TextQuery = None,
        since: TimeQuery = None,
        until: TimeQuery = None,
        limit: LimitQuery = DEFAULT_PAGE_SIZE,
        cursor: CursorQuery = None,
    ) -> Response[str]:
        filters = NotificationFilter(
            statuses=(status,) if status else (),
            connection=ConnectionId(connection) if connection else None,
            connector=connector,
            since=since,
            until=until,
        )
        pagination = Pagination(cursors=cursors, path=NOTIFICATIONS, filters=filters, limit=limit)
        page = browse(filters, limit=limit, after=pagination.after(cursor))
        return json_response(_list(page.items, pagination.following(page.after)))

    @routes.add(_reading(OF_TASK, "List the notifications of a task", NotificationList))
    def list_of_task(task_id: IdPath) -> Response[str]:
        notifications = store.of_task(TaskId(task_id))
        if not notifications:  # a test has no task, but then it has a notification
            tasks.get(TaskId(task_id))
        newest_first = sorted(
            notifications,
            key=lambda notification: (notification.created_at, notification.id),
            reverse=True,
        )
        return json_response(_list(newest_first, None))

    @routes.add(_reading(_NOTIFICATION, "Show a notification", NotificationView, 404))
    def show_notification(task_id: IdPath, notification_id: IdPath) -> Response[str]:
        found = store.get(TaskId(task_id), NotificationId(notification_id))
        return json_response(notification_view(found, waits=explain_wait(found)))

    @routes.add(
        Route(
            method="POST",
            path=f"{_NOTIFICATION}/redeliver",
            scope=Scope.NOTIFICATIONS_WRITE,
            tag=_TAG,
            summary="Redeliver a notification, with new attempts",
            response_model=NotificationView,
            status=202,
            problems=(404, 409),
        )
    )
    def redeliver_notification(task_id: IdPath, notification_id: IdPath) -> Response[str]:
        notification = redeliver.redeliver(TaskId(task_id), NotificationId(notification_id))
        return json_response(notification_view(notification), 202)


def _add_preview(routes: Routes, preview: Callable[[PreviewRequest], str]) -> None:
    @routes.add(
        Route(
            method="POST",
            path=f"{NOTIFICATIONS}/preview",
            scope=Scope.CONFIG_READ,
            tag=_TAG,
            summary="Preview the message that a template makes of a change",
            response_model=PreviewResponse,
            problems=(404,),
        )
    )
    def preview_message(body: Annotated[PreviewRequest, Body()]) -> Response[str]:
        return json_response(PreviewResponse(text=preview(body)))


def _add_redelivery(routes: Routes, redeliver: RedeliverNotifications, cursors: Cursors) -> None:
    path = f"{NOTIFICATIONS}/redeliver"

    @routes.add(
        Route(
            method="POST",
            path=path,
            scope=Scope.NOTIFICATIONS_WRITE,
            tag=_TAG,
            summary="Redeliver all matching notifications that failed or are dead",
            response_model=RedeliverResponse,
        )
    )
    def redeliver_notifications(
        body: Annotated[RedeliverRequest, Body()],
        dry_run: DryRunQuery = False,  # noqa: FBT002  as queries are
    ) -> Response[str]:
        filters = _redeliverable(body)
        pagination = Pagination(cursors=cursors, path=path, filters=filters, limit=body.limit)
        page = redeliver(
            filters, limit=body.limit, after=pagination.after(body.cursor), dry_run=dry_run
        )
        return json_response(
            RedeliverResponse(
                dry_run=dry_run,
                redelivered=tuple(_summary(each) for each in page.notifications),
                refused=tuple(
                    RedeliverRejection(notification=_summary(each), reason=reason)
                    for each, reason in page.refused
                ),
                next=pagination.following(page.after),
            )
        )


def _redeliverable(body: RedeliverRequest) -> NotificationFilter:
    statuses = [body.status] if body.status else list(RedeliverableStatus)
    return NotificationFilter(
        statuses=tuple(NotificationStatus(status) for status in statuses),
        connection=ConnectionId(body.connection) if body.connection else None,
        connector=body.connector,
        since=body.since,
        until=body.until,
    )


def notification_view(notification: Notification, waits: str | None = None) -> NotificationView:
    """Return a notification as clients see it."""
    return NotificationView(
        **_summary(notification).__dict__,
        attempts=notification.attempts,
        change=notification.change,
        text=notification.text,
        waits=waits,
        request_id=notification.request_id,
        expires_at=notification.expires_at,
    )


def notification_path(notification: Notification) -> str:
    """Return the path of a notification."""
    return f"/api/v1/tasks/{notification.task_id}/notifications/{notification.id}"


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


def _list(notifications: Sequence[Notification], following: str | None) -> NotificationList:
    return NotificationList(
        items=tuple(_summary(notification) for notification in notifications), next=following
    )


def _summary(notification: Notification) -> NotificationSummary:
    reasons = [attempt.reason for attempt in notification.attempts if attempt.reason]
    return NotificationSummary(
        id=notification.id,
        task_id=notification.task_id,
        status=notification.status,
        connection=notification.connection,
        connector=notification.connector,
        type=notification.change.type,
        title=notification.change.data.title,
        tries=notification.number,
        last_reason=reasons[-1] if reasons else None,
        held=notification.hold.reason if notification.hold else None,
        created_at=notification.created_at,
        updated_at=notification.updated_at,
        next_at=notification.next_at,
    )
