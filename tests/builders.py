"""One-line makers of domain values: right as they come, changed where the test says so."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from signalbox.models.change import TASK_EVENT_PREFIX, Change, change_for
from signalbox.models.connection import Connection
from signalbox.models.delivery import Deferral, Delivery, DeliveryStatus
from signalbox.models.event import Author, Command, Event
from signalbox.models.ids import (
    ConnectionId,
    DeliveryId,
    KeyId,
    LeaseId,
    TaskId,
    WorkerId,
    delivery_id,
    incident_id,
    notification_id,
    task_id,
)
from signalbox.models.incident import Incident, IncidentEvent
from signalbox.models.lifecycle import created, leased, succeeded
from signalbox.models.notification import Notification
from signalbox.models.principal import ApiKey, Principal, Scope
from signalbox.models.request import InboundRequest
from signalbox.models.schedule import Schedule
from signalbox.models.service import Service
from signalbox.models.service_discovery import ServiceDiscovery
from signalbox.models.service_route import ServiceRoute
from signalbox.models.source import CommandPermission, Source
from signalbox.models.subscription import Subscription
from signalbox.models.task import Lease, Priority, Task, TaskOrigin, TaskResult
from signalbox.models.task_template import GroupedTaskTemplate
from signalbox.models.upstream import Instance
from signalbox.services.incidents.alert import alert_text, incident_change
from signalbox.services.incidents.causes import rejections_cause
from signalbox.services.ports.discovery import DiscoveredEndpoint

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET: Final = "a-secret-of-the-tests"
STACK: Final = "signalbox-test"
ODD_TEXT: Final = "é 漢字 🚦 \u2028 \x7f \\ \" ' \t\n" + "x" * 2_000

_numbers = count(1)


def an_id() -> TaskId:
    return task_id("tests", str(next(_numbers)))


def an_origin(**changes: object) -> TaskOrigin:
    facts = {
        "provider": "github",
        "delivery_id": DeliveryId("dlv_one"),
        "delivery_key": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "event": "issue_comment.created",
    }
    return TaskOrigin.model_validate(facts | changes)


def a_task(**changes: object) -> Task:
    facts = {
        "id": an_id(),
        "kind": "fix",
        "title": "Fix the login",
        "arguments": ("login",),
        "instruction": "fix the login",
        "labels": ("bug",),
        "origin": an_origin(),
        "repository": "octo/hello",
        "author": "octocat",
        "url": "https://github.com/octo/hello/issues/1#issuecomment-1",
        "created_at": NOW,
        "updated_at": changes.get("created_at", NOW),
    }
    return created(Task.model_validate(facts | changes), by="github/default")


def a_lease(**changes: object) -> Lease:
    facts = {
        "id": LeaseId("lse_one"),
        "worker": WorkerId("worker-1"),
        "expires_at": NOW + timedelta(minutes=5),
        "queue": Priority.NORMAL,
        "message": "a-message",
        "receipt": "a-receipt",
    }
    return Lease.model_validate(facts | changes)


def held(task: Task, **changes: object) -> Task:
    """The task in the hands of a worker whose lease is `a_lease(**changes)`."""
    return leased(task, a_lease(**changes), task.updated_at)


def done(task: Task) -> Task:
    """The task after a worker held it and succeeded."""
    running = held(task)
    return succeeded(running, a_lease().id, running.fence, a_result(), task.updated_at)


def a_result(**changes: object) -> TaskResult:
    return TaskResult.model_validate(
        {"summary": "fixed", "url": "https://example.com/pull/2"} | changes
    )


def a_change(task: Task | None = None, word: str | None = None) -> Change:
    """The last change of a task, or the change of it that the word names."""
    changed = task or a_task()
    change = change_for(changed, changed.last_step, STACK)
    return change.model_copy(update={"type": f"{TASK_EVENT_PREFIX}{word}"}) if word else change


def a_notification(task: Task | None = None, **changes: object) -> Notification:
    change = a_change(task)
    connection = ConnectionId("team-slack")
    facts = {
        "id": notification_id(change.id, connection),
        "connection": connection,
        "connector": "slack",
        "change": change,
        "created_at": NOW,
        "queued_at": NOW,
        "updated_at": NOW,
    }
    return Notification.model_validate(facts | changes)


def a_notification_of(task: Task, word: str) -> Notification:
    """The notification of the change that the word names."""
    return a_notification(task, change=a_change(task, word))


def notifications_of(task: Task) -> tuple[Notification, Notification, Notification]:
    """The notifications of a task that is created, started and succeeds."""
    return a_notification(task), a_notification(held(task)), a_notification(done(task))


def an_incident(**changes: object) -> Incident:
    cause = rejections_cause("github", "default", "signature_invalid")
    facts = {
        "id": incident_id(cause.key, NOW),
        "cause": cause,
        "opened_at": NOW,
        "first_at": NOW,
        "last_at": NOW,
        "count": 10,
        "last_error": "the signature is not that of the body",
        "quiet_seconds": 3_600,
    }
    return Incident.model_validate(facts | changes)


def an_alert(event: IncidentEvent = IncidentEvent.OPENED) -> Notification:
    """The notification that an incident has opened, or is over."""
    over = NOW + timedelta(hours=1) if event is IncidentEvent.RESOLVED else None
    incident = an_incident(resolved_at=over)
    change = incident_change(incident, event, STACK)
    return a_notification(change=change, text=alert_text(incident, event))


def a_delivery(**changes: object) -> Delivery:
    key = str(changes.get("key", f"delivery-{next(_numbers)}"))
    facts = {
        "id": delivery_id("github", "default", key),
        "provider": "github",
        "source": "default",
        "key": key,
        "received_at": NOW,
        "status": DeliveryStatus.ACCEPTED,
        "event": "issue_comment.created",
        "secret": 0,
        "headers": {"x-github-event": "issue_comment"},
        "size": 2,
    }
    return Delivery.model_validate(facts | changes)


class DeferredDelivery(Delivery):
    """A delivery that certainly has a deferral."""

    deferral: Deferral


def a_deferred(*, due_at: datetime = NOW, **changes: object) -> DeferredDelivery:
    """A delivery that was answered before it was interpreted."""
    deferral = Deferral(reason="there is no time to ask", due_at=due_at)
    facts = {"status": DeliveryStatus.PENDING, "reason": deferral.reason, "deferral": deferral}
    return DeferredDelivery.model_validate(dict(a_delivery(**(facts | changes))))


def a_source(**changes: object) -> Source:
    """A source whose commands anybody may give, unless it is said otherwise."""
    return Source.model_validate(
        {"provider": "github", "permission": CommandPermission.OFF} | changes
    )


def a_connection(**changes: object) -> Connection:
    facts = {"id": "team-slack", "connector": "slack", "settings": {"channel": "C024BE91L"}}
    return Connection.model_validate(facts | changes)


def a_subscription(**changes: object) -> Subscription:
    return Subscription.model_validate({"id": "to-slack", "connection": "team-slack"} | changes)


def an_instance(**changes: object) -> Instance:
    return Instance.model_validate({"id": "a", "url": "https://a.example.com"} | changes)


def a_service(**changes: object) -> Service:
    """A service `orders` with one instance."""
    return Service.model_validate({"name": "orders", "instances": (an_instance(),)} | changes)


def a_discovery(**changes: object) -> ServiceDiscovery:
    """Discovery by Cloud Map."""
    source = {"namespace": "example.internal", "service": "orders"} | changes
    return ServiceDiscovery.model_validate({"cloud_map": source})


def an_endpoint(name: str = "i-1", **changes: object) -> DiscoveredEndpoint:
    """An instance in a directory."""
    facts: dict[str, Any] = {"host": "10.0.0.1", "port": 8443} | changes
    return DiscoveredEndpoint(name=name, **facts)


def a_schedule(**changes: object) -> Schedule:
    timing = {} if changes.keys() & {"at", "cron"} else {"cron": "0 7 * * *"}
    facts = {"name": "daily", "task": GroupedTaskTemplate(title="Report"), **timing}
    return Schedule.model_validate(facts | changes)


def a_route(**changes: object) -> ServiceRoute:
    """A route from `/api/shop` to the service `orders`."""
    return ServiceRoute.model_validate(
        {"id": "shop", "path": "/api/shop", "service": "orders"} | changes
    )


def an_api_key(**changes: object) -> ApiKey:
    facts = {
        "id": KeyId("0123456789ab"),
        "digest": hashlib.sha256(b"a key").hexdigest(),
        "name": "ci",
        "roles": ("worker",),
        "created_at": NOW,
        "created_by": "tests",
    }
    return ApiKey.model_validate(facts | changes)


def a_principal(*scopes: Scope) -> Principal:
    return Principal(name="key:0123456789ab", scopes=frozenset(scopes or Scope))


def an_event(**changes: Any) -> Event:
    facts: dict[str, Any] = {
        "type": "issue_comment.created",
        "title": "Login fails",
        "author": Author(name="octocat"),
        "occurred_at": NOW,
        "repository": "octo/hello",
        "url": "https://github.com/octo/hello/issues/1#issuecomment-1",
        "text": "/agent fix the login",
        "thread": "issue_comment/1",
        "writer": changes.get("author", Author(name="octocat")),
    }
    return Event(**(facts | changes))


def a_command(**changes: Any) -> Command:
    facts: dict[str, Any] = {
        "name": "agent",
        "arguments": ("fix", "the", "login"),
        "instruction": "fix the login",
    }
    return Command(**(facts | changes))


def a_request(
    payload: Mapping[str, object] | bytes = b"{}",
    *,
    event: str = "issue_comment",
    delivery: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    secret: str = SECRET,
    headers: Mapping[str, str] | None = None,
) -> InboundRequest:
    """What GitHub sends, signed; `headers` are set over its own."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    sent = {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/044aadd",
        "x-github-event": event,
        "x-github-delivery": delivery,
        "x-hub-signature-256": f"sha256={signature}",
    }
    return InboundRequest(
        method="POST",
        path="/api/v1/webhooks/github",
        headers=sent | dict(headers or {}),
        body=body,
        source_ip="192.0.2.1",
        request_id="req_one",
    )
