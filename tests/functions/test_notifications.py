"""Notifications as operators see them, and trying a connection."""

from datetime import timedelta

import pytest
from pydantic import JsonValue

from signalbox.egress.http_client import HttpClient, HttpRequest, HttpResponse
from signalbox.models.connection import Connection
from signalbox.models.errors import Unavailable
from signalbox.models.ids import NotificationId, TaskId
from signalbox.models.lifecycle import given_up
from signalbox.models.notification import Notification, begun, delivered, exhausted, refused
from signalbox.models.notification_status import NotificationStatus
from signalbox.models.queue_messages import NotificationMessage
from signalbox.runtime.registry import connectors
from signalbox.runtime.wiring import Wiring
from signalbox.services.notifications.circuits import CircuitBreakers
from signalbox.services.notifications.deliver import DeliverNotification
from signalbox.services.notifications.make_attempt import MakeAttempt
from signalbox.services.notifications.slots import SendSlots
from tests.builders import a_connection, a_notification, a_subscription, a_task, held
from tests.functions.system import ApiResponse, System

NOTIFICATIONS = "/api/v1/notifications"
SECOND = timedelta(seconds=1)


def delivering(wired: Wiring) -> DeliverNotification:
    """What a connector's function does."""
    return DeliverNotification(
        attempt=MakeAttempt(
            connector=connectors(frozenset())["slack"](),
            config=wired.config,
            secrets=wired.secrets,
            clock=wired.clock,
            random=wired.random,
        ),
        notifications=wired.notifications,
        config=wired.config,
        circuits=CircuitBreakers(store=wired.circuits, clock=wired.clock, random=wired.random),
        slots=SendSlots(
            take=wired.send_slots, notifications=wired.notifications, clock=wired.clock
        ),
        clock=wired.clock,
    )


def queued_one(system: System, **facts: object) -> Notification:
    """A notification that is kept."""
    system.clock.advance(seconds=1)
    now = system.clock()
    note = a_notification(a_task(), created_at=now, queued_at=now, updated_at=now, **facts)
    assert system.wiring.notifications.create(note)
    return note


def ended(system: System, note: Notification, status: NotificationStatus) -> Notification:
    """The notification after an attempt that ended so."""
    now = system.clock()
    after = {
        NotificationStatus.DELIVERED: lambda: delivered(note, now),
        NotificationStatus.FAILED: lambda: refused(note, "Slack answered 404 no_team", now),
        NotificationStatus.DEAD: lambda: exhausted(note, "no attempts are left", now),
    }[status]()
    system.wiring.notifications.replace(note, after)
    return after


def listed(system: System, query: str = "") -> list[JsonValue]:
    answer = system.ask("GET", f"{NOTIFICATIONS}?{query}", key=system.key("viewer"))
    assert answer.status == 200, answer.text
    return [item["id"] for item in answer.items]


def path_of(note: Notification) -> str:
    return f"/api/v1/tasks/{note.task_id}/notifications/{note.id}"


def messages(system: System) -> list[NotificationMessage]:
    """What stands in the queue of Slack."""
    url = system.wiring.settings.connector_queue("slack")
    found = system.wiring.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    bodies = [message["Body"] for message in found.get("Messages", [])]
    return [NotificationMessage.model_validate_json(body) for body in bodies]


def test_notifications_are_listed_by_how_they_stand_and_by_connection(system: System) -> None:
    queued = queued_one(system)
    sending = queued_one(system)
    system.wiring.notifications.replace(
        sending, begun(sending, system.clock(), system.clock() + SECOND)
    )
    done = ended(system, queued_one(system), NotificationStatus.DELIVERED)
    failed = ended(system, queued_one(system), NotificationStatus.FAILED)
    dead = ended(system, queued_one(system, connection="other"), NotificationStatus.DEAD)

    assert listed(system) == [dead.id, failed.id, done.id, sending.id, queued.id]
    assert listed(system, "status=queued") == [queued.id]
    assert listed(system, "status=sending") == [sending.id]
    assert listed(system, "status=delivered") == [done.id]
    assert listed(system, "status=failed") == [failed.id]
    assert listed(system, "status=dead") == [dead.id]
    assert listed(system, "connection=other") == [dead.id]
    assert listed(system, "connection=other&status=failed") == []


