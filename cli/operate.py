"""What operators ask of the API: queues, deliveries, notifications, connections, figures."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cli.api import Api, below, connect
from cli.errors import CommandError
from cli.target import Target
from signalbox.http.routes.audit import AUDIT, AuditList, AuditVerdict
from signalbox.http.routes.connections import CONNECTIONS, ConnectionList
from signalbox.http.routes.dead_letters import DeadLetterList, RedriveAnswer, RedriveWanted
from signalbox.http.routes.deliveries import (
    DELIVERIES,
    DeliveryList,
    DeliverySummary,
    DeliveryView,
    RejectionList,
    Replayed,
)
from signalbox.http.routes.metrics import FiguresView
from signalbox.http.routes.notifications import (
    NOTIFICATIONS,
    NotificationList,
    NotificationSummary,
    NotificationView,
)
from signalbox.http.routes.queue import PausedView, PauseWanted, QueuesView
from signalbox.http.routes.tasks import TASKS
from signalbox.models.dead_letter import DeadLetter
from signalbox.models.story import Story
from signalbox.models.task import Priority

_QUEUE: Final = "/api/v1/queue"
_DELIVERY: Final = "dlv_"
_POLL: Final = 0.5

Wanted = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A client for operators. Every method raises Refused, Away."""

    api: Api

    def queues(self) -> QueuesView:
        """What waits."""
        return self.api.ask("GET", _QUEUE, QueuesView)

    def pause(self, priority: Priority, wanted: PauseWanted) -> PausedView:
        """A queue that nothing is given from any more."""
        return self.api.ask("POST", below(_QUEUE, priority, "pause"), PausedView, body=wanted)

    def resume(self, priority: Priority) -> PausedView:
        """A queue that tasks are given from again."""
        return self.api.ask("POST", below(_QUEUE, priority, "resume"), PausedView)

    def dead_letters(self, wanted: Wanted, limit: int) -> list[DeadLetter]:
        """The newest dead letters that fit."""
        pages = self.api.pages(below(_QUEUE, "dead-letters"), DeadLetterList, wanted, limit)
        return [letter for page in pages for letter in page.items][:limit]

    def redrive(self, wanted: RedriveWanted, *, dry_run: bool) -> RedriveAnswer:
        """What was given new attempts, or would be."""
        path = below(_QUEUE, "redrive")
        return self.api.ask("POST", path, RedriveAnswer, body=wanted, query=_dry(dry_run))

    def deliveries(self, wanted: Wanted, limit: int) -> list[DeliverySummary]:
        """The newest deliveries that fit."""
        pages = self.api.pages(DELIVERIES, DeliveryList, wanted, limit)
        return [delivery for page in pages for delivery in page.items][:limit]

    def delivery(self, delivery: str) -> DeliveryView:
        """One delivery with its body."""
        return self.api.ask("GET", below(DELIVERIES, delivery), DeliveryView)

    def explain(self, named: str, provider: str, source: str) -> Story:
        """The story of a delivery, by our id or by the provider's own."""
        if named.startswith(_DELIVERY):
            return self.api.ask("GET", below(DELIVERIES, named, "explain"), Story)
        query = {"key": named, "provider": provider, "source": source}
        return self.api.ask("GET", "/api/v1/explain", Story, query=query)

    def replay(self, delivery: str, *, dry_run: bool) -> Replayed:
        """What today's code makes of a delivery."""
        path = below(DELIVERIES, delivery, "replay")
        return self.api.ask("POST", path, Replayed, query=_dry(dry_run))

    def rejections(self, wanted: Wanted) -> RejectionList:
        """What was refused of each source."""
        return self.api.ask("GET", "/api/v1/rejections", RejectionList, query=wanted)

    def notifications(self, wanted: Wanted, limit: int) -> list[NotificationSummary]:
        """The newest notifications that fit."""
        pages = self.api.pages(NOTIFICATIONS, NotificationList, wanted, limit)
        return [note for page in pages for note in page.items][:limit]

    def notifications_of(self, task: str) -> tuple[NotificationSummary, ...]:
        """Every notification of a task."""
        return self.api.ask("GET", below(TASKS, task, "notifications"), NotificationList).items

    def notification(self, named: str) -> NotificationView:
        """One notification, by `tsk_…/ntf_…`."""
        return self.api.ask("GET", _notification(named), NotificationView)

    def redeliver(self, named: str) -> NotificationView:
        """The notification owed once more."""
        return self.api.ask("POST", below(_notification(named), "redeliver"), NotificationView)

    def connections(self) -> ConnectionList:
        """Every connection."""
        return self.api.ask("GET", CONNECTIONS, ConnectionList)

    def probe(self, connection: str) -> NotificationView:
        """A test that is owed to a connection."""
        return self.api.ask("POST", below(CONNECTIONS, connection, "test"), NotificationView)

    def awaited(self, notification: NotificationView, seconds: float) -> NotificationView:
        """The notification once it has ended, or as it is after so many seconds."""
        until = time.monotonic() + seconds
        name = f"{notification.task_id}/{notification.id}"
        while not notification.status.is_final and time.monotonic() < until:
            time.sleep(min(_POLL, max(0.0, until - time.monotonic())))
            notification = self.notification(name)
        return notification

    def figures(self) -> FiguresView:
        """All figures."""
        return self.api.ask("GET", "/api/v1/metrics", FiguresView)

    def exposition(self) -> str:
        """All figures for Prometheus."""
        return self.api.reply("GET", "/metrics").text

    def audit(self, wanted: Wanted, limit: int) -> list[AuditList]:
        """The newest rows of the audit log, page by page."""
        return list(self.api.pages(AUDIT, AuditList, wanted, limit))

    def audited(self, day: str) -> AuditVerdict:
        """Whether a day of the audit log is as it was written."""
        return self.api.ask("GET", below(AUDIT, day, "verify"), AuditVerdict)


def connect_operator(target: Target) -> Operator:
    """The API of a stack, for operators. Raises CommandError, Unreachable."""
    return Operator(api=connect(target))


def place(named: str) -> tuple[str, str]:
    """The task and the notification that `tsk_…/ntf_…` names. Raises CommandError."""
    task, slash, notification = named.partition("/")
    if not (task and slash and notification):
        raise CommandError(f"{named}: a notification is named as its list does, tsk_…/ntf_…")
    return task, notification


def _notification(named: str) -> str:
    task, notification = place(named)
    return below(TASKS, task, "notifications", notification)


def _dry(dry_run: bool) -> Wanted:
    return {"dry_run": "true"} if dry_run else {}
