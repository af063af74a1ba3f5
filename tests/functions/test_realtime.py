"""The WebSocket API, and what changes in the tables become of its clients."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import JsonValue

from signalbox.auth.api_keys import new_key
from signalbox.http.realtime import RealtimeHandler
from signalbox.models.ids import SocketId
from signalbox.models.log import Chunk
from signalbox.models.principal import Scope
from signalbox.models.rate_limits import RateLimit
from signalbox.runtime.auth import key_authenticator
from signalbox.runtime.fanout import FanoutHandler, fanout
from signalbox.runtime.realtime import realtime
from signalbox.runtime.sessions import session_manager
from signalbox.runtime.tickets import ticket_manager
from tests.builders import NOW
from tests.fakes.realtime import FakeFrameSender
from tests.functions.system import Context, System
from tests.integration.aws import clients

ORIGIN = "https://api.example.com"


@dataclass
class Live:
    """The functions of live updates, spoken to as API Gateway and the streams do."""

    system: System
    sender: FakeFrameSender = field(default_factory=FakeFrameSender)

    def __post_init__(self) -> None:
        self.handler: RealtimeHandler = realtime(self.system.wiring, self.sender)
        self.fanout: FanoutHandler = fanout(self.system.wiring, self.sender)

    def event(self, type_: str, socket: str = "s1", **more: JsonValue) -> int:
        context: JsonValue = {
            "routeKey": "$default",
            "eventType": type_,
            "connectionId": socket,
            "requestId": "r",
            "identity": {"sourceIp": "192.0.2.1"},
        }
        response = self.handler({"requestContext": context, **more}, Context())
        return response["statusCode"]

    def connect(
        self,
        socket: str = "s1",
        *,
        key: str | None = None,
        ticket: str | None = None,
        origin: str | None = None,
    ) -> int:
        headers: JsonValue = {
            name: text for name, text in (("X-Api-Key", key), ("Origin", origin)) if text
        }
        query: JsonValue = {"ticket": ticket} if ticket else None
        status = self.event("CONNECT", socket, headers=headers, queryStringParameters=query)
        if status == 200:
            self.sender.open.add(SocketId(socket))
        return status

    def say(self, text: str, socket: str = "s1") -> dict[str, Any]:
        """What is answered to a message, the last frame."""
        assert self.event("MESSAGE", socket, body=text) == 200
        return self.frames(socket)[-1]

    def subscribe(self, topic: str, socket: str = "s1", **more: JsonValue) -> dict[str, Any]:
        return self.say(json.dumps({"type": "subscribe", "topic": topic, **more}), socket)

    def frames(self, socket: str = "s1") -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.sender.sent[SocketId(socket)]]

    def stream(self, table: str, key: dict[str, str], before: JsonValue = None) -> Any:
        """The stream delivers the change of an item; return the item."""
        keys: dict[str, Any] = {name: {"S": text} for name, text in key.items()}
        item: Any = self.system.wiring.dynamo.get_item(TableName=table, Key=keys).get("Item")
        item = {name: _in_json(value) for name, value in item.items()}
        images = {"NewImage": item} | ({"OldImage": before} if before else {})
        self.fanout(
            {"Records": [{"eventID": "e", "dynamodb": {"Keys": keys, **images}}]}, Context()
        )
        return item


@pytest.fixture
def live(system: System, monkeypatch: pytest.MonkeyPatch) -> Live:
    monkeypatch.setenv("SIGNALBOX_API_ORIGIN", ORIGIN)
    system.restart()
    return Live(system)


@pytest.fixture
def viewer(system: System) -> str:
    return system.key("viewer")


def a_ticket(system: System, key: str) -> str:
    return system.ask("POST", "/api/v1/realtime/tickets", key=key).word("ticket")


def test_a_ticket_opens_one_connection(live: Live, viewer: str) -> None:
    issued = live.system.ask("POST", "/api/v1/realtime/tickets", key=viewer)
    ticket = issued.word("ticket")

    assert issued.status == 201
    assert issued.word("url") == "wss://live.example.com/live"
    assert live.connect("s1", ticket=ticket, origin=ORIGIN) == 200
    assert live.connect("s2", ticket=ticket, origin=ORIGIN) == 401


def test_a_ticket_expires_after_30_seconds_and_its_text_is_stored_nowhere(
    live: Live, viewer: str
) -> None:
    ticket = a_ticket(live.system, viewer)
    table = live.system.wiring.settings.realtime_table
    stored = clients().dynamodb.scan(TableName=table)["Items"]
    live.system.clock.advance(seconds=30)

    assert ticket not in json.dumps(stored)
    assert live.connect(ticket=ticket) == 401


def test_an_installation_without_a_websocket_api_issues_no_tickets(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIGNALBOX_WEBSOCKET_URL")
    system.restart()

    issued = system.ask("POST", "/api/v1/realtime/tickets", key=system.key("viewer"))

    assert (issued.status, issued.word("code")) == (503, "unavailable")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        (ORIGIN, 200),
        ("https://live.example.com", 200),
        ("https://evil.example", 403),
        ("https://evil-api.example.com", 403),
        ("null", 403),
    ],
)
def test_only_pages_of_known_origins_connect(
    live: Live, viewer: str, origin: str | None, status: int
) -> None:
    assert live.connect(key=viewer, origin=origin) == status


def test_who_has_no_credentials_does_not_connect(live: Live) -> None:
    assert live.connect() == 401
    assert live.connect(key="sbx_live_" + "x" * 61) == 401
    assert live.connect(ticket="sbt_made_up") == 401


def test_wrong_tickets_are_limited_by_address(live: Live) -> None:
    live.system.limited(refused=RateLimit(count=2, burst=2))
    live.system.clock.advance(seconds=31)

    statuses = [live.connect(ticket="sbt_made_up") for _ in range(3)]

    assert statuses == [401, 401, 429]


def test_a_client_subscribes_and_sees_a_task_change(live: Live, viewer: str) -> None:
    live.connect(key=viewer)
    subscribed = live.subscribe("tasks", ref="1", filter={"priority": "high"})
    task = _new_task(live.system, title="Fix it", priority="high")

    live.stream(live.system.wiring.settings.tasks_table, {"pk": f"TASK#{task}", "sk": "TASK"})

    event = live.frames()[-1]
    assert subscribed["type"] == "signalbox.realtime.subscribed"
    assert subscribed["data"] | {"after": ""} == {
        "topic": "tasks",
        "after": "",
        "resumed": True,
        "ref": "1",
    }
    assert (event["type"], event["subject"]) == ("signalbox.task.created", task)
    assert event["data"]["title"] == "Fix it"
    assert event["dataref"] == f"/api/v1/tasks/{task}"


def test_the_queue_of_a_new_task_is_shown(live: Live, viewer: str) -> None:
    live.connect(key=viewer)
    live.subscribe("queue")
    task = _new_task(live.system)

    live.stream(live.system.wiring.settings.tasks_table, {"pk": f"TASK#{task}", "sk": "TASK"})

    event = live.frames()[-1]
    assert event["type"] == "signalbox.queue.changed"
    assert event["data"]["priority"] == "normal"


def test_a_queue_that_is_paused_and_resumed_is_shown(live: Live, viewer: str) -> None:
    live.connect(key=viewer)
    live.subscribe("queue", filter={"priority": "high"})
    asked: dict[str, JsonValue] = {"pause": {"reason": "a repair"}, "resume": None}
    system, seen = live.system, []

    for verb, body in asked.items():
        system.ask("POST", f"/api/v1/queue/high/{verb}", body, key=system.key("operator"))
        keys: JsonValue = {"pk": {"S": "PAUSE"}, "sk": {"S": "high"}}
        live.fanout({"Records": [{"eventID": verb, "dynamodb": {"Keys": keys}}]}, Context())
        seen.append(live.frames()[-1])

    assert [(event["type"], event["subject"]) for event in seen] == [
        ("signalbox.queue.changed", "high")
    ] * 2
    paused, resumed = (event["data"]["pause"] for event in seen)
    assert (paused["reason"], resumed) == ("a repair", None)


def test_lines_of_a_log_reach_who_follows_it_and_nobody_else(live: Live, viewer: str) -> None:
    task = _new_task(live.system)
    live.connect("s1", key=viewer)
    live.connect("s2", key=viewer)
    live.subscribe(f"task/{task}/log", "s1")
    live.subscribe("tasks", "s2")
    live.system.wiring.logs.add(task, a_chunk("one", "two"), None)

    live.stream(
        live.system.wiring.settings.tasks_table, {"pk": f"TASK#{task}", "sk": "LOG#0000000001"}
    )

    event = live.frames("s1")[-1]
    assert event["type"] == "signalbox.task.log"
    assert [line["text"] for line in event["data"]["lines"]] == ["one", "two"]
    assert len(live.frames("s2")) == 1


def test_a_delivery_that_arrives_and_arrives_again_is_shown(live: Live, viewer: str) -> None:
    live.connect(key=viewer)
    live.subscribe("deliveries", filter={"provider": "github"})
    table = live.system.wiring.settings.deliveries_table
    delivery = live.system.comment("/agent fix it").word("delivery_id")

    before = live.stream(table, {"pk": delivery})
    live.system.comment("/agent fix it")
    live.stream(table, {"pk": delivery}, before)

    received, again = live.frames()[-2:]
    assert received["type"] == "signalbox.delivery.received"
    assert received["data"]["status"] == "accepted"
    assert (again["type"], again["data"]["duplicates"]) == ("signalbox.delivery.changed", 1)


def test_a_heartbeat_is_no_event(live: Live, viewer: str) -> None:
    live.connect(key=viewer)
    live.subscribe("tasks")
    task = _new_task(live.system)
    key = {"pk": f"TASK#{task}", "sk": "TASK"}
    table = live.system.wiring.settings.tasks_table

    before = live.stream(table, key)
    live.stream(table, key, before)

    assert len(live.frames()) == 2


def test_a_record_that_cannot_be_read_hides_no_other(live: Live, viewer: str) -> None:
    live.connect(key=viewer)
    live.subscribe("tasks")
    odd: JsonValue = {
        "Keys": {"pk": {"S": "TASK#x"}, "sk": {"S": "TASK"}},
        "NewImage": {"doc": {"S": "{"}, "version": {"N": "1"}},
    }

    live.fanout({"Records": [{"eventID": "1", "dynamodb": odd}, {"eventID": "2"}]}, Context())
    task = _new_task(live.system)
    live.stream(live.system.wiring.settings.tasks_table, {"pk": f"TASK#{task}", "sk": "TASK"})

    assert live.frames()[-1]["subject"] == task


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "payload_invalid"),
        ("", "payload_invalid"),
        ("[]", "payload_invalid"),
        ('{"type":"$connect"}', "payload_invalid"),
        ('{"type":"subscribe"}', "payload_invalid"),
        ('{"type":"subscribe","topic":"x"}', "payload_invalid"),
        ('{"type":"subscribe","topic":"tasks","more":1}', "payload_invalid"),
        ('{"type":"subscribe","topic":"tasks","filter":{"title":"x"}}', "payload_invalid"),
        ('{"type":"ping","type":"ping"}', "payload_invalid"),
        ('{"type":"ping","ref":"' + "x" * 5_000 + '"}', "payload_too_large"),
        ('{"type":"subscribe","topic":"services"}', "forbidden"),
    ],
)
def test_a_message_that_is_not_valid_is_answered_with_a_problem(
    live: Live, viewer: str, text: str, code: str
) -> None:
    live.connect(key=viewer)

    frame = live.say(text)

    assert frame["type"] == "signalbox.realtime.error"
    assert frame["data"]["code"] == code


def test_a_flood_of_messages_is_refused(live: Live) -> None:
    live.connect(key=live.system.key(scopes=(Scope.TASKS_READ,)))
    live.system.limited(default=RateLimit(count=60, burst=2))
    live.system.clock.advance(seconds=31)

    kinds = [live.say('{"type":"ping"}')["type"] for _ in range(3)]

    assert kinds == ["signalbox.realtime.pong"] * 2 + ["signalbox.realtime.error"]
    assert live.frames()[-1]["data"]["code"] == "too_many_requests"


def test_a_connection_is_asked_to_reconnect_before_it_ends(live: Live, viewer: str) -> None:
    live.connect(key=viewer)
    live.system.clock.advance(seconds=109 * 60)
    early = live.say('{"type":"ping","ref":"1"}')
    live.system.clock.advance(seconds=60)

    late = live.say('{"type":"ping"}')

    assert (early["type"], early["data"]) == ("signalbox.realtime.pong", {"ref": "1"})
    assert late["type"] == "signalbox.realtime.reconnect"


def test_a_revoked_key_closes_its_connection(live: Live, system: System) -> None:
    made = new_key(
        "live", name="x", roles=("viewer",), scopes=(), created_by="t", now=system.clock()
    )
    system.wiring.keys.put(made.stored)
    live.connect(key=made.text)
    revoked = made.stored.model_copy(update={"revoked_at": system.clock()})
    system.wiring.keys.put(revoked)
    system.clock.advance(seconds=31)

    status = live.event("MESSAGE", body='{"type":"ping"}')

    assert status == 200
    assert live.sender.closed == ["s1"]


def test_a_connection_of_a_session_is_closed_after_it_has_ended(live: Live, viewer: str) -> None:
    sessions = session_manager(live.system.wiring)
    made = sessions.create(key_authenticator(live.system.wiring).authenticate(viewer), "viewer")
    ticket = ticket_manager(live.system.wiring).issue(sessions.find(made.text).principal)
    live.connect(ticket=ticket.text)
    live.connect("s2", key=viewer)
    live.say('{"type":"ping"}')

    sessions.end(made.text)
    live.system.clock.advance(seconds=31)
    statuses = [live.event("MESSAGE", each, body='{"type":"ping"}') for each in ("s1", "s2")]

    assert statuses == [200, 200]
    assert live.sender.closed == ["s1"]


def test_nothing_is_left_of_a_client_that_disconnects(live: Live, viewer: str) -> None:
    live.connect(key=viewer)
    live.subscribe("tasks")
    live.subscribe("queue")
    unsubscribed = live.say('{"type":"unsubscribe","topic":"queue"}')

    status = live.event("DISCONNECT")

    table = live.system.wiring.settings.realtime_table
    rows = clients().dynamodb.scan(TableName=table)["Items"]
    assert unsubscribed["type"] == "signalbox.realtime.unsubscribed"
    assert status == 200
    assert {row["sk"]["S"] for row in rows} == {"STATE"}


def test_a_caller_has_so_many_connections_and_no_more(
    live: Live, viewer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signalbox.services.realtime.sessions.MAX_SOCKETS", 2)

    assert [live.connect(f"s{number}", key=viewer) for number in range(3)] == [200, 200, 429]


def test_an_outage_of_the_table_refuses_a_connection_for_now(
    live: Live, viewer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.connect(key=viewer)
    monkeypatch.setenv("SIGNALBOX_REALTIME_TABLE", "there-is-none")
    live.system.restart()
    broken = Live(live.system)

    assert broken.connect("s2", key=viewer) == 503


def _in_json(value: dict[str, Any]) -> dict[str, Any]:
    """An attribute as Lambda passes it on."""
    return {"B": b64encode(value["B"]).decode()} if "B" in value else value


def _new_task(system: System, **more: JsonValue) -> Any:
    body: JsonValue = {"title": "Tidy up", **more}
    return system.ask("POST", "/api/v1/tasks", body, key=system.key("operator")).word("id")


def a_chunk(*lines: str) -> Chunk:
    return Chunk(first=1, seq=1, fence=1, attempt=1, at=NOW, size=10, lines=lines)
