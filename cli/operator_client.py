"""A client of the API for operators: queues, deliveries, notifications, connections, metrics."""

import time
from base64 import b64decode
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
    DeliveryBodyResponse,
    DeliveryList,
    DeliverySummary,
    DeliveryView,
    RejectionList,
    ReplayResponse,
)
from signalbox.http.schemas.health import HealthResponse, ReadinessResponse
from signalbox.http.schemas.incidents import INCIDENTS, IncidentList, IncidentView
from signalbox.http.schemas.instances import RegisterInstanceRequest, RegisterInstanceResponse
from signalbox.http.schemas.metrics import MetricsResponse
from signalbox.http.schemas.notifications import (
    NOTIFICATIONS,
    NotificationList,
    NotificationSummary,
    NotificationView,
    PreviewRequest,
    PreviewResponse,
    RedeliverRequest,
    RedeliverResponse,
)
from signalbox.http.schemas.queue import PauseRequest, PauseResponse, QueueListView
from signalbox.http.schemas.schedules import SCHEDULES, ScheduleList, ScheduleRunsResponse
from signalbox.http.schemas.services import (
    SERVICE_ROUTES,
    SERVICES,
    RouteList,
    ServiceList,
)
from signalbox.http.schemas.sources import SourceList
from signalbox.http.schemas.subscriptions import SubscriptionList
from signalbox.http.schemas.tasks import TASKS
from signalbox.models.change import TaskView
from signalbox.models.dead_letter import DeadLetter
from signalbox.models.instance_status import InstanceList
from signalbox.models.schedule import Schedule
from signalbox.models.task import Priority
from signalbox.models.timeline import Timeline

_QUEUE_PATH: Final = "/api/v1/queue"
_DELIVERY_PREFIX: Final = "dlv_"
_POLL_SECONDS: Final = 0.5

