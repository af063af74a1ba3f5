"""Build the routes of notifications."""

from functools import partial

from signalbox.http.routes.notifications import add_notifications
from signalbox.http.routing import Routes
from signalbox.http.schemas.notifications import PreviewRequest
from signalbox.models.notification import Notification
from signalbox.runtime.wiring import Wiring
from signalbox.services.notifications.list_notifications import (
    ListNotifications,
    RedeliverNotification,
    RedeliverNotifications,
)


def add_routes(routes: Routes, wired: Wiring) -> None:
    """Add the routes."""
    browse = ListNotifications(notifications=wired.notifications)
    add_notifications(
        routes,
        browse=browse,
        store=wired.notifications,
        tasks=wired.tasks,
        redeliver=RedeliverNotifications(browse=browse, redeliver=redeliver_notification(wired)),
        preview=partial(_preview, wired),
        explain_wait=partial(_explain_wait, wired),
        cursors=wired.cursors,
    )


def redeliver_notification(wired: Wiring) -> RedeliverNotification:
    """Return what delivers a notification again."""
    return RedeliverNotification(
        notifications=wired.notifications,
        notification_queue=wired.notification_queue,
        clock=wired.clock,
    )


def _explain_wait(wired: Wiring, notification: Notification) -> str | None:
    from signalbox.services.notifications.explain_wait import (  # noqa: PLC0415  rarely needed
        ExplainWait,
    )

    explain = ExplainWait(config=wired.config, order=wired.notification_order, clock=wired.clock)
    return explain(notification)


def _preview(wired: Wiring, request: PreviewRequest) -> str:
    from signalbox.services.notifications.preview import (  # noqa: PLC0415  rarely needed
        PreviewMessage,
    )

    preview = PreviewMessage(
        config=wired.config, tasks=wired.tasks, clock=wired.clock, stack=wired.settings.stack
    )
    return preview(
        change=request.change,
        template=request.template,
        subscription=request.subscription,
        task=request.task,
    )
