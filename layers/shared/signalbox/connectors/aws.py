"""AWS: the change as a CloudEvent, published to a topic of SNS or put on a bus of EventBridge.

A connection has no secret: the role of the function may use the topics and buses that parameters of
the stack list.
https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/calculate-putevents-entry-size.html
"""

import json
from typing import Final

from pydantic import Field
from typing_extensions import override

from signalbox.egress.aws_targets import BusEvent, TopicMessage
from signalbox.egress.cloud_event import EventPayload, cloud_event
from signalbox.egress.connector import TargetConnector
from signalbox.egress.task_text import change_title
from signalbox.egress.text import escaped_line
from signalbox.models.base import Model
from signalbox.models.connection import Connection
from signalbox.models.errors import Conflict, SendRefused
from signalbox.models.notification import Notification
from signalbox.models.resource_settings import SettingsInvalid

_MAX_BYTES: Final = 250_000
"""Both services take 256 KB, in which attributes count."""

_ATTRIBUTE: Final = 256
_FIFO: Final = ".fifo"
_REFUSAL: Final = "a connection of AWS has no secret: the role of its function has permissions"


class Settings(Model):
    """Where changes go: a topic or a bus. `payload` is how much of the task they hold.

    `api_url` is for local use: the URL of SNS or EventBridge, at a trusted origin.
    """

    topic_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$",
    )
    event_bus: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9._/-]{1,256}$",
    )
    payload: EventPayload = "full"
    api_url: str | None = None


class Aws(TargetConnector[Settings]):
    """A connector that hands changes on to what subscribes to a topic, or to rules of a bus."""

    name = "aws"
    settings_model = Settings

    @override
    def uses_secret(self, connection: Connection) -> bool:
        return False

    @override
    def check_secret(self, connection: Connection, secret: str) -> None:
        raise Conflict(_REFUSAL)

    @override
    def settings(self, connection: Connection) -> Settings:
        settings = super().settings(connection)
        if (settings.topic_arn is None) == (settings.event_bus is None):
            raise SettingsInvalid("there must be either topic_arn or event_bus")
        if settings.api_url is not None and not self.http.trusts(settings.api_url):
            raise SettingsInvalid("api_url is not at a trusted origin")
        return settings

    @override
    def deliver(self, notification: Notification, settings: Settings, secret: str) -> None:
        event = event_json(notification, settings.payload)
        if settings.topic_arn:
            message = topic_message(notification, settings.topic_arn, event)
            self.aws.publish(message, endpoint=settings.api_url)
        elif settings.event_bus:
            self.aws.put_event(
                bus_event(notification, settings.event_bus, event), endpoint=settings.api_url
            )


def event_json(notification: Notification, payload: EventPayload) -> str:
    """Return the CloudEvent as JSON, a thin one if the whole would be too large.

    Raises:
        SendRefused: Even that is too large.
    """
    for each in dict.fromkeys((payload, "thin")):
        event = json.dumps(
            cloud_event(notification, payload=each), ensure_ascii=False, separators=(",", ":")
        )
        if len(event.encode()) <= _MAX_BYTES:
            return event
    raise SendRefused("the event is over 250,000 bytes")


def topic_message(notification: Notification, topic: str, event: str) -> TopicMessage:
    """Return the message of SNS. A FIFO topic keeps the order of the changes of a task."""
    change = notification.change
    task = change.data
    attributes = {
        "type": change.type,
        "status": str(task.status),
        "priority": str(task.priority),
        "kind": escaped_line(task.kind, _ATTRIBUTE),
        "provider": escaped_line(task.provider, _ATTRIBUTE),
        "repository": escaped_line(task.repository, _ATTRIBUTE),
    }
    is_fifo = topic.endswith(_FIFO)
    return TopicMessage(
        topic=topic,
        subject=change_title(change),
        message=event,
        attributes={name: value for name, value in attributes.items() if value},
        group=notification.task_id if is_fifo else None,
        deduplication=notification.id if is_fifo else None,
    )


def bus_event(notification: Notification, bus: str, event: str) -> BusEvent:
    """Return the event of EventBridge, whose detail is the CloudEvent."""
    change = notification.change
    return BusEvent(
        bus=bus,
        source="signalbox",
        detail_type=change.type,
        detail=event,
        time=change.time,
        resource=change.subject,
    )


CONNECTOR: Final = Aws
