"""Incidents as operators see them, from the failures that maintenance observes."""

from pydantic import JsonValue

from signalbox.models.notification import refused
from signalbox.runtime.maintenance import maintenance
from tests.builders import a_connection, a_notification, a_task
from tests.functions.system import Context, System

INCIDENTS = "/api/v1/incidents"


def listed(system: System, query: str = "") -> list[dict[str, JsonValue]]:
    answer = system.ask("GET", f"{INCIDENTS}?{query}", key=system.key("viewer"))
    assert answer.status == 200, answer.text
    items: list[dict[str, JsonValue]] = answer.json_body["items"]  # type: ignore[assignment]
    return items


def test_failed_notifications_are_an_incident_that_opens_and_is_resolved(system: System) -> None:
    system.wiring.config.put(a_connection())
    system.wiring.config.put(a_connection(id="oncall", incidents=True))
    handle = maintenance(system.wiring)
    handle({}, Context())
    for _ in range(3):
        note = a_notification(a_task())
        system.wiring.notifications.create(note)
        after = refused(note, "channel_not_found", system.clock.advance(seconds=1))
        system.wiring.notifications.replace(note, after)

    system.clock.advance(seconds=60)
    handle({}, Context())
    opened = listed(system, "status=open")
    system.clock.advance(seconds=3_600)
    handle({}, Context())
    resolved = listed(system)

    assert [(each["cause"], each["count"]) for each in opened] == [("notifications/team-slack", 3)]
    assert opened[0]["last_error"] == "channel_not_found"
    assert [each["status"] for each in resolved] == ["resolved"]
    assert listed(system, "status=open") == []
    assert alerts(system) == ["signalbox.incident.resolved", "signalbox.incident.opened"]


def alerts(system: System) -> list[JsonValue]:
    """The types of what was sent to the connection that gets alerts, the latest first."""
    answer = system.ask("GET", "/api/v1/notifications?connection=oncall", key=system.key("viewer"))
    return [item["type"] for item in answer.items]


def test_an_incident_that_does_not_exist_is_not_found(system: System) -> None:
    answer = system.ask("GET", f"{INCIDENTS}/inc_none", key=system.key("viewer"))

    assert answer.status == 404


def test_another_status_is_refused(system: System) -> None:
    answer = system.ask("GET", f"{INCIDENTS}?status=over", key=system.key("viewer"))

    assert answer.status == 422
