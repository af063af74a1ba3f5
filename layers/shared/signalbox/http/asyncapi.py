"""The AsyncAPI 3.0 document of live updates and of the event stream of a log.

It is made of the models that the messages are made of: https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import models_json_schema

from signalbox.http.schemas.logs import LogEndEvent
from signalbox.http.schemas.realtime import (
    ErrorData,
    PingMessage,
    PongData,
    ReconnectData,
    SubscribedData,
    SubscribeMessage,
    UnsubscribedData,
    UnsubscribeMessage,
)
from signalbox.models.base import JsonObject
from signalbox.models.frozen import frozen
from signalbox.models.log import LogLine
from signalbox.models.realtime import TOPICS
from signalbox.models.realtime_data import (
    DeliveryEventData,
    IncidentEventData,
    LogEventData,
    NotificationEventData,
    QueueEventData,
    ServiceEventData,
    TaskEventData,
)

ASYNCAPI_VERSION: Final = "3.0.0"

_JSON: Final = "application/json"
_EVENT: Final = "application/cloudevents+json; charset=utf-8"
_SCHEMAS: Final = "#/components/schemas/{model}"
_DESCRIPTION: Final = """\
A client subscribes to topics by messages over one WebSocket connection, and receives CloudEvents.
It keeps the largest id of each topic, drops events whose id is not larger, and resumes after it
within ten minutes. The log of one task can also be followed as an event stream over HTTP.
"""


@frozen
class _Frame:
    """A frame of the server: `event` is the type of the CloudEvent, where `*` stands for a word."""

    name: str
    event: str
    data: type[BaseModel]
    summary: str


_FRAMES: Final = (
    _Frame(
        name="TaskChanged",
        event="signalbox.task.*",
        data=TaskEventData,
        summary="A step of a task (topics tasks and task/{id})",
    ),
    _Frame(
        name="LogAppended",
        event="signalbox.task.log",
        data=LogEventData,
        summary="Lines of the log of a task (topic task/{id}/log)",
    ),
    _Frame(
        name="DeliveryChanged",
        event="signalbox.delivery.*",
        data=DeliveryEventData,
        summary="A webhook was received, received again or interpreted (topic deliveries)",
    ),
    _Frame(
        name="NotificationChanged",
        event="signalbox.notification.*",
        data=NotificationEventData,
        summary="A notification has changed (topic notifications)",
    ),
    _Frame(
        name="QueueChanged",
        event="signalbox.queue.changed",
        data=QueueEventData,
        summary="Tasks entered or left a queue, or it was paused or resumed (topic queue)",
    ),
    _Frame(
        name="ServiceChanged",
        event="signalbox.service.*",
        data=ServiceEventData,
        summary="The health of an instance has changed (topic services)",
    ),
    _Frame(
        name="IncidentChanged",
        event="signalbox.incident.*",
        data=IncidentEventData,
        summary="An incident has opened, grown or ended (topic incidents)",
    ),
    _Frame(
        name="Subscribed",
        event="signalbox.realtime.subscribed",
        data=SubscribedData,
        summary="The answer to subscribe",
    ),
    _Frame(
        name="Unsubscribed",
        event="signalbox.realtime.unsubscribed",
        data=UnsubscribedData,
        summary="The answer to unsubscribe",
    ),
    _Frame(
        name="Pong",
        event="signalbox.realtime.pong",
        data=PongData,
        summary="The answer to ping",
    ),
    _Frame(
        name="Reconnect",
        event="signalbox.realtime.reconnect",
        data=ReconnectData,
        summary="The connection ends soon: open another one and resume",
    ),
    _Frame(
        name="Error",
        event="signalbox.realtime.error",
        data=ErrorData,
        summary="A message was refused, or a topic has ended",
    ),
)
_MESSAGES: Final[Mapping[str, tuple[type[BaseModel], str]]] = {
    "Subscribe": (SubscribeMessage, "Subscribe to a topic, or resume it"),
    "Unsubscribe": (UnsubscribeMessage, "End a subscription"),
    "Ping": (PingMessage, "Keep the connection open"),
}
_LOG_EVENTS: Final[Mapping[str, tuple[type[BaseModel], str]]] = {
    "LogLine": (LogLine, "A line; its id is its position"),
    "LogEnd": (LogEndEvent, "The task has finished; the name of the event is `end`"),
}


def asyncapi_document(*, version: str, websocket_url: str, api_url: str) -> str:
    """Return the document in JSON for these URLs."""
    servers: JsonObject = {"http": _server(api_url)}
    if websocket_url:
        servers["websocket"] = _server(websocket_url)
    return json.dumps(
        {
            "asyncapi": ASYNCAPI_VERSION,
            "info": {"title": "Signalbox", "version": version, "description": _DESCRIPTION},
            "defaultContentType": _JSON,
            "servers": servers,
            "channels": _channels(bool(websocket_url)),
            "operations": _operations(),
            "components": {
                "messages": _messages(),
                "schemas": _schemas(),
                "securitySchemes": _security(),
            },
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _server(url: str) -> JsonObject:
    parts = urlsplit(url)
    server: JsonObject = {
        "host": parts.netloc,
        "protocol": parts.scheme or "https",
        "security": _refs("securitySchemes", ("ApiKey", "Bearer")),
    }
    if parts.scheme.startswith("ws"):
        server["security"] = _refs("securitySchemes", ("ApiKey", "Bearer", "Ticket"))
        server["pathname"] = parts.path
    return server


def _channels(has_websocket: bool) -> JsonObject:  # noqa: FBT001  its only argument
    frames = [frame.name for frame in _FRAMES]
    live: JsonObject = {
        "address": "/",
        "title": "Live updates",
        "description": f"Topics: {', '.join(TOPICS)}, task/{{id}}, task/{{id}}/log.",
        "messages": {name: _ref("messages", name) for name in (*_MESSAGES, *frames)},
    }
    if has_websocket:
        live["servers"] = [{"$ref": "#/servers/websocket"}]
    return {
        "live": live,
        "log": {
            "address": "/api/v1/tasks/{task_id}/logs",
            "title": "The log of a task as an event stream",
            "servers": [{"$ref": "#/servers/http"}],
            "parameters": {"task_id": {"description": "The id of the task."}},
            "messages": {name: _ref("messages", name) for name in _LOG_EVENTS},
            "bindings": {"http": {}},
        },
    }


def _operations() -> JsonObject:
    """Return what the application receives and sends."""
    frames = [frame.name for frame in _FRAMES]
    return {
        "receiveMessages": _operation("receive", "live", list(_MESSAGES), "Messages of clients"),
        "sendFrames": _operation("send", "live", frames, "Events, and answers to messages"),
        "sendLog": _operation("send", "log", list(_LOG_EVENTS), "Server-sent events of a log"),
    }


def _operation(action: str, channel: str, names: Sequence[str], summary: str) -> JsonObject:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
    }


def _messages() -> JsonObject:
    plain = {**_MESSAGES, **_LOG_EVENTS}
    messages: JsonObject = {
        name: {
            "name": name,
            "summary": summary,
            "contentType": _JSON,
            "payload": _ref("schemas", model.__name__),
        }
        for name, (model, summary) in plain.items()
    }
    for frame in _FRAMES:
        messages[frame.name] = {
            "name": frame.name,
            "summary": frame.summary,
            "contentType": _EVENT,
            "payload": _ref("schemas", f"{frame.name}Event"),
        }
    return messages


def _schemas() -> JsonObject:
    inputs: list[type[BaseModel]] = [model for model, _ in _MESSAGES.values()]
    outputs: list[type[BaseModel]] = [frame.data for frame in _FRAMES]
    outputs += [model for model, _ in _LOG_EVENTS.values()]
    _, received = models_json_schema(
        [(model, "validation") for model in inputs], ref_template=_SCHEMAS
    )
    _, sent = models_json_schema(
        [(model, "serialization") for model in outputs], ref_template=_SCHEMAS
    )
    frames = {f"{frame.name}Event": _frame_schema(frame) for frame in _FRAMES}
    return {**received["$defs"], **sent["$defs"], **frames}


def _frame_schema(frame: _Frame) -> JsonValue:
    pattern = "^" + frame.event.replace(".", r"\.").replace("*", "[a-z_]+") + "$"
    text: JsonObject = {"type": "string"}
    return {
        "type": "object",
        "description": "A CloudEvent 1.0. If `data` is missing it is at the path `dataref`.",
        "required": ["specversion", "id", "source", "type", "time"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": text,
            "source": text,
            "type": {"type": "string", "pattern": pattern},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": _JSON},
            "subject": text,
            "topic": text,
            "dataref": text,
            "data": _ref("schemas", frame.data.__name__),
        },
    }


def _security() -> JsonObject:
    return {
        "ApiKey": {"type": "httpApiKey", "in": "header", "name": "X-API-Key"},
        "Bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "Ticket": {
            "type": "httpApiKey",
            "in": "query",
            "name": "ticket",
            "description": "A ticket of POST /api/v1/realtime/tickets, for pages.",
        },
    }


def _refs(kind: str, names: Sequence[str]) -> list[JsonValue]:
    return [_ref(kind, name) for name in names]


def _ref(kind: str, name: str) -> JsonObject:
    return {"$ref": f"#/components/{kind}/{name}"}