def test_pages_of_notifications_hold_each_once_and_end(system: System) -> None:
    expected = [queued_one(system).id for _ in range(5)]
    key = system.key("viewer")

    found, cursor = [], ""
    for _ in range(3):
        page = system.ask("GET", f"{NOTIFICATIONS}?limit=2{cursor}", key=key)
        found += [item["id"] for item in page.items]
        cursor = f"&cursor={page.json_body['next']}"

    assert found == expected[::-1]
    assert page.json_body["next"] is None


def test_a_page_ends_where_too_much_was_looked_at(system: System) -> None:
    rare = queued_one(system, connection="rare")
    for _ in range(12):
        queued_one(system)
    key, path = system.key("viewer"), f"{NOTIFICATIONS}?limit=1&connection=rare"

    first = system.ask("GET", path, key=key)
    second = system.ask("GET", f"{path}&cursor={first.json_body['next']}", key=key)

    assert first.items == []
    assert [item["id"] for item in second.items] == [rare.id]


def test_a_notification_is_shown_with_its_attempts(system: System) -> None:
    note = ended(system, queued_one(system), NotificationStatus.FAILED)

    shown = system.ask("GET", path_of(note), key=system.key("viewer"))

    [attempt] = shown.rows("attempts")
    assert (shown.json_body["status"], attempt["outcome"]) == ("failed", "refused")
    assert shown.json_body["last_reason"] == "Slack answered 404 no_team"
    assert shown.part("change")["subject"] == note.task_id


def test_the_notifications_of_a_task_are_listed_by_it(system: System) -> None:
    note = queued_one(system)
    queued_one(system)
    path = f"/api/v1/tasks/{note.task_id}/notifications"

    answer = system.ask("GET", path, key=system.key("viewer"))

    assert [item["id"] for item in answer.items] == [note.id]


@pytest.mark.parametrize(
    "status", [NotificationStatus.FAILED, NotificationStatus.DEAD, NotificationStatus.DELIVERED]
)
def test_what_has_ended_is_owed_once_more(system: System, status: NotificationStatus) -> None:
    note = ended(system, queued_one(system), status)

    answer = system.ask("POST", f"{path_of(note)}/redeliver", key=system.key("operator"))

    again = system.wiring.notifications.get(note.task_id, note.id)
    assert (answer.status, answer.json_body["status"], again.status) == (202, "queued", "queued")
    assert len(again.attempts) == 1
    assert messages(system) == [NotificationMessage(task_id=note.task_id, notification_id=note.id)]
    assert listed(system, "status=queued") == [note.id]


def test_what_is_owed_still_is_not_owed_twice(system: System) -> None:
    answer = system.ask(
        "POST", f"{path_of(queued_one(system))}/redeliver", key=system.key("operator")
    )

    assert answer.status == 409


