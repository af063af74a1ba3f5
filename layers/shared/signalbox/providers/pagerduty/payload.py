"""Models of PagerDuty's payloads, with the fields that are read; anything else is ignored.

Fields that only inform may be of any type.
"""

from typing import Annotated

from pydantic import Field, JsonValue

from signalbox.ingress.payload import Informative, PayloadPart, PayloadTime, validate


class Reference(PayloadPart):
    """A user, a service, an incident or the like: `summary` is its name or title."""

    type: Informative[str] = None
    summary: Informative[str] = None
    html_url: Informative[str] = None


class Data(PayloadPart):
    """What an event is about: an incident, or a note, a status update or a responder of one.

    An incident has a `title`, anything else a reference to its `incident`.
    """

    id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    title: Informative[str] = None
    html_url: Informative[str] = None
    service: Informative[Reference] = None
    priority: Informative[Reference] = None
    urgency: Informative[str] = None
    teams: Informative[tuple[Reference, ...]] = None
    incident: Informative[Reference] = None
    content: str | None = None
    state: Informative[str] = None


class EventType(PayloadPart):
    """The part of an event that is read first."""

    event_type: str = Field(pattern=r"^[a-z_]{1,64}(?:\.[a-z_]{1,64}){1,3}$")


class Heading(PayloadPart):
    """The part of a payload that is read first."""

    event: EventType


class WebhookEvent(EventType):
    """An event; `agent` is who caused it, null for many that come from monitoring."""

    occurred_at: Informative[PayloadTime] = None
    agent: Informative[Reference] = None
    data: Data


class Payload(PayloadPart):
    """The body of a webhook."""

    event: WebhookEvent


def type_of(document: JsonValue) -> str:
    """Return the type of the event.

    Raises:
        PayloadInvalid: The payload is not an object, or its event has no type.
    """
    return validate(Heading, document).event.event_type


def read(document: JsonValue) -> WebhookEvent:
    """Return the event.

    Raises:
        PayloadInvalid: The payload is not valid.
    """
    return validate(Payload, document).event
