"""Live updates: topics, the events of a channel, and who subscribes to them.

A channel is a sequence of events; a topic is a channel or a part of one. Events are written to a
channel in batches with consecutive numbers, so that a position in a channel tells what came after
it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field

from signalbox.models.base import JsonObject, Model, UtcDatetime, to_microseconds
from signalbox.models.errors import PayloadInvalid
from signalbox.models.frozen import frozen
from signalbox.models.ids import TASK_ID, SocketId, TaskId
from signalbox.models.principal import Principal, Scope

RESUME_WINDOW: Final = timedelta(minutes=10)
"""For how long a client that was disconnected can resume."""

TICKET_LIFETIME: Final = timedelta(seconds=30)
SOCKET_LIFETIME: Final = timedelta(hours=2)
"""API Gateway ends a connection after two hours.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""
RECONNECT_AFTER: Final = timedelta(minutes=110)
"""When a client is asked to reconnect, before the connection ends."""

CHANNEL_LIFETIME: Final = SOCKET_LIFETIME + RESUME_WINDOW
"""For how long after a subscription the events of a channel are stored."""

MAX_TOPICS: Final = 50
MAX_SOCKETS: Final = 200
"""Connections of one principal."""

MAX_FRAME_BYTES: Final = 32_000
"""API Gateway sends frames of at most 32 KB."""

MAX_MESSAGE_BYTES: Final = 4_096
"""The longest message of a client that is read."""

LAST_INDEX: Final = 9_999

_TASK_TOPIC: Final = re.compile(rf"task/({TASK_ID})(/log)?")
_POSITION: Final = re.compile(r"(?:.+:)?([1-9][0-9]{0,15})\.([0-9]{1,4})")


@frozen
class Topic:
    """What a client can subscribe to.

    `scope` is the one that a subscriber needs, `filters` are the names by which events can be
    filtered. Events of `task` only belong to it, if there is one.
    """

    text: str
    channel: str
    scope: Scope
    filters: frozenset[str] = frozenset()
    task: TaskId | None = None


TASKS_CHANNEL: Final = "tasks"
DELIVERIES_CHANNEL: Final = "deliveries"
NOTIFICATIONS_CHANNEL: Final = "notifications"
QUEUE_CHANNEL: Final = "queue"
SERVICES_CHANNEL: Final = "services"
INCIDENTS_CHANNEL: Final = "incidents"

_TASK_FILTERS: Final = frozenset({"status", "kind", "provider", "source", "priority", "repository"})

TOPICS: Final[Mapping[str, Topic]] = {
    topic.text: topic
    for topic in (
        Topic(
            text=TASKS_CHANNEL,
            channel=TASKS_CHANNEL,
            scope=Scope.TASKS_READ,
            filters=_TASK_FILTERS,
        ),
        Topic(
            text=DELIVERIES_CHANNEL,
            channel=DELIVERIES_CHANNEL,
            scope=Scope.DELIVERIES_READ,
            filters=frozenset({"status", "provider", "source"}),
        ),
        Topic(
            text=NOTIFICATIONS_CHANNEL,
            channel=NOTIFICATIONS_CHANNEL,
            scope=Scope.NOTIFICATIONS_READ,
            filters=frozenset({"status", "connection", "connector"}),
        ),
        Topic(
            text=QUEUE_CHANNEL,
            channel=QUEUE_CHANNEL,
            scope=Scope.QUEUE_READ,
            filters=frozenset({"priority"}),
        ),
        Topic(
            text=SERVICES_CHANNEL,
            channel=SERVICES_CHANNEL,
            scope=Scope.CONFIG_READ,
            filters=frozenset({"service", "event"}),
        ),
        Topic(
            text=INCIDENTS_CHANNEL,
            channel=INCIDENTS_CHANNEL,
            scope=Scope.METRICS_READ,
            filters=frozenset({"status", "severity"}),
        ),
    )
}
"""The topics with a fixed name."""


