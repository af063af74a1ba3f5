"""What operators ask of the API: queues, deliveries, notifications, connections, figures."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cli.api_client import ApiClient, connect_api, join_path
from cli.errors import CommandError
from cli.target import Target
from signalbox.http.schemas.audit import AUDIT, AuditList, VerifyAuditResponse
from signalbox.http.schemas.connections import CONNECTIONS, ConnectionList
from signalbox.http.schemas.dead_letters import DeadLetterList, RedriveRequest, RedriveResponse
from signalbox.http.schemas.deliveries import (
    DELIVERIES,
    DeliveryList,
    DeliverySummary,
    DeliveryView,
    RejectionList,
    ReplayResponse,
)
from signalbox.http.schemas.metrics import MetricsResponse
from signalbox.http.schemas.notifications import (
    NOTIFICATIONS,
    NotificationList,
    NotificationSummary,
    NotificationView,
)
from signalbox.http.schemas.queue import PauseRequest, PauseResponse, QueueListView
from signalbox.http.schemas.tasks import TASKS
from signalbox.models.dead_letter import DeadLetter
from signalbox.models.task import Priority
from signalbox.models.timeline import Timeline

_QUEUE: Final = "/api/v1/queue"
_DELIVERY: Final = "dlv_"
_POLL: Final = 0.5

QueryParameters = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorClient:
    """A client for operators. Every method raises Refused, Away."""

    api: ApiClient

    def queues(self) -> QueueListView:
        """Return what waits."""
        return self.api.ask("GET", _QUEUE, QueueListView)

    def pause(self, priority: Priority, wanted: PauseRequest) -> PauseResponse:
        """Return A queue that nothing is given from any longer."""
        return self.api.ask(
            "POST", join_path(_QUEUE, priority, "pause"), PauseResponse, body=wanted
        )

    def resume(self, priority: Priority) -> PauseResponse:
        """Return A queue that tasks are given from again."""
        return self.api.ask("POST", join_path(_QUEUE, priority, "resume"), PauseResponse)

    def dead_letters(self, wanted: QueryParameters, limit: int) -> list[DeadLetter]:
        """Return the newest dead letters that fit."""
        pages = self.api.pages(join_path(_QUEUE, "dead-letters"), DeadLetterList, wanted, limit)
        return [letter for page in pages for letter in page.items][:limit]

    def redrive(self, wanted: RedriveRequest, *, dry_run: bool) -> RedriveResponse:
        """Return what was given new attempts, or would be."""
        path = join_path(_QUEUE, "redrive")
        return self.api.ask("POST", path, RedriveResponse, body=wanted, query=_dry(dry_run))

    def deliveries(self, wanted: QueryParameters, limit: int) -> list[DeliverySummary]:
        """Return the newest deliveries that fit."""
        pages = self.api.pages(DELIVERIES, DeliveryList, wanted, limit)
        return [delivery for page in pages for delivery in page.items][:limit]

    def delivery(self, delivery: str) -> DeliveryView:
        """Return one delivery with its body."""
        return self.api.ask("GET", join_path(DELIVERIES, delivery), DeliveryView)

    def explain(self, named: str, provider: str, source: str) -> Timeline:
        """Return the story of a delivery, by our id or by the provider's own."""
        if named.startswith(_DELIVERY):
            return self.api.ask("GET", join_path(DELIVERIES, named, "explain"), Timeline)
        query = {"key": named, "provider": provider, "source": source}
        return self.api.ask("GET", "/api/v1/explain", Timeline, query=query)

    def replay(self, delivery: str, *, dry_run: bool) -> ReplayResponse:
        """Return what today's code makes of a delivery."""
        path = join_path(DELIVERIES, delivery, "replay")
        return self.api.ask("POST", path, ReplayResponse, query=_dry(dry_run))

    def rejections(self, wanted: QueryParameters) -> RejectionList:
        """Return what was refused of each source."""
        return self.api.ask("GET", "/api/v1/rejections", RejectionList, query=wanted)

    def notifications(self, wanted: QueryParameters, limit: int) -> list[NotificationSummary]:
        """Return the newest notifications that fit."""
        pages = self.api.pages(NOTIFICATIONS, NotificationList, wanted, limit)
        return [note for page in pages for note in page.items][:limit]

    def notifications_of(self, task: str) -> tuple[NotificationSummary, ...]:
        """Return every notification of a task."""
        return self.api.ask("GET", join_path(TASKS, task, "notifications"), NotificationList).items

    def notification(self, named: str) -> NotificationView:
        """Return one notification, by `tsk_…/ntf_…`."""
        return self.api.ask("GET", _notification(named), NotificationView)

    def redeliver(self, named: str) -> NotificationView:
        """Return the notification owed once more."""
        return self.api.ask("POST", join_path(_notification(named), "redeliver"), NotificationView)

    def connections(self) -> ConnectionList:
        """Return every connection."""
        return self.api.ask("GET", CONNECTIONS, ConnectionList)

    def probe(self, connection: str) -> NotificationView:
        """Return A test that is owed to a connection."""
        return self.api.ask("POST", join_path(CONNECTIONS, connection, "test"), NotificationView)

    def awaited(self, notification: NotificationView, seconds: float) -> NotificationView:
        """Return the notification once it has ended, or as it is after so many seconds."""
        until = time.monotonic() + seconds
        name = f"{notification.task_id}/{notification.id}"
        while not notification.status.is_final and time.monotonic() < until:
            time.sleep(min(_POLL, max(0.0, until - time.monotonic())))
            notification = self.notification(name)
        return notification

    def figures(self) -> MetricsResponse:
        """Return all figures."""
        return self.api.ask("GET", "/api/v1/metrics", MetricsResponse)

    def exposition(self) -> str:
        """Return all figures for Prometheus."""
        return self.api.reply("GET", "/metrics").text

    def audit(self, wanted: QueryParameters, limit: int) -> list[AuditList]:
        """Return the newest rows of the audit log, page by page."""
        return list(self.api.pages(AUDIT, AuditList, wanted, limit))

    def audited(self, day: str) -> VerifyAuditResponse:
        """Return whether a day of the audit log is as it was written."""
        return self.api.ask("GET", join_path(AUDIT, day, "verify"), VerifyAuditResponse)


def connect_operator(target: Target) -> OperatorClient:
    """Return the API of a stack, for operators.

    Raises:
        CommandError: The command cannot be carried out.
        Unreachable: The stack or its API does not answer.
    """
    return OperatorClient(api=connect_api(target))


def split_notification_id(named: str) -> tuple[str, str]:
    """Return the task and the notification that `tsk_…/ntf_…` names.

    Raises:
        CommandError: The command cannot be carried out.
    """
    task, slash, notification = named.partition("/")
    if not (task and slash and notification):
        raise CommandError(f"{named}: a notification is named as its list does, tsk_…/ntf_…")
    return task, notification


def _notification(named: str) -> str:
    task, notification = split_notification_id(named)
    return join_path(TASKS, task, "notifications", notification)


def _dry(dry_run: bool) -> QueryParameters:
    return {"dry_run": "true"} if dry_run else {}
