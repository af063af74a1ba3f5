"""Messages of the WebSocket API, and the ticket that a browser connects with."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from signalbox.models.base import DEFERRED, Model, UtcDatetime

REALTIME_TICKETS: Final = "/api/v1/realtime/tickets"

MessageReference = Annotated[str, StringConstraints(max_length=64)]
TopicText = Annotated[str, StringConstraints(min_length=1, max_length=100)]
FilterText = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class TicketResponse(Model):
    """A ticket for one connection within 30 seconds: connect to `url` with `?ticket=`."""

    ticket: str
    expires_at: UtcDatetime
    url: str


class SubscribeMessage(Model):
    """Subscribe to a topic, from now on or after the event with the id `after`.

    `filter` has the values that events must have. `ref` is repeated in the answer.
    """

    type: Literal["subscribe"]
    topic: TopicText
    filter: Annotated[dict[str, FilterText], Field(max_length=10)] = Field(default_factory=dict)
    after: Annotated[str, StringConstraints(max_length=100)] | None = None
    ref: MessageReference | None = None


class UnsubscribeMessage(Model):
    """End a subscription."""

    type: Literal["unsubscribe"]
    topic: TopicText
    ref: MessageReference | None = None


class PingMessage(Model):
    """Keep the connection open: API Gateway closes one on which nothing is sent for ten minutes."""

    type: Literal["ping"]
    ref: MessageReference | None = None


ClientMessage = Annotated[
    SubscribeMessage | UnsubscribeMessage | PingMessage, Field(discriminator="type")
]
CLIENT_MESSAGE: Final[TypeAdapter[ClientMessage]] = TypeAdapter(ClientMessage, config=DEFERRED)


class SubscribedData(Model):
    """The topic, the id after which events are sent, and whether nothing was missed.

    `resumed` is false if `after` of the request is too old: read the API again.
    """

    topic: str
    after: str
    resumed: bool
    ref: str | None = None


class UnsubscribedData(Model):
    """The topic."""

    topic: str
    ref: str | None = None


class PongData(Model):
    """The answer to a ping."""

    ref: str | None = None


class ReconnectData(Model):
    """The connection will end: open another, resume, then close this one."""

    ends_at: UtcDatetime


class ErrorData(Model):
    """What is wrong: `code` is one of those of problems."""

    code: str
    detail: str | None = None
    topic: str | None = None
    ref: str | None = None
