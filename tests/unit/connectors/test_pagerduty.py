import json
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import JsonValue

from cli.doubles.double import DoubleRequest
from cli.doubles.pagerduty import PagerDutyDouble
from signalbox.connectors.pagerduty import PagerDuty, Settings
from signalbox.egress.http_client import HttpResponse
from signalbox.egress.responses import SecretRefused
from signalbox.models.change import TEST_EVENT_TYPE
from signalbox.models.errors import Conflict, SendDelayed, SendRefused
from signalbox.models.incident import IncidentEvent
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid
from signalbox.models.task import ChangeType, Priority
from tests.builders import (
    a_connection,
    a_notification,
    a_notification_of,
    a_result,
    a_task,
    an_alert,
    an_origin,
    done,
    held,
)
from tests.fakes.doubles import DOUBLE_URL
from tests.fakes.references import clients
from tests.fakes.targets import FakeTarget

CONNECTOR = PagerDuty(clients())
KEY = "R03Ca2Na3Ry4Zz5Qq6Ww7Ca2Na3Ry4Zz"
DEFAULT = Settings()


class Service(FakeTarget[PagerDutyDouble]):
    """A service that a connection leads to."""

    def __init__(self, **settings: JsonValue) -> None:
        super().__init__(PagerDutyDouble(), PagerDuty, {"api_url": DOUBLE_URL, **settings})

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.http.received]


def _event(notification: Notification, settings: Settings = DEFAULT) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(CONNECTOR.render(notification, settings, KEY).body)
    return event


def test_an_alert_says_what_happened() -> None:
    task = a_task(attempt=3, reason="no tests passed", result=a_result())

    event = _event(notification := a_notification_of(task, "failed"))

    assert event == {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": task.id,
        "client": "Signalbox",
        "payload": {
            "summary": "Task failed: Fix the login",
            "source": "octo/hello",
            "severity": "error",
            "component": "github",
            "class": "fix",
            "timestamp": "2026-03-01T12:00:00+00:00",
            "custom_details": {
                "Change": "Task failed",
                "Kind": "fix",
                "Priority": "normal",
                "Repository": "octo/hello",
                "Author": "octocat",
                "Attempt": "3 of 3",
                "Reason": "no tests passed",
                "Result": "fixed",
                "Task": task.id,
                "Notification": notification.id,
            },
        },
        "links": [
            {"href": task.url, "text": "Source"},
            {"href": "https://example.com/pull/2", "text": "Result"},
        ],
    }


@pytest.mark.parametrize(
    ("priority", "severity", "expected"),
    [
        (Priority.HIGH, None, "critical"),
        (Priority.NORMAL, None, "error"),
        (Priority.LOW, None, "warning"),
        (Priority.HIGH, "info", "info"),
    ],
)
def test_the_severity_is_the_one_of_the_settings_or_of_the_priority(
    priority: Priority, severity: str | None, expected: str
) -> None:
    settings = Settings.model_validate({"severity": severity})

    event = _event(a_notification_of(a_task(priority=priority), "failed"), settings)

    assert event["payload"]["severity"] == expected


def test_the_text_of_a_template_is_the_summary() -> None:
    event = _event(a_notification(text="it\nbroke"), Settings(trigger=(ChangeType.CREATED,)))

    assert event["payload"]["summary"] == "it broke"


def test_a_secret_in_foreign_text_goes_nowhere() -> None:
    token = "xoxb-1-Ca2Na3Ry4Zz5Qq6Ww7"
    task = a_task(title=token, reason=token, author=token, repository=token, kind=token)

    event = _event(a_notification_of(task, "failed"))

    assert token not in json.dumps(event)


def test_a_task_that_failed_and_succeeds_at_last_leaves_no_alert_open() -> None:
    service, task = Service(), a_task()

    service.send(a_notification_of(task, "failed"))
    opened = service.double.shown()
    service.send(a_notification_of(held(task), "started"))
    acknowledged = service.double.shown()
    service.send(a_notification(done(task)))

    assert opened == ["[triggered, error] Task failed: Fix the login"]
    assert acknowledged == ["[acknowledged, error] Task failed: Fix the login"]
    assert service.double.shown() == ["[resolved, error] Task failed: Fix the login"]


def test_a_failure_that_arrives_late_opens_no_alert() -> None:
    service, task = Service(), a_task()
    service.send(a_notification(done(task)))

    service.send(a_notification_of(task, "failed"))

    assert service.double.shown() == []
    assert len(service.paths) == 1


def test_an_event_that_was_not_answered_is_repeated_without_a_second_alert() -> None:
    service, task = Service(), a_task()
    service.http.lost = lambda _: True
    with pytest.raises(SendDelayed):
        service.send(a_notification_of(task, "failed"))
    service.http.lost = lambda _: False

    service.send(a_notification_of(task, "failed"))

    assert len(service.paths) == 2
    assert len(service.double.shown()) == 1