def parse_topic(text: str) -> Topic:
    """Return the topic of this name: one of TOPICS, `task/{id}` or `task/{id}/log`.

    Raises:
        PayloadInvalid: There is no such topic.
    """
    if text in TOPICS:
        return TOPICS[text]
    matched = _TASK_TOPIC.fullmatch(text)
    if not matched:
        raise PayloadInvalid("there is no such topic")
    task = TaskId(matched[1])
    if matched[2]:
        return Topic(text=text, channel=log_channel(task), scope=Scope.TASKS_READ)
    return Topic(text=text, channel=TASKS_CHANNEL, scope=Scope.TASKS_READ, task=task)


def log_channel(task: TaskId) -> str:
    """Return the channel of the log of a task."""
    return f"task/{task}/log"


@dataclass(frozen=True, slots=True, order=True)
class EventPosition:
    """A position in a channel: the number of a batch and the index of an event in it."""

    batch: int
    index: int = LAST_INDEX

    @property
    def text(self) -> str:
        """Return it as the last part of the id of an event."""
        return f"{self.batch}.{self.index}"


def event_id(channel: str, position: EventPosition) -> str:
    """Return the id of the event at a position."""
    return f"{channel}:{position.text}"


def parse_position(text: str) -> EventPosition | None:
    """Return the position in the id of an event, None if it was never issued."""
    matched = _POSITION.fullmatch(text)
    return EventPosition(int(matched[1]), int(matched[2])) if matched else None


class RealtimeEvent(Model):
    """What happened, without its position.

    `key` is the same however often the stream delivers the change. `facets` are the values that
    filters compare, `dataref` the path of the API with the whole resource.
    """

    key: str
    type: str
    subject: str
    time: UtcDatetime
    facets: dict[str, str] = Field(default_factory=dict)
    dataref: str | None = None
    data: JsonObject


class EventBatch(Model):
    """Events that were written to a channel together."""

    number: int
    at: UtcDatetime
    events: tuple[RealtimeEvent, ...]

    def after(self, position: EventPosition) -> Iterator[tuple[EventPosition, RealtimeEvent]]:
        """Yield the events after a position, each with its own."""
        for index, event in enumerate(self.events):
            own = EventPosition(self.number, index)
            if own > position:
                yield own, event


class Socket(Model):
    """An open WebSocket connection."""

    id: SocketId
    principal: Principal
    connected_at: UtcDatetime

    @property
    def expires_at(self) -> datetime:
        """Return when API Gateway ends it at the latest."""
        return self.connected_at + SOCKET_LIFETIME


class TopicSubscription(Model):
    """A topic that a connection subscribes to.

    Until it is `settled` it may have missed what was sent after the position `after`.
    """

    socket: SocketId
    topic: str
    principal: Principal
    filters: dict[str, str] = Field(default_factory=dict)
    after: str
    expires_at: UtcDatetime
    settled: bool = False

    @property
    def start(self) -> EventPosition:
        """Return the position `after`."""
        return parse_position(self.after) or EventPosition(0)

    def fits(self, event: RealtimeEvent) -> bool:
        """Return whether the event belongs to the topic and passes the filters."""
        task = parse_topic(self.topic).task
        if task is not None and event.subject != task:
            return False
        return self.filters.items() <= event.facets.items()


@frozen
class ChannelState:
    """The state of a channel.

    Events are stored until `live_until`, after that only if somebody subscribes again. Nothing
    before `started` is stored. All batches up to `sent` were sent. `subscribers` counts changes of
    the list of subscribers; those of the first `settled` changes have caught up. `sender` sends
    until `sender_until`, and nobody else.
    """

    started: int
    sent: int
    live_until: datetime
    subscribers: int = 0
    settled: int = 0
    sender: str | None = None
    sender_until: datetime | None = None

    def is_live(self, now: datetime) -> bool:
        """Return whether events are stored."""
        return now < self.live_until

    def is_sending(self, now: datetime) -> bool:
        """Return whether somebody sends."""
        return self.sender_until is not None and now < self.sender_until


def first_number(now: datetime, after: int = 0) -> int:
    """Return the number before the first batch of a channel that begins now.

    Numbers are milliseconds, so that they rise even if nothing is left of an earlier use.
    """
    return max(to_microseconds(now) // 1_000, after + 1)
