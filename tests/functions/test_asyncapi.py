"""The AsyncAPI document is valid, and describes the frames that are sent."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from cli.target import PROJECT
from signalbox.http.asyncapi import asyncapi_document
from signalbox.models.realtime import TOPICS, EventPosition
from signalbox.services.realtime.events import log_events, task_event
from signalbox.services.realtime.frames import control_frame, event_frame
from tests.builders import NOW, a_task
from tests.functions.system import System
from tests.functions.test_realtime import a_chunk

SCHEMA: Final = PROJECT / "tests" / "asyncapi" / "3.0.0.schema.json"
DOCUMENT: Final[dict[str, Any]] = json.loads(
    asyncapi_document(
        version="1.0.0",
        websocket_url="wss://live.example.com/live",
        api_url="https://api.example.com",
    )
)


def references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [each for inner in value.values() for each in references(inner)]
    return (
        [each for inner in value for each in references(inner)] if isinstance(value, list) else []
    )


def resolved(reference: str) -> Any:
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def errors(frame: str, message: str) -> list[str]:
    """What the schema of a message finds in a frame."""
    resource = DRAFT202012.create_resource(DOCUMENT)
    registry: Registry[Any] = Registry().with_resource("urn:document", resource)
    reference = DOCUMENT["components"]["messages"][message]["payload"]["$ref"]
    validator = Draft202012Validator({"$ref": f"urn:document{reference}"}, registry=registry)
    return [error.message for error in validator.iter_errors(json.loads(frame))]


def test_the_document_is_served_to_anybody(system: System) -> None:
    response = system.ask("GET", "/api/v1/asyncapi.json", headers={"host": "api.example.com"})

    assert response.status == 200
    assert response.json_body["asyncapi"] == "3.0.0"
    assert response.part("servers")["http"]


def test_the_document_is_valid() -> None:
    schema = json.loads(Path(SCHEMA).read_text())

    found = [
        f"{error.json_path}: {error.message}"
        for error in Draft7Validator(schema).iter_errors(DOCUMENT)
    ]

    assert found == []


def test_the_schema_refuses_what_is_no_document() -> None:
    schema = json.loads(Path(SCHEMA).read_text())
    broken = DOCUMENT | {"operations": {"sendFrames": {"action": "shout"}}}

    assert list(Draft7Validator(schema).iter_errors(broken))


def test_every_reference_leads_somewhere_and_nothing_is_superfluous() -> None:
    used = set(references(DOCUMENT))

    for reference in used:
        assert resolved(reference) is not None, reference
    for kind, parts in DOCUMENT["components"].items():
        assert {f"#/components/{kind}/{name}" for name in parts} <= used


def test_every_topic_is_named() -> None:
    description = DOCUMENT["channels"]["live"]["description"]

    assert set(re.findall(r"[a-z]+(?=[,/])", description)) >= TOPICS.keys()


def test_what_is_sent_is_what_is_described() -> None:
    position = EventPosition(1, 0)
    channel, event = task_event(a_task())
    ((log, lines),) = log_events(a_task().id, a_chunk("one"))

    assert errors(event_frame("/s", "tasks", channel, position, event), "TaskChanged") == []
    assert errors(event_frame("/s", log, log, position, lines), "LogAppended") == []
    pong = control_frame("/s", "pong", NOW, {})
    assert errors(pong, "Pong") == []
    assert errors(pong, "TaskChanged") != []


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("Subscribe", '{"type":"subscribe","topic":"tasks","filter":{"status":"failed"}}'),
        ("Unsubscribe", '{"type":"unsubscribe","topic":"tasks"}'),
        ("Ping", '{"type":"ping","ref":"1"}'),
    ],
)
def test_what_is_received_is_what_is_described(message: str, text: str) -> None:
    assert errors(text, message) == []
    assert errors(text.replace("type", "kind"), message) != []


def test_an_odd_host_does_not_fail(system: System) -> None:
    response = system.ask("GET", "/api/v1/asyncapi.json", headers={"host": "["})

    assert response.status == 200
    server = json.loads(response.text)["servers"]["http"]
    assert (server["protocol"], server["host"]) == ("https", "")