def test_a_change_that_is_in_no_list_calls_nobody() -> None:
    service = Service()

    service.send(a_notification())

    assert service.paths == []


def test_a_recorded_change_opens_no_alert() -> None:
    service = Service(record=["created"])

    service.send(a_notification())

    assert service.paths == ["/v2/change/enqueue"]
    assert service.double.shown() == ["New task: Fix the login"]


def test_a_task_of_an_incident_opens_no_other() -> None:
    service = Service()
    task = a_task(origin=an_origin(provider="pagerduty"))

    service.send(a_notification_of(task, "failed"))
    service.send(a_notification(done(task)))

    assert service.paths == ["/v2/enqueue"]
    assert service.double.shown() == []


def test_an_incident_opens_an_alert_and_resolves_it_whatever_the_settings() -> None:
    service = Service(trigger=["created"], resolve=[])
    opened, resolved = an_alert(), an_alert(IncidentEvent.RESOLVED)

    service.send(opened)
    after_opening = service.double.shown()
    service.send(resolved)

    event = _event(opened)
    assert len(after_opening) == 1
    assert event["payload"]["severity"] == "error"
    assert event["payload"]["summary"].startswith("Incident opened: Webhooks of github/default are")
    assert _event(resolved)["event_action"] == "resolve"
    assert _event(resolved)["dedup_key"] == event["dedup_key"]


def test_a_test_alerts_nobody() -> None:
    service, notification = Service(trigger=["created", "failed"]), a_notification()
    change = notification.change.model_copy(update={"type": TEST_EVENT_TYPE})

    service.send(notification.model_copy(update={"change": change}))

    assert service.paths == ["/v2/enqueue"]
    assert service.double.shown() == []


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, b'{"errors": ["Invalid routing key"]}', SecretRefused),
        (400, b'{"errors": ["Length of \'routing_key\' is incorrect"]}', SecretRefused),
        (400, b'{"errors": ["\'payload.summary\' is missing or blank"]}', SendRefused),
        (400, b"Ca2Na3Ry4", SendRefused),
        (200, b"ok", SendRefused),
        (413, b"", SendRefused),
        (429, b"", SendDelayed),
        (500, b"", SendDelayed),
    ],
)
def test_answers_have_their_meaning(
    status: int, body: bytes, error: type[SendRefused | SendDelayed]
) -> None:
    with pytest.raises(error, match=f"PagerDuty answered {status}") as raised:
        CONNECTOR.judge(HttpResponse(status=status, body=body))

    assert type(raised.value) is error


def test_a_routing_key_is_right() -> None:
    CONNECTOR.check_secret(a_connection(), KEY)


@pytest.mark.parametrize("secret", ["", KEY[:-1], f"{KEY}0", f"{KEY[:-1]}-", f"{KEY[:-1]}\n"])
def test_any_other_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(Conflict, match="not a routing key") as refusal:
        CONNECTOR.check_secret(a_connection(), secret)

    assert not secret or secret not in refusal.value.reason
    with pytest.raises(SecretRefused):
        CONNECTOR.render(a_notification(), DEFAULT, secret)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"trigger": ["broken"]}, "trigger"),
        ({"trigger": "failed"}, "trigger"),
        ({"trigger": ["succeeded"]}, "succeeded is listed twice"),
        ({"severity": "high"}, "severity"),
        ({"api_url": "https://events.example.com"}, "api_url"),
    ],
)
def test_wrong_settings_are_refused(settings: Mapping[str, JsonValue], reason: str) -> None:
    with pytest.raises(SettingsInvalid, match=reason):
        CONNECTOR.check(a_connection(settings=settings))


@pytest.mark.parametrize("url", ["https://events.pagerduty.com", "https://events.eu.pagerduty.com"])
def test_both_regions_are_known(url: str) -> None:
    CONNECTOR.check(a_connection(settings={"api_url": url}))


@pytest.mark.parametrize(
    ("path", "change", "status"),
    [
        ("/v2/elsewhere", {}, 404),
        ("/v2/enqueue", {"routing_key": "short"}, 400),
        ("/v2/enqueue", {"routing_key": KEY}, 400),
        ("/v2/enqueue", {"event_action": "open"}, 400),
        ("/v2/enqueue", {"payload": {"summary": "", "source": "x", "severity": "info"}}, 400),
        ("/v2/enqueue", {"dedup_key": "x" * 256}, 400),
        ("/v2/change/enqueue", {"payload": {"summary": "x" * 1_025}}, 400),
        ("/v2/enqueue", {}, 202),
    ],
)
def test_the_double_refuses_what_pagerduty_refuses(
    path: str, change: Mapping[str, JsonValue], status: int
) -> None:
    double = PagerDutyDouble()
    event = _event(a_notification_of(a_task(), "failed"))
    body = json.dumps({**event, "routing_key": double.secret(""), **change}).encode()

    answer = double.respond(DoubleRequest(method="POST", path=path, body=body))

    assert answer.status == status