QueryParameters = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorClient:
    """A client for operators. Every method raises ApiError, ApiUnavailable."""

    api: ApiClient

    def health(self) -> HealthResponse:
        """Return that the API runs."""
        return self.api.ask("GET", "/health", HealthResponse)

    def ready(self) -> ReadinessResponse:
        """Return that tables and queues answer."""
        return self.api.ask("GET", "/ready", ReadinessResponse)

    def sources(self) -> SourceList:
        """Return every configured source."""
        return self.api.ask("GET", "/api/v1/sources", SourceList)

    def subscriptions(self) -> SubscriptionList:
        """Return every subscription."""
        return self.api.ask("GET", "/api/v1/subscriptions", SubscriptionList)

    def services(self) -> ServiceList:
        """Return every service behind the gateway."""
        return self.api.ask("GET", SERVICES, ServiceList)

    def instances(self, service: str) -> InstanceList:
        """Return the instances of a service, with their health."""
        return self.api.ask("GET", join_path(SERVICES, service, "instances"), InstanceList)

    def register(
        self, service: str, instance: str, request: RegisterInstanceRequest, query: QueryParameters
    ) -> RegisterInstanceResponse:
        """Register an instance of a service, or extend its registration."""
        path = join_path(SERVICES, service, "instances", instance)
        return self.api.ask("PUT", path, RegisterInstanceResponse, query=query, body=request)

    def deregister(self, service: str, instance: str, query: QueryParameters) -> None:
        """End the registration of an instance."""
        path = join_path(SERVICES, service, "instances", instance)
        self.api.reply("DELETE", path, query=query)

    def routes(self) -> RouteList:
        """Return every route to a service."""
        return self.api.ask("GET", SERVICE_ROUTES, RouteList)

    def schedules(self) -> ScheduleList:
        """Return every schedule."""
        return self.api.ask("GET", SCHEDULES, ScheduleList)

    def schedule(self, name: str) -> Schedule:
        """Return a schedule."""
        return self.api.ask("GET", join_path(SCHEDULES, name), Schedule)

    def put_schedule(self, schedule: Schedule) -> Schedule:
        """Create a schedule that does not exist."""
        headers = {"If-None-Match": "*"}
        path = join_path(SCHEDULES, schedule.name)
        return self.api.ask("PUT", path, Schedule, body=schedule, headers=headers)

    def delete_schedule(self, name: str) -> None:
        """Delete a schedule."""
        self.api.reply("DELETE", join_path(SCHEDULES, name), headers={"If-Match": "*"})

    def schedule_runs(self, name: str, limit: int) -> ScheduleRunsResponse:
        """Return the last run of a schedule, and the next ones."""
        path = join_path(SCHEDULES, name, "runs")
        return self.api.ask("GET", path, ScheduleRunsResponse, query={"limit": str(limit)})

    def switch_schedule(self, name: str, word: str) -> Schedule:
        """Pause or resume a schedule."""
        return self.api.ask("POST", join_path(SCHEDULES, name, word), Schedule)

    def run_schedule(self, name: str) -> TaskView:
        """Create a task of a schedule now."""
        return self.api.ask("POST", join_path(SCHEDULES, name, "run"), TaskView)

    def queues(self) -> QueueListView:
        """Return the status of the queues."""
        return self.api.ask("GET", _QUEUE_PATH, QueueListView)

    def pause(self, priority: Priority, request: PauseRequest) -> PauseResponse:
        """Pause a queue."""
        return self.api.ask(
            "POST", join_path(_QUEUE_PATH, priority, "pause"), PauseResponse, body=request
        )

    def resume(self, priority: Priority) -> PauseResponse:
        """Resume a queue."""
        return self.api.ask("POST", join_path(_QUEUE_PATH, priority, "resume"), PauseResponse)

    def dead_letters(self, request: QueryParameters, limit: int) -> list[DeadLetter]:
        """Return the newest matching dead letters."""
        pages = self.api.pages(
            join_path(_QUEUE_PATH, "dead-letters"), DeadLetterList, request, limit
        )
        return [letter for page in pages for letter in page.items][:limit]

    def redrive(self, request: RedriveRequest, *, dry_run: bool) -> RedriveResponse:
        """Redrive dead letters, or return which would be."""
        path = join_path(_QUEUE_PATH, "redrive")
        return self.api.ask("POST", path, RedriveResponse, body=request, query=_dry(dry_run))

    def deliveries(self, request: QueryParameters, limit: int) -> list[DeliverySummary]:
        """Return the newest matching deliveries."""
        pages = self.api.pages(DELIVERIES, DeliveryList, request, limit)
        return [delivery for page in pages for delivery in page.items][:limit]

    def delivery(self, delivery: str) -> DeliveryView:
        """Return a delivery with its body."""
        return self.api.ask("GET", join_path(DELIVERIES, delivery), DeliveryView)

    def delivery_body(self, delivery: str) -> bytes:
        """Return the body of a delivery as it was sent."""
        path = join_path(DELIVERIES, delivery, "body")
        return b64decode(self.api.ask("GET", path, DeliveryBodyResponse).content)

    def explain(self, named: str, provider: str, source: str) -> Timeline:
        """Return the timeline of a delivery, by its id or that of the provider."""
        if named.startswith(_DELIVERY_PREFIX):
            return self.api.ask("GET", join_path(DELIVERIES, named, "explain"), Timeline)
        query = {"key": named, "provider": provider, "source": source}
        return self.api.ask("GET", "/api/v1/explain", Timeline, query=query)

    def replay(self, delivery: str, *, dry_run: bool) -> ReplayResponse:
        """Replay a delivery, or return what a replay would do."""
        path = join_path(DELIVERIES, delivery, "replay")
        return self.api.ask("POST", path, ReplayResponse, query=_dry(dry_run))

    def rejections(self, request: QueryParameters) -> RejectionList:
        """Return the rejections of each source."""
        return self.api.ask("GET", "/api/v1/rejections", RejectionList, query=request)

    def notifications(self, request: QueryParameters, limit: int) -> list[NotificationSummary]:
        """Return the newest matching notifications."""
        pages = self.api.pages(NOTIFICATIONS, NotificationList, request, limit)
        return [note for page in pages for note in page.items][:limit]

    def notifications_of(self, task: str) -> tuple[NotificationSummary, ...]:
        """Return every notification of a task."""
        return self.api.ask("GET", join_path(TASKS, task, "notifications"), NotificationList).items

    def notification(self, named: str) -> NotificationView:
        """Return a notification by its id `tsk_…/ntf_…`."""
        return self.api.ask("GET", _notification(named), NotificationView)

    def redeliver(self, named: str) -> NotificationView:
        """Queue the notification again."""
        return self.api.ask("POST", join_path(_notification(named), "redeliver"), NotificationView)

    def redeliver_all(self, request: RedeliverRequest, *, dry_run: bool) -> RedeliverResponse:
        """Queue matching notifications again, or return which would be."""
        path = join_path(NOTIFICATIONS, "redeliver")
        return self.api.ask("POST", path, RedeliverResponse, body=request, query=_dry(dry_run))

    def preview(self, request: PreviewRequest) -> PreviewResponse:
        """Return the message that a template makes of a change."""
        path = join_path(NOTIFICATIONS, "preview")
        return self.api.ask("POST", path, PreviewResponse, body=request)

    def connections(self) -> ConnectionList:
        """Return every connection."""
        return self.api.ask("GET", CONNECTIONS, ConnectionList)

    def probe(self, connection: str) -> NotificationView:
        """Send a test notification."""
        return self.api.ask("POST", join_path(CONNECTIONS, connection, "test"), NotificationView)

    def awaited(self, notification: NotificationView, seconds: float) -> NotificationView:
        """Return the notification when it has finished, or as it is after this many seconds."""
        until = time.monotonic() + seconds
        name = f"{notification.task_id}/{notification.id}"
        while not notification.status.is_final and time.monotonic() < until:
            time.sleep(min(_POLL_SECONDS, max(0.0, until - time.monotonic())))
            notification = self.notification(name)
        return notification

    def figures(self) -> MetricsResponse:
        """Return the metrics."""
        return self.api.ask("GET", "/api/v1/metrics", MetricsResponse)

    def exposition(self) -> str:
        """Return the metrics in the Prometheus text format."""
        return self.api.reply("GET", "/metrics").text

    def incidents(self, request: QueryParameters) -> IncidentList:
        """Return the matching incidents, the latest first."""
        return self.api.ask("GET", INCIDENTS, IncidentList, query=request)

    def incident(self, incident: str) -> IncidentView:
        """Return an incident."""
        return self.api.ask("GET", join_path(INCIDENTS, incident), IncidentView)

    def audit(self, request: QueryParameters, limit: int) -> list[AuditList]:
        """Return the newest records of the audit log, by pages."""
        return list(self.api.pages(AUDIT, AuditList, request, limit))

    def audited(self, day: str) -> VerifyAuditResponse:
        """Return whether a day of the audit log is intact."""
        return self.api.ask("GET", join_path(AUDIT, day, "verify"), VerifyAuditResponse)


def connect_operator(target: Target) -> OperatorClient:
    """Return a client of the API of a stack, for operators.

    Raises:
        CommandError: There is no key, or no such stack.
        Unreachable: The stack does not answer.
    """
    return OperatorClient(api=connect_api(target))


def split_notification_id(named: str) -> tuple[str, str]:
    """Return the task id and the notification id in `tsk_…/ntf_…`.

    Raises:
        CommandError: The id does not have this form.
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