def test_what_cannot_be_queued_now_is_sent_by_maintenance(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = ended(system, queued_one(system), NotificationStatus.DEAD)

    def broken(*_: object) -> None:
        raise Unavailable("the queue did not answer")

    monkeypatch.setattr(type(system.wiring.notification_queue), "send", broken)
    answer = system.ask("POST", f"{path_of(note)}/redeliver", key=system.key("operator"))

    overdue = list(system.wiring.due_index.overdue(system.clock() + timedelta(minutes=3)))
    assert answer.status == 202
    assert note.id in {each.notification for each in overdue}


def test_a_viewer_redelivers_nothing(system: System) -> None:
    note = ended(system, queued_one(system), NotificationStatus.DEAD)

    answer = system.ask("POST", f"{path_of(note)}/redeliver", key=system.key("viewer"))

    assert answer.status == 403


def tried(system: System, connection: str = "team-slack") -> ApiResponse:
    path = f"/api/v1/connections/{connection}/test"
    return system.ask("POST", path, key=system.key("admin"))


def test_a_test_goes_through_the_queue_and_the_connector(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.wiring.config.put(a_connection(settings={}))
    hook = "https://hooks.slack.com/services/T0/B0/abc"
    system.wiring.secrets.put("connections/team-slack", [hook])
    sent: list[HttpRequest] = []

    def slack(_: HttpClient, request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return HttpResponse(status=200, body=b"ok")

    monkeypatch.setattr(HttpClient, "__call__", slack)
    answer = tried(system)
    [message] = messages(system)
    delivering(system.wiring)(message.task_id, message.notification_id)
    later = system.ask("GET", answer.headers["location"], key=system.key("viewer"))

    assert (answer.status, answer.json_body["type"]) == (202, "signalbox.test")
    assert b"A test from Signalbox" in sent[0].body
    assert later.json_body["status"] == "delivered"


def test_a_test_leaves_no_task_behind(system: System) -> None:
    system.wiring.config.put(a_connection())
    key = system.key("admin")

    answer = tried(system)

    task = TaskId(answer.word("task_id"))
    assert system.ask("GET", f"/api/v1/tasks/{task}", key=key).status == 404
    assert system.wiring.notifications.get(task, NotificationId(answer.word("id"))).open


def test_a_test_that_is_asked_for_twice_is_sent_once(system: System) -> None:
    system.wiring.config.put(a_connection())
    path, key = "/api/v1/connections/team-slack/test", system.key("admin")

    first, second = (
        system.ask("POST", path, key=key, headers={"Idempotency-Key": "one"}) for _ in range(2)
    )

    assert first.json_body == second.json_body
    assert len(messages(system)) == 1


def test_an_unknown_connection_is_not_tried(system: System) -> None:
    assert tried(system, "nobody").status == 404


def test_a_connection_that_nothing_serves_is_not_tried(system: System) -> None:
    system.wiring.config.put(a_connection(connector="pigeon"))

    assert tried(system).status == 409


def test_a_step_that_was_told_longer_ago_than_anybody_remembers_is_not_told_again(
    system: System,
) -> None:
    system.wiring.config.put(a_connection())
    system.wiring.config.put(a_subscription())
    running = held(a_task(created_at=system.clock()))
    system.wiring.tasks.create(running)
    system.clock.advance(seconds=8 * 86_400)
    ended_late = given_up(
        running, "the queue gave it up", system.clock(), system.clock(), by="queue"
    )
    system.wiring.tasks.replace(running, ended_late)

    system.wiring.dispatch(ended_late, [ended_late.last_step])

    answer = system.ask("GET", NOTIFICATIONS, key=system.key("viewer"))
    assert [item["type"] for item in answer.items] == ["signalbox.task.failed"]


@pytest.mark.parametrize(
    "before", [[], [a_connection(enabled=False)], [a_connection(settings={"channel": "C0DEAD"})]]
)
def test_a_connection_that_was_changed_a_moment_ago_is_looked_at_again(
    system: System, monkeypatch: pytest.MonkeyPatch, before: list[Connection]
) -> None:
    def slack(_: HttpClient, request: HttpRequest) -> HttpResponse:
        known = b"C024BE91L" in request.body
        response = (
            b'{"ok":true,"ts":"1.2"}' if known else b'{"ok":false,"error":"channel_not_found"}'
        )
        return HttpResponse(status=200, body=response)

    monkeypatch.setattr(HttpClient, "__call__", slack)
    for connection in before:
        system.wiring.config.put(connection)
    elsewhere = Wiring(clock=system.clock)
    elsewhere.config.connections()
    system.wiring.secrets.put("connections/team-slack", ["xoxb-1-2-3"])
    system.wiring.config.put(a_connection())
    note = queued_one(system)

    delivering(elsewhere)(note.task_id, note.id)

    kept = system.wiring.notifications.get(note.task_id, note.id)
    assert kept.status is NotificationStatus.DELIVERED, kept.attempts


def test_a_change_is_owed_to_a_connection_that_was_made_a_moment_ago(system: System) -> None:
    elsewhere = Wiring(clock=system.clock)
    elsewhere.config.connections()
    system.wiring.config.put(a_connection())
    system.wiring.config.put(a_subscription())
    task = a_task(created_at=system.clock())
    system.wiring.tasks.create(task)

    elsewhere.dispatch(task, [task.last_step])

    answer = system.ask("GET", NOTIFICATIONS, key=system.key("viewer"))
    assert [item["type"] for item in answer.items] == ["signalbox.task.created"]


def redeliver_all(system: System, query: str = "", **body: JsonValue) -> ApiResponse:
    return system.ask("POST", f"{NOTIFICATIONS}/redeliver{query}", body, key=system.key("operator"))


def ids(answer: ApiResponse) -> list[JsonValue]:
    assert answer.status == 200, answer.text
    return [row["id"] for row in answer.rows("redelivered")]


def test_all_that_failed_or_died_at_a_connection_is_queued_again(system: System) -> None:
    failed = ended(system, queued_one(system), NotificationStatus.FAILED)
    dead = ended(system, queued_one(system), NotificationStatus.DEAD)
    others = [
        ended(system, queued_one(system), NotificationStatus.DELIVERED),
        ended(system, queued_one(system, connection="other"), NotificationStatus.DEAD),
        queued_one(system),
    ]

    answer = redeliver_all(system, connection="team-slack")

    assert ids(answer) == [dead.id, failed.id]
    assert {message.notification_id for message in messages(system)} == {dead.id, failed.id}
    assert listed(system, "status=queued") == [others[2].id, dead.id, failed.id]
    assert [system.wiring.notifications.get(each.task_id, each.id) for each in others] == others


def test_what_is_redelivered_is_narrowed_by_status_connector_and_time(system: System) -> None:
    early = ended(system, queued_one(system), NotificationStatus.DEAD)
    system.clock.advance(seconds=60)
    at = system.clock().isoformat()
    late = ended(system, queued_one(system), NotificationStatus.DEAD)
    failed = ended(system, queued_one(system), NotificationStatus.FAILED)
    other = ended(system, queued_one(system, connector="jira"), NotificationStatus.DEAD)

    found = {
        "status": ids(redeliver_all(system, "?dry_run=true", status="failed")),
        "connector": ids(redeliver_all(system, "?dry_run=true", connector="jira")),
        "since": ids(redeliver_all(system, "?dry_run=true", since=at, connector="slack")),
        "until": ids(redeliver_all(system, "?dry_run=true", until=at)),
    }

    assert found == {
        "status": [failed.id],
        "connector": [other.id],
        "since": [failed.id, late.id],
        "until": [early.id],
    }
    assert messages(system) == []


def test_notifications_are_redelivered_page_by_page(system: System) -> None:
    dead = [ended(system, queued_one(system), NotificationStatus.DEAD) for _ in range(3)]

    first = redeliver_all(system, limit=2)
    second = redeliver_all(system, limit=2, cursor=first.json_body["next"])

    assert ids(first) + ids(second) == [note.id for note in reversed(dead)]
    assert second.json_body["next"] is None


def test_one_that_cannot_be_queued_again_is_refused_with_the_reason(system: System) -> None:
    note = ended(system, queued_one(system, connector="pigeon"), NotificationStatus.DEAD)

    [refused] = redeliver_all(system).rows("refused")

    assert refused["reason"] == "this installation has no connector pigeon"
    assert system.wiring.notifications.get(note.task_id, note.id) == note


@pytest.mark.parametrize(
    "body", [{"status": "queued"}, {"limit": 0}, {"limit": 201}, {"since": "2h"}, {"odd": 1}]
)
def test_a_redelivery_of_what_cannot_be_is_not_valid(
    system: System, body: dict[str, JsonValue]
) -> None:
    answer = system.ask("POST", f"{NOTIFICATIONS}/redeliver", body, key=system.key("operator"))

    assert answer.status == 422


def test_a_redelivery_of_many_is_in_the_audit_log(system: System) -> None:
    redeliver_all(system, connection="team-slack")

    entry = system.ask("GET", "/api/v1/audit", key=system.key("admin")).items[0]["entry"]
    assert isinstance(entry, dict)
    assert (entry["action"], entry["result"]) == (
        "POST /api/v1/notifications/redeliver",
        "allowed",
    )
